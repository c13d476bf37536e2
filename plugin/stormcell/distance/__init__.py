"""Dissimilarities: of single fields, mixed, of vectors, and explained."""

from stormcell.distance import kinds
from stormcell.distance.gower import FittedMixed, Mixed, gower
from stormcell.distance.kinds import Cyclic, Ordinal, Vector
from stormcell.distance.mixed import Field, MixedPoints, explain
from stormcell.distance.points import Precomputed
from stormcell.distance.vectors import Vectors
from stormcell.protocols import Points

__all__ = [
    "Cyclic",
    "Field",
    "FittedMixed",
    "Mixed",
    "MixedPoints",
    "Ordinal",
    "Points",
    "Precomputed",
    "Vector",
    "Vectors",
    "explain",
    "gower",
    "kinds",
]

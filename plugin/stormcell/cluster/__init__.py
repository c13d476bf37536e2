"""Weighted k-medoids, the choice of k, and how well a clustering agrees with the truth.

The names below are imported when first used. The functions ``kmedoids`` and ``silhouette`` are in the modules of
their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stormcell.cluster.choose import CeilingWarning, Choice, choose_k
    from stormcell.cluster.estimator import KMedoids
    from stormcell.cluster.reservoir import Reservoir

__all__ = ["CeilingWarning", "Choice", "KMedoids", "Reservoir", "choose_k"]


def __getattr__(name: str) -> object:
    if name == "KMedoids":
        from stormcell.cluster.estimator import KMedoids

        return KMedoids
    if name in ("CeilingWarning", "Choice", "choose_k"):
        from stormcell.cluster import choose

        return getattr(choose, name)
    if name == "Reservoir":
        from stormcell.cluster.reservoir import Reservoir

        return Reservoir
    raise AttributeError(f"module 'stormcell.cluster' has no attribute {name!r}")

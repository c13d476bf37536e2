"""Weighted k-medoids, the choice of k, and how good a clustering is.

The names below are imported when first used, so that a light command loads no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stormcell.cluster.assignment import assign_blocks
    from stormcell.cluster.choice.choose import CeilingWarning, Choice, choose_k
    from stormcell.cluster.constrained.constraints import constrained_kmedoids
    from stormcell.cluster.estimator.kmedoids import KMedoids
    from stormcell.cluster.quality.agreement import agreement
    from stormcell.cluster.quality.silhouette import davies_bouldin, medoid_silhouette, silhouette
    from stormcell.cluster.quality.stability import medoid_stability
    from stormcell.cluster.reservoir import Reservoir
    from stormcell.cluster.solve import kmedoids, label
    from stormcell.cluster.textbook import clara, pam

__all__ = [
    "CeilingWarning",
    "Choice",
    "KMedoids",
    "Reservoir",
    "agreement",
    "assign_blocks",
    "choose_k",
    "clara",
    "constrained_kmedoids",
    "davies_bouldin",
    "kmedoids",
    "label",
    "medoid_silhouette",
    "medoid_stability",
    "pam",
    "silhouette",
]

_HOMES = {
    "assignment": ("assign_blocks",),
    "choice.choose": ("CeilingWarning", "Choice", "choose_k"),
    "constrained.constraints": ("constrained_kmedoids",),
    "estimator.kmedoids": ("KMedoids",),
    "quality.agreement": ("agreement",),
    "quality.silhouette": ("davies_bouldin", "medoid_silhouette", "silhouette"),
    "quality.stability": ("medoid_stability",),
    "reservoir": ("Reservoir",),
    "solve": ("kmedoids", "label"),
    "textbook": ("clara", "pam"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"stormcell.cluster.{home}"), name)
    raise AttributeError(f"module 'stormcell.cluster' has no attribute {name!r}")

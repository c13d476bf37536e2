"""Our own k-medoids as a clusterer."""

from __future__ import annotations

from stormcell.cluster.solve import kmedoids
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray


class FasterPAM:
    """Weighted k-medoids by FasterPAM; takes any points."""

    def cluster(self, points: Points, k: int, *, weights: DoubleArray | None = None, seed: int = 0) -> Clustering:
        """See Clusterer and ``stormcell.cluster.kmedoids``."""
        return kmedoids(points, k, weights=weights, seed=seed)

"""Two codebooks side by side: what each makes of the same events, in sums that can be added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from stormcell.codebook.assigning import AssignedRows
from stormcell.types import Codebook, DoubleArray


@dataclass(frozen=True, slots=True)
class Side:
    """What events look like through one of two codebooks: sums over the events.

    Attributes
    ----------
    new : float
        Events beyond the radius of the nearest codeword.
    distance, radius, silhouette : float
        Dissimilarities to the nearest codewords, the radii of those, and medoid silhouettes.
    """

    new: float = 0.0
    distance: float = 0.0
    radius: float = 0.0
    silhouette: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two codebooks make of the same events; can be added up.

    Attributes
    ----------
    events : float
    agreed : float
        Events of the same kind in both, or new to both.
    moved : float
        Events that the live codebook knows and the other puts elsewhere, or calls new.
    live, other : Side
    windows : int
        That are complete.
    """

    events: float = 0.0
    agreed: float = 0.0
    moved: float = 0.0
    live: Side = field(default=Side())
    other: Side = field(default=Side())
    windows: int = 0

    @property
    def agreement(self) -> float:
        """Share of the events that are of the same kind in both, or new to both; 1 without events."""
        return self.agreed / self.events if self.events else 1.0

    @property
    def churn(self) -> float:
        """Share of the events that the live codebook knows and the other puts elsewhere."""
        known = self.events - self.live.new
        return self.moved / known if known > 0 else 0.0

    def means(self) -> dict[str, dict[str, float]]:
        """Return the means over the events, of the live codebook and of the other."""
        events = self.events or 1.0
        return {
            name: {one.name: getattr(side, one.name) / events for one in fields(side)}
            for name, side in (("live", self.live), ("other", self.other))
        }


def compare(
    live: Codebook, other: Codebook, by_live: AssignedRows, by_other: AssignedRows, weight: DoubleArray
) -> Comparison:
    """Compare what two codebooks make of the same rows.

    Parameters
    ----------
    live, other : Codebook
    by_live, by_other : AssignedRows
        The rows as each assigns them.
    weight : DoubleArray, shape (n,)
        Events of the rows.
    """
    mine, theirs = _ids(live, by_live), _ids(other, by_other)
    same = np.array([one == another for one, another in zip(mine, theirs, strict=True)], dtype=bool)
    known = ~by_live.new
    return Comparison(
        events=float(weight.sum()),
        agreed=float(weight[same].sum()),
        moved=float(weight[known & ~same].sum()),
        live=_side(live, by_live, weight),
        other=_side(other, by_other, weight),
    )


def together(comparisons: Iterable[Comparison]) -> Comparison:
    """Add comparisons of the same two codebooks up."""
    total = Comparison()
    for one in comparisons:
        total = Comparison(
            total.events + one.events,
            total.agreed + one.agreed,
            total.moved + one.moved,
            _added(total.live, one.live),
            _added(total.other, one.other),
            total.windows + one.windows,
        )
    return total


def closed(comparison: Comparison) -> Comparison:
    """Return a comparison one window of which is complete now."""
    return replace(comparison, windows=comparison.windows + 1)


def dump(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON types."""
    return asdict(comparison)


def load(stored: Mapping[str, Any]) -> Comparison:
    """Return what ``dump`` was given."""
    return Comparison(**{**stored, "live": Side(**stored["live"]), "other": Side(**stored["other"])})


def _ids(codebook: Codebook, assigned: AssignedRows) -> list[str]:
    ids = [one.id for one in codebook.codewords]
    pairs = zip(assigned.nearest.tolist(), assigned.new.tolist(), strict=True)
    return ["" if new else ids[nearest] for nearest, new in pairs]


def _side(codebook: Codebook, assigned: AssignedRows, weight: DoubleArray) -> Side:
    radius = np.array([one.radius for one in codebook.codewords])[assigned.nearest]
    own: DoubleArray = np.asarray(assigned.dissimilarity, dtype=np.float64)
    other = np.asarray(assigned.runner_up_dissimilarity, dtype=np.float64)
    larger = np.maximum(own, other)
    silhouette = np.divide(other - own, larger, out=np.zeros_like(own), where=larger > 0)
    return Side(
        new=float(weight[assigned.new].sum()),
        distance=float(weight @ own),
        radius=float(weight @ radius),
        silhouette=float(weight @ silhouette),
    )


def _added(one: Side, other: Side) -> Side:
    return Side(*(getattr(one, each.name) + getattr(other, each.name) for each in fields(Side)))

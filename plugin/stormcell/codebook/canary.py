"""Two codebooks on the same events: what becomes of one that may take over, by rules that are stated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from stormcell.codebook.assigning import AssignedRows
from stormcell.codebook.summary import added
from stormcell.config import RolloutSettings
from stormcell.types import Codebook, DoubleArray, IntArray, WindowSummary

_FEW_EDITS: Final = 5
"""Edits below which nobody can tell whether there are more than before."""


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


class Action(StrEnum):
    """What is to become of a codebook."""

    PROMOTE = "promote"
    WAIT = "wait"
    REJECT = "reject"
    KEEP = "keep"
    ROLL_BACK = "roll-back"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a codebook, and why.

    Attributes
    ----------
    action : Action
    reasons : tuple of str
    """

    action: Action
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edits:
    """How often people mend groups (merge, split, move, pin, undo): edits, and groups that began, in two times.

    Attributes
    ----------
    before, groups_before : int
        In as much time before the canary as it is watched.
    during, groups_during : int
    """

    before: int = 0
    groups_before: int = 0
    during: int = 0
    groups_during: int = 0


def compare(
    live: Codebook, other: Codebook, by_live: AssignedRows, by_other: AssignedRows, weight: IntArray
) -> Comparison:
    """Compare what two codebooks make of the same rows.

    Parameters
    ----------
    live, other : Codebook
    by_live, by_other : AssignedRows
        The rows as each assigns them.
    weight : IntArray, shape (n,)
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


def verdict(
    comparison: Comparison, rules: RolloutSettings, *, min_events: int = 1, edits: Edits | None = None
) -> Verdict:
    """Say what is to become of a canary.

    It is watched for ``rules.windows`` windows. Then it is rejected if it breaks any rule; else it is promoted,
    once people do not mend groups notably more often than before.

    Parameters
    ----------
    comparison : Comparison
        Of the live codebook and the canary.
    rules : RolloutSettings
    min_events : int
        Fewer events say nothing.
    edits : Edits, optional
    """
    if comparison.windows < rules.windows:
        return Verdict(Action.WAIT, (f"{comparison.windows} of {rules.windows} windows are over",))
    if comparison.events < min_events:
        return Verdict(Action.WAIT, (f"{comparison.events:g} events were seen, {min_events} are needed",))
    broken = [*_worse(comparison, rules, "it", "the live one")]
    means = comparison.means()
    less = means["live"]["silhouette"] - means["other"]["silhouette"]
    if less > rules.less_silhouette:
        broken.append(
            f"it tells events less apart: a mean silhouette of {means['other']['silhouette']:.2f} instead of"
            f" {means['live']['silhouette']:.2f} (rollout.less_silhouette {rules.less_silhouette:g})"
        )
    if comparison.churn > rules.churn:
        broken.append(
            f"{comparison.churn:.1%} of the known events would be of another kind (rollout.churn {rules.churn:g})"
        )
    if broken:
        return Verdict(Action.REJECT, tuple(broken))
    if edits is not None and _more(edits, rules.more_edits):
        return Verdict(
            Action.WAIT,
            (
                f"people mended groups {edits.during} times since it is watched and {edits.before} times before"
                f" (rollout.more_edits {rules.more_edits:g})",
            ),
        )
    return Verdict(
        Action.PROMOTE,
        (
            f"{comparison.agreement:.1%} of {comparison.events:g} events are of the same kind in both;"
            f" {means['other']['new']:.1%} are new to it, {means['live']['new']:.1%} to the live one",
        ),
    )


def probation(
    before: Sequence[WindowSummary],
    after: Sequence[WindowSummary],
    rules: RolloutSettings,
    *,
    former: Comparison | None = None,
    slowest: float = 0.0,
    min_events: int = 1,
) -> Verdict:
    """Say whether a codebook that was promoted stays.

    It is rolled back where more events are new to it, or they are farther from its codewords, than before it was
    promoted, and the former one would do better on the same events: else what comes has changed, and it is not
    the codebook. It is rolled back as well where it is too slow.

    Parameters
    ----------
    before, after : sequence of WindowSummary
        What the former saw before, and this one since; any order.
    rules : RolloutSettings
    former : Comparison, optional
        Of this one (``live``) and the former (``other``), on the same events since.
    slowest : float
        Seconds in which 99 in 100 rows were assigned.
    min_events : int
        Fewer events say nothing of how they look.

    Returns
    -------
    Verdict
        To roll back, to wait, or to keep it for good.
    """
    reasons = []
    if slowest * 1000 > rules.assignment_milliseconds:
        reasons.append(
            f"1 in 100 rows takes longer than {slowest * 1000:.1f} ms to assign"
            f" (rollout.assignment_milliseconds {rules.assignment_milliseconds:g})"
        )
    then, now = _mean(before), _mean(after)
    if then is not None and now is not None and sum(one.events for one in after) >= min_events:
        worse = [*_broken(then, now, rules, "since", "before")]
        better = former is None or former.events == 0 or any(_worse(_turned(former), rules, "", ""))
        if worse and better:
            reasons += worse
    if reasons:
        return Verdict(Action.ROLL_BACK, tuple(reasons))
    if len(after) < rules.windows:
        return Verdict(Action.WAIT, (f"{len(after)} of {rules.windows} windows are over",))
    return Verdict(Action.KEEP, ("it keeps to the rules",))


def dump(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON types."""
    return asdict(comparison)


def load(stored: Mapping[str, Any]) -> Comparison:
    """Return what ``dump`` was given."""
    return Comparison(**{**stored, "live": Side(**stored["live"]), "other": Side(**stored["other"])})


def _worse(comparison: Comparison, rules: RolloutSettings, it: str, live: str) -> Iterable[str]:
    """Yield in what the other codebook does worse than the live one."""
    means = comparison.means()
    then, now = means["live"], means["other"]
    yield from _broken(
        (then["new"], then["distance"]), (now["new"], now["distance"]), rules, f"to {it}", f"to {live}"
    )


def _broken(
    then: tuple[float, float], now: tuple[float, float], rules: RolloutSettings, it: str, other: str
) -> Iterable[str]:
    (old_new, old_distance), (new, distance) = then, now
    if new - old_new > rules.more_new:
        yield (
            f"{new:.1%} of the events are new {it}, {old_new:.1%} {other} (rollout.more_new {rules.more_new:g})"
        )
    if distance > old_distance * (1 + rules.more_distance) and distance - old_distance > 1e-6:
        yield (
            f"the mean dissimilarity is {distance:.4f} {it}, {old_distance:.4f} {other}"
            f" (rollout.more_distance {rules.more_distance:g})"
        )


def _turned(comparison: Comparison) -> Comparison:
    """Return a comparison with its sides turned, as far as rules ask for means."""
    return replace(comparison, live=comparison.other, other=comparison.live)


def _mean(windows: Sequence[WindowSummary]) -> tuple[float, float] | None:
    """Return the share of new events and the mean dissimilarity; None without events."""
    if not any(one.events for one in windows):
        return None
    total = added(windows)
    return total.new / total.events, total.distance / total.events


def _more(edits: Edits, more: float) -> bool:
    if edits.during < _FEW_EDITS:
        return False
    before = edits.before / max(edits.groups_before, 1)
    during = edits.during / max(edits.groups_during, 1)
    return during > before * (1 + more)


def _ids(codebook: Codebook, assigned: AssignedRows) -> list[str]:
    ids = [one.id for one in codebook.codewords]
    pairs = zip(assigned.nearest.tolist(), assigned.new.tolist(), strict=True)
    return ["" if new else ids[nearest] for nearest, new in pairs]


def _side(codebook: Codebook, assigned: AssignedRows, weight: IntArray) -> Side:
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

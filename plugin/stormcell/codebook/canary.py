"""What becomes of a codebook that may take over, and of one that has, by rules that are stated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from stormcell.codebook.beside import Comparison
from stormcell.codebook.summary import added
from stormcell.config import RolloutSettings
from stormcell.types import WindowSummary

_FEW_EDITS: Final = 5
"""Edits below which nobody can tell whether there are more than before."""


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
        Of this one (``live``) and the former (``other``), on the same events since; without it dissimilarities
        say nothing, as there is no radius to measure them by.
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
        radius = 0.0 if former is None else former.means()["live"]["radius"]
        worse = [*_broken(then, now, radius, rules, "since", "before")]
        better = former is None or former.events == 0 or any(_worse(_turned(former), rules, "", ""))
        if worse and better:
            reasons += worse
    if reasons:
        return Verdict(Action.ROLL_BACK, tuple(reasons))
    if len(after) < rules.windows:
        return Verdict(Action.WAIT, (f"{len(after)} of {rules.windows} windows are over",))
    return Verdict(Action.KEEP, ("it keeps to the rules",))


def _worse(comparison: Comparison, rules: RolloutSettings, it: str, live: str) -> Iterable[str]:
    """Yield in what the other codebook does worse than the live one."""
    means = comparison.means()
    then, now = ((means[side]["new"], means[side]["distance"]) for side in ("live", "other"))
    yield from _broken(then, now, means["live"]["radius"], rules, f"to {it}", f"to {live}")


def _broken(
    then: tuple[float, float], now: tuple[float, float], radius: float, rules: RolloutSettings, it: str, other: str
) -> Iterable[str]:
    """Yield the rules that shares of new events and mean dissimilarities break; without a radius, by the first."""
    (old_new, old_distance), (new, distance) = then, now
    if new - old_new > rules.more_new:
        yield (
            f"{new:.1%} of the events are new {it}, {old_new:.1%} {other} (rollout.more_new {rules.more_new:g})"
        )
    if radius and distance - old_distance > rules.more_distance * radius:
        yield (
            f"the mean dissimilarity is {distance:.4f} {it}, {old_distance:.4f} {other}, with a mean radius of"
            f" {radius:.4f} (rollout.more_distance {rules.more_distance:g})"
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

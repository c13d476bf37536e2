from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stormcell.codebook.beside import Comparison, Side
from stormcell.codebook.canary import Action, Edits, probation, verdict
from stormcell.config import RolloutSettings
from tests.unit.codebook.books import summary

RULES = RolloutSettings(windows=2)


def seen(
    *,
    events: float = 1000,
    churn: float = 0.0,
    new: tuple[float, float] = (0.0, 0.0),
    distance: tuple[float, float] = (0.1, 0.1),
    silhouette: tuple[float, float] = (0.8, 0.8),
    windows: int = 2,
) -> Comparison:
    """Return a comparison by its means."""
    live, other = (
        Side(events * new[at], events * distance[at], events * 0.1, events * silhouette[at]) for at in (0, 1)
    )
    known = events - live.new
    return Comparison(events, events - known * churn, known * churn, live, other, windows)


def test_a_canary_that_sees_the_same_is_promoted_once_it_was_watched_long_enough() -> None:
    assert verdict(seen(windows=1), RULES).action is Action.WAIT
    found = verdict(seen(), RULES)
    assert found.action is Action.PROMOTE
    assert found.reasons == (
        "100.0% of 1000 events are of the same kind in both; 0.0% are new to it, 0.0% to the live one",
    )


def test_too_few_events_say_nothing() -> None:
    found = verdict(seen(events=20, churn=1.0), RULES, min_events=21)
    assert (found.action, found.reasons) == (Action.WAIT, ("20 events were seen, 21 are needed",))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"new": (0.01, 0.04)}, "4.0% of the events are new to it, 1.0% to the live one (rollout.more_new 0.02)"),
        (
            {"distance": (0.1, 0.12)},
            "the mean dissimilarity is 0.1200 to it, 0.1000 to the live one, with a mean radius of 0.1000"
            " (rollout.more_distance 0.1)",
        ),
        (
            {"silhouette": (0.8, 0.6)},
            "it tells events less apart: a mean silhouette of 0.60 instead of 0.80 (rollout.less_silhouette 0.1)",
        ),
        ({"churn": 0.3}, "30.0% of the known events would be of another kind (rollout.churn 0.2)"),
    ],
)
def test_a_canary_that_breaks_a_rule_is_rejected_and_told_why(bad: dict[str, Any], why: str) -> None:
    found = verdict(seen(**bad), RULES)
    assert (found.action, found.reasons) == (Action.REJECT, (why,))


@pytest.mark.parametrize(
    "good", [{"new": (0.4, 0.01)}, {"distance": (0.2, 0.05)}, {"silhouette": (0.5, 0.9)}, {"churn": 0.1}]
)
def test_a_canary_that_does_better_is_promoted(good: dict[str, Any]) -> None:
    assert verdict(seen(**good), RULES).action is Action.PROMOTE


def test_all_broken_rules_are_told() -> None:
    assert len(verdict(seen(new=(0.0, 0.5), distance=(0.1, 0.4), churn=0.5), RULES).reasons) == 3


def test_while_people_mend_more_than_before_nothing_is_decided() -> None:
    more = Edits(before=2, groups_before=20, during=8, groups_during=20)
    assert verdict(seen(), RULES, edits=more).action is Action.WAIT
    # Not so where there are as many a group, or too few to tell, and a broken rule is broken.
    assert verdict(seen(), RULES, edits=replace(more, groups_during=80)).action is Action.PROMOTE
    assert verdict(seen(), RULES, edits=replace(more, before=0, during=4)).action is Action.PROMOTE
    assert verdict(seen(churn=1.0), RULES, edits=more).action is Action.REJECT


BEFORE = [summary(events=1000, new=10, distance=100) for _ in range(3)]


def test_what_was_promoted_stays_where_it_does_as_well() -> None:
    fine = summary("cb-1", events=1000, new=20, distance=100)
    assert probation(BEFORE, [fine], RULES).action is Action.WAIT
    assert probation(BEFORE, [fine, fine], RULES).action is Action.KEEP


@pytest.mark.parametrize("worse", [{"new": 200.0}, {"distance": 200.0}])
def test_what_was_promoted_is_rolled_back_where_it_does_worse_than_the_former(worse: dict[str, float]) -> None:
    seen_since = {"new": 10.0, "distance": 100.0, **worse}
    after = [replace(summary("cb-1", events=1000), **seen_since)]  # type: ignore[arg-type]
    # The former one would have done better on the same events ...
    new, distance = worse.get("new", 10) / 1000, worse.get("distance", 100) / 1000
    better = seen(new=(new, 0.01), distance=(distance, 0.1))
    assert probation(BEFORE, after, RULES, former=better).action is Action.ROLL_BACK
    # ... or just as badly: then it is what comes that has changed.
    as_bad = seen(new=(new, new), distance=(distance, distance))
    assert probation(BEFORE, after, RULES, former=as_bad).action is Action.WAIT
    assert probation(BEFORE, after, RULES, min_events=1001).action is Action.WAIT


def test_without_the_former_to_compare_with_only_new_events_tell() -> None:
    much_new, farther = (
        summary("cb-1", events=1000, new=new, distance=distance) for new, distance in ((200, 100), (10, 200))
    )
    assert probation(BEFORE, [much_new], RULES).action is Action.ROLL_BACK
    assert probation(BEFORE, [farther], RULES).action is Action.WAIT


def test_what_is_too_slow_is_rolled_back_however_well_it_does() -> None:
    fine = [summary("cb-1", events=1000, new=10, distance=100)]
    found = probation(BEFORE, fine, RULES, slowest=0.06)
    assert (found.action, found.reasons) == (
        Action.ROLL_BACK,
        ("1 in 100 rows takes longer than 60.0 ms to assign (rollout.assignment_milliseconds 50)",),
    )


def test_without_anything_before_there_is_nothing_to_be_worse_than() -> None:
    after = [summary("cb-1", events=1000, new=900)]
    assert probation([], after, RULES).action is Action.WAIT
    assert probation([], after * 2, RULES).action is Action.KEEP

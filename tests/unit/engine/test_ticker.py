"""What is told of a tick once it is over."""

from __future__ import annotations

from stormcell.engine.ticker import silhouette_of
from stormcell.types import Membership, Row
from tests.unit.features.build import log


def atom(own: float, other: float | None, *uids: str) -> Membership:
    row = Row(log(uid=uids[0]), uids)
    return Membership((row,), (), 1.0, "g-1", own, (), None if other is None else "g-2", other)


def test_the_silhouette_is_the_mean_over_events_with_a_runner_up() -> None:
    found = [atom(0.25, 0.5, "a", "b"), atom(0.0, 0.0, "c"), atom(0.5, None, "d"), atom(0.5, 0.25, "e")]
    # 1 - 0.25 / 0.5 twice, 0 where both are the same, and 0.25 / 0.5 - 1.
    assert silhouette_of(found) == (0.5 + 0.5 + 0.0 - 0.5) / 4


def test_without_a_runner_up_there_is_no_silhouette() -> None:
    assert silhouette_of([atom(0.5, None, "a")]) is None
    assert silhouette_of([]) is None

from __future__ import annotations

import numpy as np
import pytest

from stormcell.config import BackgroundSettings
from stormcell.features.calls import CallGraph
from stormcell.types import Event
from tests.unit.features.build import rows_of, span

DAY = 86_400


def graph(**settings: float) -> CallGraph:
    return CallGraph(BackgroundSettings.model_validate(settings))


def calls(callee: str, day: int = 0, times: int = 1, first: int = 1, operation: str = "GET") -> list[Event]:
    """Make spans of ``front`` with a child of another service each."""
    return [
        made
        for number in range(first, first + 2 * times, 2)
        for made in (
            span(number, at=day * DAY, text=operation, service="front"),
            span(number + 1, number, at=day * DAY, text="work", service=callee),
        )
    ]


def test_an_operation_calls_whom_it_called_most() -> None:
    known = graph()
    assert known.callee("front", "GET") is None
    known.learn(rows_of(calls("a") + calls("b", times=2, first=10)))
    assert known.callee("front", "GET") == "b"
    known.learn(rows_of(calls("a", times=2, first=30)))
    assert known.callee("front", "GET") == "a"


def test_what_is_long_past_fades() -> None:
    known = graph(half_life_days=1)
    known.learn(rows_of(calls("a", times=3)))
    known.learn(rows_of(calls("b", day=2, first=30)))
    assert known.callee("front", "GET") == "b"
    known.learn(rows_of(calls("b", day=9, first=50)))
    assert np.isnan(known.hops(["front", "a"])[0, 1])


def test_of_too_many_operations_those_with_fewest_calls_go() -> None:
    known = graph(max_templates=100)
    rare = [
        made
        for n in range(99)
        for made in calls("a", first=2 * n + 1, operation=f"op{'abcdefghijk'[n % 11]}{chr(97 + n // 11)}")
    ]
    known.learn(rows_of(rare + calls("b", times=3, first=1001) + calls("c", times=3, first=2001, operation="PUT")))
    assert known.callee("front", "GET") == "b"
    assert known.callee("front", "PUT") == "c"
    assert len(known.snapshot()["calls"]) == 100


def test_goes_on_from_a_snapshot() -> None:
    known, again = graph(), graph()
    known.learn(rows_of(calls("a", times=2) + calls("b", first=10)))
    again.restore(known.snapshot())
    assert again.snapshot() == known.snapshot()
    assert again.callee("front", "GET") == "a"
    assert again.hops(["a", "b", "front"]).tolist() == known.hops(["a", "b", "front"]).tolist()


@pytest.mark.parametrize(
    "broken", [{}, {"format": "stormcell.calls/1"}, {"format": "stormcell.calls/1", "day": 1, "calls": [1]}]
)
def test_what_is_no_snapshot_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="snapshot"):
        graph().restore(broken)


def test_the_calls_between_services_are_told() -> None:
    known = graph()
    assert known.between() == {}
    known.learn(rows_of(calls("a", times=2) + calls("b", first=30) + calls("a", first=60, operation="PUT")))
    assert known.between() == {("front", "a"): 3.0, ("front", "b"): 1.0}

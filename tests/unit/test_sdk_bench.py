"""What scripts/bench sdk counts, and what it takes the times of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))  # benchmarks are scripts beside each other, not a package

from _sdk_cost import Timed, durations, percentile, typical  # noqa: E402
from _sdk_service import LOGS, SPANS, STATEMENTS, SYSTEMS, Service, prepared, said  # noqa: E402
from _sdk_sides import batch  # noqa: E402
from sdk import astray  # noqa: E402


@pytest.mark.parametrize(
    ("share", "found"), [(0.5, 50), (0.07, 7), (0.99, 99), (0.991, 100), (1.0, 100), (0.001, 1)]
)
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(share: float, found: int) -> None:
    assert percentile([*range(51, 101), *range(1, 51)], share) == found
    assert percentile([5], share) == 5


def test_a_disturbed_round_does_not_matter() -> None:
    assert typical([[1, 2, 3], [2, 3, 4], [1000, 2000, 3000]], 1.0) == 4


def test_each_call_is_timed_and_made_once() -> None:
    came: list[int] = []
    assert len(durations(came.append, [3, 1, 2])) == 3
    assert came == [3, 1, 2]


def test_what_neither_was_processed_nor_dropped_is_astray() -> None:
    assert astray(10, {"processed": 4, "queue_full": 5, "shutdown": 1}) == 0
    assert astray(10, {"processed": 4, "queue_full": 5}) == 1
    assert astray(10, {"processed": 10, "own": 1}) == -1


def test_a_request_ends_spans_and_emits_records_in_one_trace() -> None:
    kept = prepared(3)
    assert (len(kept.spans), len(kept.records)) == (3 * SPANS, 3 * LOGS)
    traces = {span.context.trace_id for span in kept.spans if span.context}
    assert len(traces) == 3
    assert {one.log_record.trace_id for one in kept.records} == traces
    assert len({span.context.span_id for span in kept.spans if span.context}) == 3 * SPANS


def test_lines_are_of_many_templates_and_hardly_two_are_alike() -> None:
    lines = said(8000)
    assert {name for *_, name in lines} == set(SYSTEMS)
    assert len(lines) == 8000
    assert len({text for text, *_ in lines}) > 2 * STATEMENTS * len(SYSTEMS)


def test_the_timed_processors_get_all_and_only_in_their_turn() -> None:
    timed, first, second = Timed(), batch(), batch()
    service = Service(timed, timed, lines=10)
    for side, requests in ((first, 2), (second, 3)):
        timed.turn(side.ending, side.emitting)
        for _ in range(requests):
            service.request()
        assert (len(timed.spans), len(timed.records)) == (requests * SPANS, requests * LOGS)
        side.flush()
    assert (first.passed(), second.passed()) == (2 * (SPANS + LOGS), 3 * (SPANS + LOGS))
    first.close()
    second.close()

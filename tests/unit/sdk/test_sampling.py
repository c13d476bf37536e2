"""A span exporter that passes on fewer spans."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult

from stormcell.config import Settings
from stormcell.sdk import Hub, SamplingSpanExporter
from stormcell.sdk.encode import encode
from stormcell.semconv import ADJUSTED_COUNT
from stormcell.types import NOTHING_KNOWN, Assignment, Record, RequestKind
from tests.unit.sdk.spans import Target, exception, span

SECOND = 10**9
PATIENCE = 60.0


class Known(Hub):
    """A hub that knows what a test wants it to."""

    def __init__(self, assign: Callable[[Record], Assignment] = lambda _: NOTHING_KNOWN, **sdk: Any) -> None:
        super().__init__(Settings.model_validate({"sdk": sdk}))
        self.find = assign

    def assign(self, record: Record) -> Assignment:
        return self.find(record)


class World:
    """A sampling exporter in front of a target, and its clock."""

    def __init__(self, hub: Hub | None = None) -> None:
        self.now = 1000 * SECOND
        self.target = Target()
        self.exporter = SamplingSpanExporter(self.target, hub or Known(), clock=lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        self.exporter.export([])

    def wait_until(self, what: Callable[[], object]) -> None:
        """Wait for the exporter's own thread."""
        until = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < until, "it does not come"
            time.sleep(0.02)


@pytest.fixture
def world() -> World:
    return World()


def test_errors_are_passed_on_at_once_as_they_are(world: World) -> None:
    failed, raised = span(2, 1, parent=9, remote=True, error=True), span(4, 2, events=[exception()])
    assert world.exporter.export([span(1, 1, parent=2), failed, raised]) is SpanExportResult.SUCCESS
    assert world.target.numbers() == [1, 2, 4]
    assert world.target.get_finished_spans()[1] is failed
    world.exporter.export([span(5, 3, events=[exception("retry")])])
    assert world.exporter.waiting == 1


def test_a_surprising_trace_is_passed_on_once_it_was_held() -> None:
    asked: list[tuple[str, str, str]] = []

    def assign(record: Record) -> Assignment:
        asked.append((record.uid, record.service, record.text))
        return Assignment(None, "", 0.0, 4.0 if record.text == "odd" else 0.0, "new")

    world = World(Known(assign))
    world.exporter.export([span(1, 7, parent=2), span(2, 7, parent=9, remote=True, name="odd"), span(3, 8)])
    world.wait(10)
    assert asked == []
    world.wait(10)
    assert sorted(asked) == [
        (f"{1:016x}", "shop", "GET /"),
        (f"{2:016x}", "shop", "odd"),
        (f"{3:016x}", "shop", "GET /"),
    ]
    assert world.target.numbers() == [1, 2]


def test_the_trace_of_an_exemplar_is_passed_on() -> None:
    known = Assignment("g", "a log record", 0.1, 0.0, "key", traces=(f"{7:032x}",))
    world = World(Known(lambda _: known))
    world.exporter.export([span(1, 7), span(2, 8)])
    world.wait(20)
    assert world.target.numbers() == []
    world.wait(60)
    assert world.target.numbers() == [1]


def test_others_say_for_how_many_they_stand_and_are_else_as_they_were() -> None:
    world = World(Known(sample_one_in=10))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(world.exporter))
    held = []
    tracer = provider.get_tracer("shop")
    for number in range(10):
        with tracer.start_as_current_span(f"GET /orders/{number}", attributes={"number": number}) as made:
            made.add_event("seen", {"by": "us"})
        held.append(made)
    world.wait(100)
    [kept] = world.target.get_finished_spans()
    attributes = dict(kept.attributes or {})
    assert attributes.pop(ADJUSTED_COUNT) == 10
    [own] = [one for one in held if one.get_span_context().span_id == kept.context.span_id]
    assert attributes == dict(own.attributes)  # type: ignore[attr-defined]
    assert ADJUSTED_COUNT not in own.attributes  # type: ignore[attr-defined]
    again = own._readable_span()  # type: ignore[attr-defined]
    kept._attributes = again._attributes
    assert encode(RequestKind.TRACES, [kept]) == encode(RequestKind.TRACES, [again])
    assert world.exporter.waiting == 9
    world.wait(2000)
    assert world.exporter.counts() == {"passed": 1, "failed": 0, "left_out": 9}


@pytest.mark.parametrize("end", ["force_flush", "shutdown"])
def test_what_is_held_is_decided_when_it_ends(end: str, world: World) -> None:
    world.exporter.export([span(number, number) for number in range(1, 6)])
    assert world.target.numbers() == []
    getattr(world.exporter, end)()
    [kept] = world.target.get_finished_spans()
    assert dict(kept.attributes or {}) == {ADJUSTED_COUNT: 5}
    assert world.exporter.waiting == 0
    assert world.target.shut == (end == "shutdown")


def test_nothing_is_taken_after_a_shutdown_and_a_second_one_does_nothing(world: World) -> None:
    world.exporter.shutdown()
    world.exporter.shutdown()
    assert world.exporter.export([span(1, error=True)]) is SpanExportResult.FAILURE
    assert world.target.numbers() == []
    assert world.target.shut == 1
    assert world.exporter.counts()["shutdown"] == 1


def test_what_the_other_exporter_cannot_take_is_said_and_counted(world: World) -> None:
    world.target.problem = SpanExportResult.FAILURE
    assert world.exporter.export([span(1, error=True)]) is SpanExportResult.FAILURE
    assert world.exporter.export([span(2, 2)]) is SpanExportResult.SUCCESS  # it is only held
    assert not world.exporter.force_flush()
    world.target.problem = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        world.exporter.export([span(3, 3, error=True)])
    assert world.exporter.counts() == {"passed": 3, "failed": 3, "left_out": 0}
    world.target.problem = None
    assert world.exporter.export([span(4, 4, error=True)]) is SpanExportResult.SUCCESS
    assert world.target.numbers() == [4]


def test_a_batch_that_raises_takes_no_other_with_it(world: World) -> None:
    calls = iter((True, False, False))
    take = world.target.export

    def export(spans: Any) -> SpanExportResult:
        if next(calls):
            raise OSError("once")
        return take(spans)

    world.target.export = export  # type: ignore[method-assign]
    with pytest.raises(OSError, match="once"):
        world.exporter.export([span(number, number, error=True) for number in range(1, 1201)])
    assert world.target.numbers() == list(range(513, 1201))
    assert world.exporter.counts()["failed"] == 512


def test_a_shutdown_waits_for_no_exporter_that_raises(world: World) -> None:
    world.target.problem = OSError("gone")
    world.exporter.export([span(1)])
    world.exporter.shutdown()
    assert world.target.shut == 1
    assert world.exporter.counts()["failed"] == 1


def test_a_flush_does_not_wait_longer_than_it_may_for_an_exporter_that_hangs(world: World) -> None:
    hangs, go_on = threading.Event(), threading.Event()

    def hang(spans: Any) -> SpanExportResult:
        hangs.set()
        assert go_on.wait(PATIENCE)
        return SpanExportResult.SUCCESS

    world.target.export = hang  # type: ignore[method-assign]
    thread = threading.Thread(target=world.exporter.export, args=([span(1, error=True)],))
    thread.start()
    assert hangs.wait(PATIENCE)
    assert not world.exporter.force_flush(1)
    go_on.set()
    thread.join(PATIENCE)
    assert world.exporter.force_flush()


def test_what_is_held_is_passed_on_though_nothing_more_comes() -> None:
    world = World(Known(lambda _: Assignment(None, "", 0.0, 9.0, "new")))
    world.exporter.export([span(1)])
    world.now += 20 * SECOND
    world.wait_until(world.target.numbers)
    assert world.target.numbers() == [1]
    world.target.problem = OSError("gone")
    world.exporter.export([span(2, 2)])
    world.now += 20 * SECOND
    world.wait_until(lambda: world.exporter.counts()["failed"])
    world.target.problem = None
    world.exporter.export([span(3, 3)])
    world.now += 20 * SECOND
    world.wait_until(lambda: world.target.numbers() == [1, 3])
    world.exporter.shutdown()


def test_no_more_is_held_than_may_be() -> None:
    world = World(Known(sample_max_spans=50, sample_one_in=1000))
    for number in range(1, 501):
        world.exporter.export([span(number, number)])
        assert world.exporter.waiting <= 50
    world.exporter.export([span(number, 1000, parent=999) for number in range(1001, 1501)])
    world.exporter.force_flush()
    weights = {
        one.context.trace_id: dict(one.attributes or {}).get(ADJUSTED_COUNT, 1)
        for one in world.target.get_finished_spans()
        if one.context is not None
    }
    assert sum(int(str(weight)) for weight in weights.values()) == 501
    # The one that is longer than what is held goes whole.
    assert world.target.numbers().count(1001) + world.target.numbers().count(1500) in (0, 2)


def test_odd_spans_are_passed_on_or_left_out_like_others(world: World) -> None:
    odd = span(1, 1, error=True, attributes={"a": object()})
    nameless = span(2, 2, name=None, error=True)  # type: ignore[arg-type]
    lone = span(3, 3, name="\ud800")
    world.exporter.export([odd, nameless, lone])
    assert world.exporter.force_flush()
    assert world.target.numbers() == [1, 2, 3]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_what_is_held_in_a_parent_is_not_passed_on_by_its_child(world: World) -> None:
    world.exporter.export([span(1)])
    child = os.fork()
    if not child:
        code = 1
        try:
            world.exporter.export([span(2, 2, error=True)])
            world.exporter.shutdown()
            code = 0 if world.target.numbers() == [2] else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    world.exporter.shutdown()
    assert world.target.numbers() == [1]

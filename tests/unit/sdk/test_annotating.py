"""A span exporter that adds what is known."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import StatusCode

from stormcell.config import Settings
from stormcell.sdk import AnnotatingSpanExporter, Hub, StormcellSpanProcessor
from stormcell.types import NOTHING_KNOWN, Assignment, Record
from tests.unit.sdk.spans import Target, span
from tests.unit.sdk.test_sampling import PATIENCE, Known


def assign(record: Record) -> Assignment:
    if record.text == "usual":
        return NOTHING_KNOWN
    return Assignment("g", record.uid, 0.1, 2.5, "nearest", template=f"{record.service} <*>")


def test_each_span_goes_on_with_what_is_known_of_it() -> None:
    target = Target()
    usual, own = span(1, name="usual"), span(2, 1, attributes={"a": 1})
    assert AnnotatingSpanExporter(target, Known(assign)).export([usual, own]) is SpanExportResult.SUCCESS
    first, second = target.get_finished_spans()
    assert first is usual
    assert dict(second.attributes or {}) == {
        "a": 1,
        "stormcell.group.id": "g",
        "stormcell.exemplar": f"{2:016x}",
        "stormcell.template": "shop <*>",
        "stormcell.surprise": 2.5,
    }
    assert dict(own.attributes or {}) == {"a": 1}


def test_spans_go_on_as_they_are_where_nothing_can_be_found_out(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Record) -> Assignment:
        raise RuntimeError("no")

    target, own = Target(), span(2)
    AnnotatingSpanExporter(target, Known(fail)).export([own])
    assert target.get_finished_spans() == (own,)
    assert "not annotated" in caplog.text


def test_what_the_other_exporter_says_and_raises_is_handed_back() -> None:
    target = Target()
    exporter = AnnotatingSpanExporter(target, Known(assign))
    target.problem = SpanExportResult.FAILURE
    assert exporter.export([span(1)]) is SpanExportResult.FAILURE
    target.problem = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        exporter.export([span(1)])
    assert exporter.force_flush()
    exporter.shutdown()
    assert target.shut == 1


def test_spans_bear_what_a_real_engine_found(tmp_path: Path) -> None:
    live = {"data": tmp_path / "data", "tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 0.1}
    hub, target = Hub(Settings.model_validate({"live": live})), Target()
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    ours = StormcellSpanProcessor(hub)
    provider.add_span_processor(ours)
    provider.add_span_processor(SimpleSpanProcessor(AnnotatingSpanExporter(target, hub)))
    until = time.monotonic() + PATIENCE
    found: dict[str, object] = {}
    while "stormcell.group.id" not in found:
        assert time.monotonic() < until, "it was never known"
        with provider.get_tracer("shop").start_as_current_span("pay order-482913") as made:
            made.set_status(StatusCode.ERROR)
        found = dict(target.get_finished_spans()[-1].attributes or {})
        assert ours.force_flush()
        time.sleep(0.2)
    assert found["stormcell.template"] == "pay order-<num>"
    assert isinstance(found["stormcell.surprise"], float)
    provider.shutdown()

"""A span exporter that adds what is known."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from stormcell.sdk import AnnotatingSpanExporter
from stormcell.types import NOTHING_KNOWN, Assignment, Record
from tests.unit.sdk.spans import Target, span
from tests.unit.sdk.test_sampling import Known


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

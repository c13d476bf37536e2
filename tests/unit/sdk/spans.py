"""Spans as an SDK ends them, and exporters that take them well or badly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

NOON = 1_700_000_000 * 10**9
SHOP = Resource({"service.name": "shop"})


def context(trace: int, span: int, remote: bool = False) -> SpanContext:
    return SpanContext(trace, span, is_remote=remote, trace_flags=TraceFlags(1))


def span(
    number: int,
    trace: int = 1,
    *,
    parent: int = 0,
    remote: bool = False,
    error: bool = False,
    name: str = "GET /",
    start: int = NOON,
    resource: Resource = SHOP,
    **more: Any,
) -> ReadableSpan:
    return ReadableSpan(
        name=name,
        context=context(trace, number),
        parent=context(trace, parent, remote) if parent else None,
        resource=resource,
        status=Status(StatusCode.ERROR if error else StatusCode.UNSET),
        start_time=start,
        end_time=start + 5,
        **more,
    )


def exception(name: str = "exception") -> Event:
    return Event(name, {"exception.type": "ValueError"}, NOON)


class Target(InMemorySpanExporter):
    """An exporter that may be told to fail or to raise."""

    def __init__(self) -> None:
        super().__init__()
        self.problem: Exception | SpanExportResult | None = None
        self.batches: list[int] = []
        self.shut = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.batches.append(len(spans))
        if isinstance(self.problem, Exception):
            raise self.problem
        return self.problem or super().export(spans)

    def shutdown(self) -> None:
        self.shut += 1

    def numbers(self) -> list[int]:
        """Return the ids of the spans that it has."""
        return [one.context.span_id for one in self.get_finished_spans() if one.context is not None]

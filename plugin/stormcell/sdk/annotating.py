"""A span exporter around another that adds to spans what is known of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from stormcell.sdk.annotate import attributes_of
from stormcell.sdk.hub import Hub
from stormcell.sdk.spans import SpanReader, with_attributes

log: Final = logging.getLogger("stormcell.sdk")


class AnnotatingSpanExporter(SpanExporter):
    """Passes spans on to another exporter with what is known of each: its group, exemplar, template and surprise.

    Parameters
    ----------
    exporter : SpanExporter
        The other one.
    hub : Hub, optional
        By default the one of the process. Where it knows nothing, as where a sidecar groups, spans are passed on
        as they are.
    """

    def __init__(self, exporter: SpanExporter, hub: Hub | None = None) -> None:
        self._exporter, self._hub = exporter, hub or Hub.shared()
        self._reader = SpanReader()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass spans on; returns what the other exporter says, and raises what it raises."""
        try:
            spans = self._annotated(spans)
        except Exception:  # they go on as they are
            log.exception("spans are not annotated")
        return self._exporter.export(spans)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the other exporter."""
        return self._exporter.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._exporter.shutdown()

    def _annotated(self, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
        known = {
            (record.trace_id, record.span_id): attributes_of(self._hub.assign(record))
            for records in self._reader.read(spans).values()
            for record in records
        }
        made = []
        for span in spans:
            context = span.context
            key = ("", "") if context is None else (f"{context.trace_id:032x}", f"{context.span_id:016x}")
            more = known.get(key)
            made.append(with_attributes(span, more) if more else span)
        return made

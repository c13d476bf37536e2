"""Spans of the SDK: read as events, and with more attributes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.util.types import AttributeValue

from stormcell.sdk.encode import encode
from stormcell.types import Record, RequestKind

if TYPE_CHECKING:
    from stormcell.decode.otlp_proto import Senders


class SpanReader:
    """Reads spans as who groups them does: with the same uids and texts."""

    def __init__(self) -> None:
        self._senders: Senders = {}

    def read(self, spans: Sequence[ReadableSpan]) -> dict[str, list[Record]]:
        """Return the records of spans by the ids of their traces; those that cannot be read are not there."""
        from stormcell.decode.otlp_proto import records  # few services ask for it
        from stormcell.decode.report import Report, Scribe

        body, _ = encode(RequestKind.TRACES, spans)
        found: dict[str, list[Record]] = {}
        for record in records(body, Scribe(Report(), strict=False), self._senders):
            found.setdefault(record.trace_id, []).append(record)
        return found


def with_attributes(span: ReadableSpan, more: Mapping[str, AttributeValue]) -> ReadableSpan:
    """Return a span with more attributes; the span itself stays as it is."""
    attributes = BoundedAttributes(attributes={**(span.attributes or {}), **more})
    attributes.dropped = span.dropped_attributes
    # Whatever else an SDK keeps in a span goes along.
    made = copy.copy(span)
    made._attributes = attributes
    return made

"""Spans of our own work, sent over OTLP."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from stormcell.telemetry.otlp import Sender


class OtlpSpans(SpanExporter):
    """Sends spans."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        sent = self._sender.send(encode_spans(spans).SerializeToString())
        return SpanExportResult.SUCCESS if sent else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Stop."""
        self._sender.close()


def provider(sender: Sender, resource: Resource) -> TracerProvider:
    """Return a provider whose spans are sent; it is nobody's default."""
    made = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OtlpSpans(sender)))
    return made

"""Stormcell in a service: processors and exporters for its OpenTelemetry SDK.

With code::

    from stormcell.sdk import StormcellLogRecordProcessor, StormcellSpanProcessor

    tracer_provider.add_span_processor(StormcellSpanProcessor())
    logger_provider.add_log_record_processor(StormcellLogRecordProcessor())

Without, under ``opentelemetry-instrument``: ``OTEL_TRACES_EXPORTER=stormcell OTEL_LOGS_EXPORTER=stormcell``.
"""

from stormcell.sdk.annotating import AnnotatingSpanExporter
from stormcell.sdk.exporters import StormcellLogRecordExporter, StormcellSpanExporter
from stormcell.sdk.hub import Hub
from stormcell.sdk.processors import StormcellLogRecordProcessor, StormcellSpanProcessor
from stormcell.sdk.sampling import SamplingSpanExporter

__all__ = [
    "AnnotatingSpanExporter",
    "Hub",
    "SamplingSpanExporter",
    "StormcellLogRecordExporter",
    "StormcellLogRecordProcessor",
    "StormcellSpanExporter",
    "StormcellSpanProcessor",
]

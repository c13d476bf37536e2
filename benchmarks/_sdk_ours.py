"""Our processors as scripts/bench sdk measures them; apart, as importing them is part of what is measured."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from _sdk_sides import Side
from stormcell.config import Settings
from stormcell.sdk import Hub, StormcellLogRecordProcessor, StormcellSpanProcessor
from stormcell.types import RequestKind


def hub(folder: Path, endpoint: str = "", engine: str = "thread") -> Hub:
    """Return what is shared: with an engine in threads or beside this process, or forwarding to an endpoint."""
    return Hub(_settings(folder, endpoint, engine))


def counting_hub(folder: Path) -> CountingHub:
    """Return one with an engine in this process that counts what it is sent."""
    return CountingHub(_settings(folder))


def _settings(folder: Path, endpoint: str = "", engine: str = "thread") -> Settings:
    return Settings.model_validate(
        {
            "live": {"data": folder},
            "journal": {"min_free_bytes": 0},
            "sdk": {"endpoint": endpoint, "engine": engine},
        }
    )


def ours(hub: Hub, *, annotate: bool = False) -> Side:
    """Return our processors."""
    ending, emitting = StormcellSpanProcessor(hub), StormcellLogRecordProcessor(hub, annotate=annotate)
    return Side(ending, emitting, lambda: Counter(ending.counts()) + Counter(emitting.counts()))


class CountingHub(Hub):
    """A hub that counts the spans and records that were sent.

    Attributes
    ----------
    sent : int
    """

    sent = 0

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Send a request, and count what is in it."""
        super().send(kind, body)
        if kind is RequestKind.LOGS:
            logs = ExportLogsServiceRequest.FromString(body)
            self.sent += sum(len(scope.log_records) for part in logs.resource_logs for scope in part.scope_logs)
        else:
            spans = ExportTraceServiceRequest.FromString(body)
            self.sent += sum(len(scope.spans) for part in spans.resource_spans for scope in part.scope_spans)

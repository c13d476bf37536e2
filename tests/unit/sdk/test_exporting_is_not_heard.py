"""What sending makes is not sent again, in whosever thread it was made."""

from __future__ import annotations

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, DEFAULT_ON, Sampler

from stormcell.sdk import Hub, StormcellLogRecordExporter, StormcellSpanExporter
from stormcell.types import RequestKind


class Talkative(Hub):
    """Its sending is instrumented by the service: it makes a span, and a log record, each time."""

    def __init__(self, sampler: Sampler = ALWAYS_ON) -> None:
        super().__init__()
        self.sent: list[RequestKind] = []
        self.spans = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.logs = LoggerProvider(shutdown_on_exit=False)

    def send(self, kind: RequestKind, body: bytes) -> None:
        self.sent.append(kind)
        assert len(self.sent) < 5, "it hears itself"
        with self.spans.get_tracer("urllib3").start_as_current_span("POST"):
            self.logs.get_logger("urllib3.connectionpool").emit(body="Starting new HTTP connection")


@pytest.mark.parametrize("sampler", [ALWAYS_ON, DEFAULT_ON])
def test_spans_of_sending(sampler: Sampler) -> None:
    hub = Talkative(sampler)
    exporter = StormcellSpanExporter(hub)
    hub.spans.add_span_processor(SimpleSpanProcessor(exporter))
    for _ in range(2):
        with hub.spans.get_tracer("shop").start_as_current_span("GET /"):
            pass
    assert hub.sent == [RequestKind.TRACES] * 2
    assert exporter.counts()["processed"] == 2


def test_log_records_of_sending() -> None:
    hub = Talkative()
    exporter = StormcellLogRecordExporter(hub)
    hub.logs.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    for _ in range(2):
        hub.logs.get_logger("shop").emit(body="order failed")
    assert hub.sent == [RequestKind.LOGS] * 2
    assert exporter.counts() == {"processed": 2, "own": 2, "broken": 0}

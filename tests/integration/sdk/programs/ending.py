"""A service that ends; one function for each way to do so."""

from __future__ import annotations

import gc
import sys
import threading
from pathlib import Path

from opentelemetry import _logs, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import TracerProvider

from stormcell.sdk import Hub, StormcellLogRecordProcessor, StormcellSpanProcessor
from tests.integration.sdk.service import Service, settings


def script(folder: Path) -> None:
    """End like any short script does: the SDK shuts down what it has."""
    hub = Hub(settings(folder / "data"))
    spans, logs = TracerProvider(), LoggerProvider()
    spans.add_span_processor(StormcellSpanProcessor(hub))
    logs.add_log_record_processor(StormcellLogRecordProcessor(hub))
    for name in ("read", "add up", "write"):
        with spans.get_tracer("script").start_as_current_span(name) as span:
            span.set_status(trace.StatusCode.ERROR)
    logs.get_logger("script").emit(
        _logs.LogRecord(
            body="the sum is wrong",
            severity_number=_logs.SeverityNumber.ERROR,
            attributes={"log.record.uid": "the-sum"},
        )
    )


def last_word(folder: Path) -> None:
    """Say the first thing when the interpreter is about to end."""
    service = Service(folder / "data")
    # After the main thread has ended, when what was registered to be called at the end is.
    import atexit

    def say() -> None:
        service.say("last-word")
        service.shutdown()

    atexit.register(say)


def forgotten(folder: Path) -> None:
    """Forget providers without shutting them down."""
    for number in range(3):
        service = Service(folder / "data")
        service.say_some(f"forgotten-{number}", 2)
        assert service.flush()
    del service
    gc.collect()


def many_times(folder: Path) -> None:
    """Shut down again and again, from many threads, and say more afterwards."""
    service = Service(folder / "data")
    service.say_some("before", 5)
    threads = [threading.Thread(target=service.shutdown) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    service.shutdown()
    service.say_some("after", 7)
    service.do()
    assert service.flush(0)
    assert service.flush()
    counts = service.logs.counts()
    assert (counts["processed"], counts["shutdown"], sum(counts.values())) == (5, 7, 12)
    assert service.spans.counts()["shutdown"] == 1
    # Others of the same hub begin it anew.
    again = Service(folder / "data", hub=service.hub)
    again.say_some("again", 5)
    assert again.flush()
    again.shutdown()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))

"""What is measured side by side: our processors in each mode, and the SDK's batch processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

PATIENCE = 120.0
"""Seconds that anything may take to come to an end."""

Encode = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Side:
    """Processors to compare.

    Attributes
    ----------
    ending : SpanProcessor
    emitting : LogRecordProcessor
    counts : callable
        Returns how many spans and records they have "processed" so far and, if ours, dropped, by why.
    """

    ending: SpanProcessor
    emitting: LogRecordProcessor
    counts: Callable[[], Mapping[str, int]]

    def passed(self) -> int:
        """Return how many spans and records they have passed on so far."""
        return self.counts()["processed"]

    def flush(self) -> None:
        """Have all that they were given passed on."""
        self.ending.force_flush(int(1000 * PATIENCE))
        self.emitting.force_flush(int(1000 * PATIENCE))

    def close(self) -> None:
        """Shut them down."""
        self.ending.shutdown()
        self.emitting.shutdown()


@contextmanager
def side(name: str, folder: Path, endpoint: str) -> Iterator[Side]:
    """Yield a side, and shut it down.

    Parameters
    ----------
    name : str
        "nothing", "embedded", "beside" (in a process of its own), "forward", or the SDK's with exporters that
        keep nothing: "batch", and "encoding" where they encode OTLP.
    folder : Path
        Of the data.
    endpoint : str
        Of the sidecar.
    """
    if name in ("embedded", "beside", "forward"):
        from _sdk_ours import hub, ours

        engine = "process" if name == "beside" else "thread"
        made = ours(hub(folder, endpoint if name == "forward" else "", engine))
    else:
        made = {"nothing": _nothing, "batch": batch, "encoding": _encoding}[name]()
    try:
        yield made
    finally:
        made.close()


def batch(spans: Encode | None = None, logs: Encode | None = None) -> Side:
    """Return the SDK's batch processors with exporters that count and drop; that encode before, where told how."""
    ending, emitting = _SpanSink(spans), _LogSink(logs)
    return Side(
        BatchSpanProcessor(ending),
        BatchLogRecordProcessor(emitting),
        lambda: {"processed": ending.came + emitting.came},
    )


def _encoding() -> Side:
    # Only here: a service whose exporters are not of OTLP does not load it.
    from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    return batch(
        lambda spans: encode_spans(spans).SerializeToString(), lambda logs: encode_logs(logs).SerializeToString()
    )


def _nothing() -> Side:
    return Side(SpanProcessor(), _NoLogs(), lambda: {"processed": 0})


class _NoLogs(LogRecordProcessor):
    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        pass

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


class _SpanSink(SpanExporter):
    def __init__(self, encode: Encode | None) -> None:
        self.came, self._encode = 0, encode

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.came += len(spans)
        if self._encode is not None:
            self._encode(spans)
        return SpanExportResult.SUCCESS


class _LogSink(LogRecordExporter):
    def __init__(self, encode: Encode | None) -> None:
        self.came, self._encode = 0, encode

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        self.came += len(batch)
        if self._encode is not None:
            self._encode(batch)
        return LogRecordExportResult.SUCCESS

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True

"""Exporters for the SDK's own batch processors: what needs no code in a service."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from stormcell import forks
from stormcell.sdk.hub import Hub
from stormcell.sdk.metrics import observe
from stormcell.sdk.own import ours
from stormcell.sdk.patience import Patience
from stormcell.sdk.saying import Trouble
from stormcell.sdk.taking import Taker
from stormcell.types import RequestKind

_SECONDS: Final = 10.0
"""How long a batch is tried; the SDK's processors hold up to four others meanwhile."""


class _Exporter:
    """What both have in common; nothing is read or opened before something is exported.

    Parameters
    ----------
    kind : RequestKind
    hub : Hub or None
    """

    def __init__(self, kind: RequestKind, hub: Hub | None) -> None:
        self._hub = hub or Hub.shared()
        self._taker = Taker(kind, self._hub)
        self._trouble = Trouble("telemetry could not be taken")
        self._shut = False
        self._begin()
        forks.in_child(self._begin)
        self._hub.acquire()
        observe(kind, self, None)

    def _begin(self) -> None:
        """Be as new: in a child what was counted, and the locks, are the parent's."""
        self._closing = threading.Event()
        if self._shut:
            self._closing.set()
        self._counting = threading.RLock()
        self._dropped: Counter[str] = Counter()
        self._processed = 0

    def counts(self) -> dict[str, int]:
        """Return how many were processed, and how many dropped, by why (see the processors)."""
        with self._counting:
            return {"processed": self._processed, **self._dropped}

    @property
    def waiting(self) -> int:
        """Nothing waits here."""
        return 0

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True: nothing is held back."""
        return True

    def shutdown(self, timeout_millis: int = 30_000) -> None:
        """Group what came so far, as far as there is time."""
        if not self._shut:
            self._shut = True
            self._closing.set()
            self._hub.release(timeout_millis / 1000)

    def _export(self, items: Sequence[Any]) -> bool:
        if self._shut:
            self._count(0, {"shutdown": len(items)})
            return False
        with ours():
            try:
                lost = self._taker.take(items, Patience(_SECONDS, self._closing))
            except Exception as error:  # whatever it is, the service goes on
                self._trouble.is_(repr(error), error)
                lost = Counter(broken=len(items))
        self._count(len(items) - sum(lost.values()), lost)
        return not (lost["refused"] or lost["broken"])

    def _count(self, processed: int, lost: Mapping[str, int]) -> None:
        with self._counting:  # the SDK's simple processors export from any thread
            self._processed += processed
            self._dropped.update(lost)


class StormcellSpanExporter(_Exporter, SpanExporter):
    """Groups spans.

    Parameters
    ----------
    hub : Hub, optional
        By default the one of the process.
    """

    def __init__(self, hub: Hub | None = None) -> None:
        super().__init__(RequestKind.TRACES, hub)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep spans, to be grouped."""
        return SpanExportResult.SUCCESS if self._export(spans) else SpanExportResult.FAILURE


class StormcellLogRecordExporter(_Exporter, LogRecordExporter):
    """Groups log records.

    Parameters
    ----------
    hub : Hub, optional
        By default the one of the process.
    """

    def __init__(self, hub: Hub | None = None) -> None:
        super().__init__(RequestKind.LOGS, hub)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Keep log records, to be grouped."""
        return LogRecordExportResult.SUCCESS if self._export(batch) else LogRecordExportResult.FAILURE

"""Processors for the SDK: what a service ends and emits is handed over in a thread of ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from stormcell.sdk.annotate import annotate
from stormcell.sdk.feed import Feed
from stormcell.sdk.hub import Hub
from stormcell.sdk.metrics import observe
from stormcell.sdk.taking import Taker
from stormcell.types import RequestKind

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

PATIENCE: Final = 30_000
"""Milliseconds that a flush or a shutdown may take, as with the SDK's own processors."""

_LAST_SECONDS: Final = 5.0
"""How long what waits at a shutdown is tried: who cannot be reached by then will not be soon."""


class _Processor:
    """What both have in common.

    Parameters
    ----------
    kind : RequestKind
    hub : Hub or None
    meter_provider : MeterProvider or None
    """

    def __init__(self, kind: RequestKind, hub: Hub | None, meter_provider: MeterProvider | None) -> None:
        self._hub = hub or Hub.shared()
        self._feed = Feed(kind.value, self._hub.settings.sdk, Taker(kind, self._hub).take)
        self._hub.acquire()
        self._shut = False
        observe(kind, self, meter_provider)

    def counts(self) -> dict[str, int]:
        """Return how many were processed, and how many dropped, by why.

        These are "queue_full", "shutdown" (they came after it, or it had no time for them), "refused" (could not
        be kept or sent for too long), "broken" (cannot be encoded) and "own" (of ours). What still waits is in
        none of them.
        """
        return self._feed.counts()

    @property
    def waiting(self) -> int:
        """How many wait to be handed over."""
        return self._feed.waiting

    def force_flush(self, timeout_millis: int = PATIENCE) -> bool:
        """Hand over what came so far; return whether all of it is kept, in time.

        What is kept is grouped with the next tick, or after the next start.
        """
        return self._feed.flush(timeout_millis / 1000)

    def shutdown(self, timeout_millis: int = PATIENCE) -> None:
        """Hand over and group what came so far, as far as there is time; what comes later is dropped."""
        if self._shut:
            return
        self._shut = True
        until = time.monotonic() + timeout_millis / 1000
        self._feed.close(min(timeout_millis / 1000, _LAST_SECONDS))
        self._hub.release(max(until - time.monotonic(), 0.0))


class StormcellSpanProcessor(_Processor, SpanProcessor):
    """Groups the spans of a service.

    Parameters
    ----------
    hub : Hub, optional
        By default the one of the process.
    meter_provider : MeterProvider, optional
        For what is processed and dropped; by default the global one.

    Raises
    ------
    SettingsError
        If the settings cannot be used.
    """

    def __init__(self, hub: Hub | None = None, *, meter_provider: MeterProvider | None = None) -> None:
        super().__init__(RequestKind.TRACES, hub, meter_provider)
        self._put = self._feed.put

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span; returns at once."""
        context = span.context
        if context is not None and context.trace_flags & 1:
            self._put(span)


class StormcellLogRecordProcessor(_Processor, LogRecordProcessor):
    """Groups the log records of a service.

    Parameters
    ----------
    hub : Hub, optional
        By default the one of the process.
    annotate : bool
        Add to each record what is known of it at once: its group, template and surprise. To be seen by others,
        this processor must be added before theirs.
    meter_provider : MeterProvider, optional
        For what is processed and dropped; by default the global one.

    Raises
    ------
    SettingsError
        If the settings cannot be used.
    """

    def __init__(
        self, hub: Hub | None = None, *, annotate: bool = False, meter_provider: MeterProvider | None = None
    ) -> None:
        super().__init__(RequestKind.LOGS, hub, meter_provider)
        self._put = self._feed.put
        self._annotate = annotate

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Take a log record; returns at once."""
        if self._annotate:
            annotate(log_record, self._hub)
        self._put(log_record)

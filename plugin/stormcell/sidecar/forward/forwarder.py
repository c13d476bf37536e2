"""Sends what is in the journal on, in its order, at least once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from stormcell.errors import DeliveryError, StormcellError
from stormcell.sidecar.forward.rewrite import Rewriter, Rewritten, halves
from stormcell.sidecar.position import Position
from stormcell.types import Request
from stormcell.wire.backoff import Backoff
from stormcell.wire.otlp import OtlpClient

SAVED_EVERY: Final = 1.0
"""Seconds between two positions that are saved: so much may be sent twice after a crash."""

SPLIT_FROM: Final = 1 << 20
"""Bytes from which a request that is refused is tried again as two."""

_PAUSE: Final = 0.5
_MOST_REASONS: Final = 20
_log = logging.getLogger(__name__)


class _Entry(Protocol):
    @property
    def end(self) -> int: ...
    @property
    def request(self) -> Request: ...


class Tail(Protocol):
    """A journal, as far as it is read here."""

    @property
    def first(self) -> int:
        """The position of the first record that it holds."""
        ...

    @property
    def end(self) -> int:
        """The position after the last."""
        ...

    def read(self, position: int) -> Iterator[_Entry]:
        """Yield the records from a position to the current end."""
        ...

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until something lies beyond a position."""
        ...


@dataclass(slots=True)
class ForwardStats:
    """What was sent on since the start.

    Attributes
    ----------
    requests, records : int
        Sent on and taken.
    sampled : int
        Records that were left out, each stood for by others.
    rejected : int
        Records that were taken with their request, and then rejected.
    refused_requests, refused_records : int
        What another try would not mend: it is lost to the other side.
    reasons : dict of str to int
        Requests that were refused, by why.
    unreadable : int
        Requests, or records of JSON, that cannot be read.
    skipped : int
        Bytes of the journal that were released before they were sent.
    attempts, failures : int
        All tries, and those that failed in a row.
    problem : str
        Why the last try that failed did; "" once one succeeded.
    """

    requests: int = 0
    records: int = 0
    sampled: int = 0
    rejected: int = 0
    refused_requests: int = 0
    refused_records: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    skipped: int = 0
    attempts: int = 0
    failures: int = 0
    problem: str = ""


class Forwarder:
    """Tails the journal and sends each request on, with what is known of its records.

    While the other side does not answer, or asks to wait, the position stays where it is and the journal grows.

    Parameters
    ----------
    journal : Tail
    client : OtlpClient
        Closed at the end.
    rewriter : Rewriter
    kept : Position
    seed : bytes, optional
        What waits by chance follow from.
    pause : callable, optional
        Waits so many seconds and returns whether to stop; for tests.

    Attributes
    ----------
    position : int
        As it was saved last: what lies before is needed here no more.
    stats : ForwardStats

    Raises
    ------
    StoreError
        If the position that was saved cannot be read.
    """

    def __init__(
        self,
        journal: Tail,
        client: OtlpClient,
        rewriter: Rewriter,
        kept: Position,
        seed: bytes | None = None,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self.stats = ForwardStats()
        self._journal, self._client, self._rewriter, self._kept = journal, client, rewriter, kept
        self._backoff = Backoff(seed)
        self._stopping = threading.Event()
        self._pause = self._stopping.wait if pause is None else pause
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)
        self._at = self._start(kept.load())
        self.position = self._at
        self._saved = time.monotonic()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, grace: float) -> bool:
        """Send on what is in the journal, for so many seconds at most, and end.

        What is not sent on stays in the journal. An outage ends it at once.

        Returns
        -------
        bool
            Whether the thread has ended.
        """
        self._deadline = time.monotonic() + grace
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(grace + _PAUSE)
        return not self._thread.is_alive()

    @property
    def behind(self) -> int:
        """Bytes of the journal that are still to be sent on."""
        return max(self._journal.end - self._at, 0)

    def step(self) -> bool:
        """Send on all that the journal holds now; return whether it all is, and not stopped or over time."""
        if self._at < self._journal.first:
            self.stats.skipped += self._journal.first - self._at
            self._at = self._journal.first
        for entry in self._journal.read(self._at):
            if time.monotonic() >= self._deadline or not self._pass(entry.request):
                self._save()
                return False
            self._at = entry.end
            if time.monotonic() - self._saved >= SAVED_EVERY:
                self._save()
        self._save()
        return True

    def _start(self, saved: int | None) -> int:
        if saved is None or saved > self._journal.end:  # of a journal that is no more
            return self._journal.first
        return saved

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._journal.wait(self._at, _PAUSE):
                    before = self._at
                    self._guarded_step()
                    if self._at == before:  # whatever keeps us: never in a hot loop
                        self._stopping.wait(_PAUSE)
            self._guarded_step()
        finally:
            self._client.close()

    def _guarded_step(self) -> None:
        try:
            self.step()
        except StormcellError as error:
            self._failed(str(error), None)
        except Exception as error:  # whatever it is, the next try may do
            _log.exception("forwarding failed")
            self._failed(f"{type(error).__name__}: {error}", None)

    def _pass(self, request: Request) -> bool:
        """Send a request on; return False if it is to be sent again later."""
        try:
            made = self._rewriter.rewrite(request)
        except ValueError:
            self.stats.unreadable += 1
            return True
        if made is None:
            return True
        waiting = [made] if made.body else []
        while waiting:
            if not self._send(waiting):
                return False
        self.stats.unreadable += made.broken
        self.stats.sampled += made.seen - made.broken - made.kept
        return True

    def _send(self, waiting: list[Rewritten]) -> bool:
        """Try to send the last of what waits on; return False if all of it is to be sent again later."""
        made = waiting[-1]
        self.stats.attempts += 1
        try:
            rejected = self._client.send(made.signal, made.body)
        except DeliveryError as error:
            if error.retryable:
                return not self._failed(str(error), error.retry_after)
            waiting.pop()
            # It may be too large: receivers have limits, and there is more in it now.
            parts = halves(made) if len(made.body) > SPLIT_FROM else []
            waiting += reversed(parts)
            if not parts:
                self._refused(made, str(error))
        else:
            waiting.pop()
            self.stats.rejected += rejected.records
            self.stats.requests += 1
            self.stats.records += made.kept
            self._succeeded()
        return True

    def _refused(self, made: Rewritten, reason: str) -> None:
        reasons = self.stats.reasons
        name = reason if reason in reasons or len(reasons) < _MOST_REASONS else "other reasons"
        reasons[name] = reasons.get(name, 0) + 1
        self.stats.refused_requests += 1
        self.stats.refused_records += made.kept
        if reasons[name] == 1:
            _log.warning("telemetry is not taken, and lost to where it is forwarded: %s", reason)

    def _failed(self, problem: str, asked: float | None) -> bool:
        """Wait before the next try; return whether to stop instead."""
        if not self.stats.failures:
            _log.warning("telemetry waits in the journal, nothing is forwarded for now: %s", problem)
        wait = self._backoff.failed(asked)
        self.stats.failures = self._backoff.failures
        self.stats.problem = problem
        return self._pause(wait)

    def _succeeded(self) -> None:
        if self.stats.failures:
            _log.warning("telemetry is forwarded again")
        self._backoff.succeeded()
        self.stats.failures, self.stats.problem = 0, ""

    def _save(self) -> None:
        self._saved = time.monotonic()
        if self._at != self.position:
            self._kept.save(self._at)
            self.position = self._at

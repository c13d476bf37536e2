"""Hands the alerts that Kibana keeps to the intake, as if they had been sent."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from stormcell.config import KibanaAlertsSettings
from stormcell.decode.kibana import alerts
from stormcell.decode.report import Report, Scribe
from stormcell.errors import DeliveryError, RefusedError, StormcellError
from stormcell.protocols import Clock
from stormcell.sidecar.intake import RejectedError
from stormcell.sidecar.kibana.search import Hit, no_answer
from stormcell.sidecar.position import Position
from stormcell.types import RequestKind
from stormcell.wire.backoff import Backoff

PAGE: Final = 500
"""Documents that are asked for at once, at most."""

SAVED_EVERY: Final = 1.0
"""Seconds before a time is saved: the journal may be on the disk no sooner."""

UNREACHABLE: Final = "unreachable"
"""Why a round failed that had no answer."""

_ODD: Final = 0

_log = logging.getLogger(__name__)


class Pages(Protocol):
    """Where alert documents are (see ``search.Search``)."""

    @property
    def indices(self) -> str:
        """Where it looks, for messages."""
        ...

    def page(
        self, since: int, after: Sequence[Any] | None, size: int, *, whole: bool = True
    ) -> tuple[int, list[Hit]] | None:
        """Return alert documents in the order of their times."""
        ...

    def may_read(self) -> bool:
        """Return whether we have the right to."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Taker(Protocol):
    """Takes requests in (see ``Intake``)."""

    limit: int

    def take(self, kind: RequestKind, body: bytes, /) -> object:
        """Return once a request is kept."""
        ...


@dataclass(slots=True)
class PollStats:
    """What was fetched since the start.

    Attributes
    ----------
    rounds : int
        That came to the end of what was new.
    taken : int
        Alert documents that were handed over.
    known : int
        Those that said nothing new; for so often as they were asked for again.
    odd : int
        Those that cannot be read.
    failures : Counter of str
        Rounds that failed, by why: the status of the answer, "unreachable", "overload" or "error".
    problem : str
        Why the last round failed; "" where it did not.
    """

    rounds: int = 0
    taken: int = 0
    known: int = 0
    odd: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    problem: str = ""


class _Read(NamedTuple):
    """How an alert stands by a version of its document, as a number, and when that changed last, ms since 1970."""

    version: tuple[int, int]
    state: int
    changed: int


class _Fresh(NamedTuple):
    """A document to hand over, and what to remember of it."""

    name: int
    read: _Read
    body: bytes


class Poller:
    """Asks for alert documents again and again, and hands over those that say something new.

    The time up to which all was seen moves on only once the journal has it. What changed within
    ``overlap_seconds`` before that is asked for again, as it may show up late; what was handed over of it is
    remembered.

    Parameters
    ----------
    settings : KibanaAlertsSettings
    pages : Pages
        Closed at the end.
    intake : Taker
    kept : Position
        Of the time up to which all was seen, ms since 1970.
    clock : Clock
    seed : bytes, optional
        What waits by chance follow from.

    Attributes
    ----------
    stats : PollStats
    position : int or None
        As it was saved last.

    Raises
    ------
    StoreError
        If the time that was saved cannot be read.
    """

    def __init__(
        self,
        settings: KibanaAlertsSettings,
        pages: Pages,
        intake: Taker,
        kept: Position,
        clock: Clock,
        seed: bytes | None = None,
    ) -> None:
        self.stats = PollStats()
        self._settings, self._pages, self._intake, self._kept, self._clock = settings, pages, intake, kept, clock
        self._backoff = Backoff(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kibana-alerts", daemon=True)
        self._overlap = int(settings.overlap_seconds * 1e3)
        self.position = kept.load()
        first = self._now() - int(settings.lookback_seconds * 1e3) + self._overlap
        self._at = first if self.position is None else self.position
        # What is to be saved next, and since when.
        self._due = self._at, time.monotonic()
        self._problem = ""
        self._seen: dict[int, _Read] = {}
        self._ended = time.monotonic()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Ask for no more; wait at most so many seconds for what is under way."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(grace)

    @property
    def behind(self) -> float:
        """Seconds since all that was new was seen."""
        return time.monotonic() - self._ended

    def step(self) -> float:
        """Hand over all that is new, page by page; return the seconds to wait before the next round."""
        began = time.monotonic()
        self._save()
        since = self._at - self._overlap
        after: list[Any] | None = None
        size = PAGE
        while not self._stopping.is_set():
            found = self._pages.page(since, after, size)
            if found is None and size > 1:  # it is too large
                size //= 2
                continue
            # By itself it is: it is passed over.
            found = found or self._pages.page(since, after, size, whole=False)
            if found is None:
                raise no_answer()
            shards, hits = found
            if not shards and not self._pages.may_read():
                raise DeliveryError(
                    f"expected the right to read {self._pages.indices}, found none; give the role the privilege "
                    "`read` on it",
                    retryable=True,
                    status=403,
                )
            self._take(hits)
            if len(hits) < size:
                self._done(since)
                break
            after, size = hits[-1].sort, min(2 * size, PAGE)
        # In a storm others ask, too: no more than half of the time is ours.
        return max(self._settings.every_seconds, time.monotonic() - began)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._stopping.wait(self._guarded_step())
        finally:
            self._pages.close()

    def _guarded_step(self) -> float:
        """Do a round, and return the seconds to wait, whatever happens."""
        try:
            wait = self.step()
        except RefusedError as error:
            return self._failed(str(error), "overload", error.retry_after)
        except DeliveryError as error:
            why = UNREACHABLE if error.status is None else str(error.status)
            return self._failed(str(error), why, error.retry_after)
        except StormcellError as error:
            return self._failed(str(error), "error")
        except Exception as error:  # whatever it is, the next try may do
            _log.exception("fetching alerts failed")
            return self._failed(f"{type(error).__name__}: {error}", "error")
        if self.stats.problem:
            _log.warning("alerts are fetched again")
        self._backoff.succeeded()
        self.stats.problem = ""
        return wait

    def _failed(self, problem: str, why: str, asked: float | None = None) -> float:
        if problem != self.stats.problem:
            _log.warning("no alerts can be fetched for now: %s", problem)
        self.stats.problem = problem
        self.stats.failures[why] += 1
        return self._backoff.failed(asked)

    def _done(self, since: int) -> None:
        """Note that a round came to its end; forget what will not be asked for again."""
        if self._problem:
            _log.warning("alert documents cannot be read, the last of them: %s", self._problem)
        self._problem = ""
        self.stats.rounds += 1
        self._ended = time.monotonic()
        self._seen = {name: read for name, read in self._seen.items() if read.changed >= since}
        self._save()

    def _take(self, hits: Sequence[Hit]) -> None:
        """Hand over what is new in a page, and move on."""
        fresh: list[_Fresh] = []
        for hit in hits:
            name = hash(hit.name)
            known = self._seen.get(name)
            if known is not None and known.version == hit.version:
                self.stats.known += 1
                continue
            read, problem = _read(hit)
            if known is not None and known.state == read.state:
                self.stats.known += 1
                self._seen[name] = read
            elif problem:
                self._odd(1, problem)
                self._seen[name] = read
            else:
                fresh.append(_Fresh(name, read, json.dumps(hit.source, separators=(",", ":")).encode()))
        for part in _parts(fresh, self._intake.limit):
            self._hand_over(part)
            self._seen.update((one.name, one.read) for one in part)
        if hits:
            # What claims to come from later is not to take the others with it.
            self._at = max(self._at, min(hits[-1].time, self._now()))
            self._save()

    def _hand_over(self, part: Sequence[_Fresh]) -> None:
        try:
            self._intake.take(RequestKind.KIBANA, b"[" + b",".join(one.body for one in part) + b"]")
        except RejectedError as error:  # another try would not mend it
            self._odd(len(part), str(error))
        else:
            self.stats.taken += len(part)

    def _odd(self, number: int, problem: str) -> None:
        self.stats.odd += number
        self._problem = problem

    def _save(self) -> None:
        at, since = self._due
        now = time.monotonic()
        # The first is safe: of what came before it nothing is promised.
        if self.position is None or (at != self.position and now - since >= SAVED_EVERY):
            self._kept.save(at)
            self.position = at
        if at == self.position:
            self._due = self._at, now

    def _now(self) -> int:
        return self._clock.now() // 10**6


def _read(hit: Hit) -> tuple[_Read, str]:
    """Return how an alert stands, and what is wrong with its document if it cannot be read."""
    if hit.source is None:
        return _Read(hit.version, _ODD, hit.time), "it is too large"
    report = Report()
    for event in alerts(hit.source, (), Scribe(report, strict=False)):
        state = hash((event.uid, event.status, event.duration))
        return _Read(hit.version, state, max(hit.time, (event.time + event.duration) // 10**6)), ""
    return _Read(hit.version, _ODD, hit.time), report.problems[0].message if report.problems else "it is no alert"


def _parts(fresh: Iterable[_Fresh], limit: int) -> Iterator[list[_Fresh]]:
    """Yield documents in as few parts as may be, each of at most ``limit`` bytes unless it is one alone."""
    part: list[_Fresh] = []
    size = 2
    for one in fresh:
        if part and size + len(one.body) + 1 > limit:
            yield part
            part, size = [], 2
        part.append(one)
        size += len(one.body) + 1
    if part:
        yield part

"""The thread that reads the journal: events go to what is held, and are assigned for now."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from typing import Final

from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.engine.shared import WAIT, Shared
from stormcell.engine.worker import Worker
from stormcell.errors import unexpected
from stormcell.journal import Entry
from stormcell.semconv import OWN_SERVICE
from stormcell.types import Record, Request, Signal

log: Final = logging.getLogger("stormcell")

_PAUSE: Final = 1.0
"""Seconds before a journal that could not be read is tried again."""
_KEPT_LATENCIES: Final = 100_000
_BEHIND: Final = 1 << 20
"""Bytes of the journal behind which nothing is assigned provisionally: the tick will do it sooner than we
could."""


class Reader(Worker):
    """Reads the journal.

    What cannot be read for a reason of its own is counted as broken, so that what comes after it is read; for any
    other reason it is tried again.

    Parameters
    ----------
    shared : Shared
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__("intake", shared.signals, _PAUSE, "the journal could not be read, and will be again")
        self._shared, self._live, self._stats = shared, shared.live, shared.stats
        self._report = Report()
        self._requests = Requests(shared.settings, self._report)
        self._noted: set[tuple[str, int]] = set()

    def step(self) -> bool:
        """Read what the journal holds now, or wait for more."""
        journal, stats, draining = self._shared.journal, self._stats, self._signals.draining
        if not journal.wait(stats.position, WAIT):
            return draining
        end = journal.end
        for entry in journal.read(stats.position):
            self._make_room()
            if self._signals.stopping:
                return False
            self._take(entry)
        # Where the last of it was damaged there was no entry.
        stats.position = max(stats.position, end)
        return False

    def _make_room(self) -> None:
        """Wait while more is held than may be: the journal is the queue."""
        while self._live.is_full() and not self._signals.stopping:
            self._signals.tell()
            self._signals.wait(WAIT, lambda: not self._live.is_full())

    def _take(self, entry: Entry) -> None:
        shared, stats, request = self._shared, self._stats, entry.request
        records = self._records(request)
        self._hold(records, request.received)
        latest = request.received + int(shared.settings.live.future_seconds * 1e9)
        shared.segments.saw(entry.end, max((one.time for one in records if one.time <= latest), default=0))
        stats.position = entry.end
        stats.arrived = shared.monotonic()
        if shared.journal.end - entry.end < _BEHIND:
            self._assign(records)
            stats.latencies.append((shared.clock.now() - request.received) / 1e9)
            if len(stats.latencies) > _KEPT_LATENCIES:
                del stats.latencies[: _KEPT_LATENCIES // 2]

    def _records(self, request: Request) -> list[Record]:
        stats, before = self._stats, self._report.broken
        records: list[Record] = []
        try:
            for record in self._requests.records(request):
                if record.service == OWN_SERVICE and record.signal is not Signal.ALERT:
                    stats.own += 1
                else:
                    records.append(record)
        except MemoryError:
            raise
        except Exception as error:  # it was looked over before it was acknowledged
            self._broken(error, "a request in the journal cannot be read")
        stats.broken += self._report.broken - before
        return records

    def _hold(self, records: Sequence[Record], received: int) -> None:
        try:
            self._live.extend(records, received)
        except MemoryError:
            raise
        except Exception:
            # Which of them it was is not known; those that are held already count once.
            for record in records:
                try:
                    self._live.extend([record], received)
                except MemoryError:
                    raise
                except Exception as error:
                    self._broken(error, "an event cannot be counted")

    def _assign(self, records: Sequence[Record]) -> None:
        counts = self._stats.provisional
        for record in records:
            try:
                why = self._shared.assigner.assign(record).why
            except Exception as error:  # the tick will do it
                self._note(error, "an event cannot be assigned for now")
                why = "failed"
            counts[why] = counts.get(why, 0) + 1

    def _broken(self, error: Exception, what: str) -> None:
        self._stats.broken += 1
        self._note(error, what)

    def _note(self, error: Exception, what: str) -> None:
        """Log what went wrong, once for each place where it does: who sends it may send it a million times."""
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        place = frame.f_code.co_filename, line
        if place not in self._noted:
            self._noted.add(place)
            log.error("%s: %s", what, error, exc_info=unexpected(error))

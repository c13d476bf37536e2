"""The live core: events in, ticks out. It has no thread, no clock and does no I/O.

The same events give the same ticks in whatever order they come, as long as none comes later than the settings
allow; so a replay of files gives what the sidecar gave.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from stormcell.config import Settings
from stormcell.engine.horizon import tick_width
from stormcell.engine.pausing import without_collecting
from stormcell.engine.tick import Living, Tick, tick
from stormcell.features.counted import Counted
from stormcell.features.knowledge import Knowledge
from stormcell.features.rows import RowBuilder
from stormcell.types import Event, Feedback, Record, Rows, Signal

LATEST: Final = 2**63 - 1
_MOST_STRAGGLERS: Final = 10_000
"""Events that come too late, or from the future, that are held before adding waits for a tick."""
_FULL: Final = 1.1
"""How much more is held than may be before adding waits for a tick."""


@dataclass(slots=True)
class Counts:
    """Events that came, and what was odd about them.

    Attributes
    ----------
    events : int
    late : int
        Came after their tick, and joined a later one.
    too_late : int
        Came when everything before was settled.
    future : int
        Claimed to come from long after they were received.
    """

    events: int = 0
    late: int = 0
    too_late: int = 0
    future: int = 0


@dataclass(slots=True)
class Memory:
    """What goes on when everything else is forgotten.

    Attributes
    ----------
    knowledge : Knowledge
        Of all that is settled.
    released : int
        Everything before this is settled, ns.
    now : int
        Event time of the last tick, ns.
    living : mapping of str to Living
    """

    knowledge: Knowledge
    released: int = 0
    now: int = 0
    living: Mapping[str, Living] = field(default_factory=dict)


class Live:
    """Holds the events that may still change groups, and ticks.

    Events may be added by one thread while another ticks.

    Parameters
    ----------
    settings : Settings
    memory : Memory
        Belongs to it from now on.

    Attributes
    ----------
    builder : RowBuilder
    counts : Counts
    watermark : int
        The latest event time seen, ns.
    late : bool
        Whether anything waits for a tick that need not move time on: it came after its own, or is not to be
        grouped.
    """

    def __init__(self, settings: Settings, memory: Memory) -> None:
        self._settings = settings
        self._width = tick_width(settings)
        self._lateness = int(settings.live.lateness_seconds * 1e9)
        self._future = int(settings.live.future_seconds * 1e9)
        self._lock = threading.Lock()
        self._fresh: set[int] = set()
        self._resolved: set[str] = set()
        self._firing = _put_away(memory.living)
        self._memory = memory
        self._ticking = memory.now
        self._counted: Counted | None = None
        self._meanwhile: list[Record] = []
        self._stragglers: list[Event] = []
        self.builder = RowBuilder(settings)
        self.counts = Counts()
        self.watermark = memory.now
        self.late = self._late_meanwhile = False

    @property
    def memory(self) -> Memory:
        """What is known for good, and who lives."""
        return self._memory

    def extend(self, records: Iterable[Record], received: int | None = None) -> None:
        """Take in the events of one request.

        Parameters
        ----------
        records : iterable of Record
        received : int, optional
            Wall clock, ns: what claims to be from long after it is not grouped, and nothing from after
            it moves time.
        """
        latest = LATEST if received is None else received + self._future
        with self._lock:
            self.builder.extend(self._sorted(records, latest, received or LATEST))

    def _sorted(self, records: Iterable[Record], latest: int, received: int) -> Iterator[Record]:
        """Yield the records that are to be held, having noted what else they tell."""
        width, released, now, ticking = self._width, self._memory.released, self._memory.now, self._ticking
        for record in records:
            time = record.time
            self.counts.events += 1
            if time > latest:
                self.counts.future += 1
                self._apart(record)
                continue
            if time < released:
                self._settle_late(record)
                continue
            at = time // width
            end = (at + 1) * width
            if end > now:
                # Of a tick that goes on, too: it may fail.
                self._fresh.add(at)
                if time > self.watermark:
                    self.watermark = max(self.watermark, min(time, received))
            if end <= ticking:
                self.counts.late += 1
                self._wait_for_tick()
                if self._counted is not None:
                    self._meanwhile.append(record)
            yield record

    def _wait_for_tick(self) -> None:
        """Note that a tick is to be made, for one that goes on does not see what comes now."""
        self.late = self._late_meanwhile = True

    def _settle_late(self, record: Record) -> None:
        if record.signal is Signal.ALERT and record.uid in self._firing:
            # Its group has it already; all that can be new is that it no longer fires.
            if record.event().status == "resolved":
                self._resolved.add(record.uid)
                self._wait_for_tick()
            return
        self.counts.too_late += 1
        self._apart(record)

    def _apart(self, record: Record) -> None:
        self._stragglers.append(record.event())
        self._wait_for_tick()

    def due(self, until: int | None = None) -> Iterator[int]:
        """Yield the event times at which a tick is due, ascending; commit each before the next is asked for.

        Parameters
        ----------
        until : int, optional
            Event time, ns, before which no more events are waited for; by default what the watermark says.
        """
        while True:
            complete = self.watermark - self._lateness if until is None else until
            with self._lock:
                now = (min(self._fresh) + 1) * self._width if self._fresh else None
            if now is None or now > complete:
                return
            yield now

    def is_due(self) -> bool:
        """Whether a tick is due."""
        return next(self.due(), None) is not None

    def is_full(self) -> bool:
        """Whether so much is held that nothing should be added before the next tick."""
        return self.is_crowded() or len(self._stragglers) >= _MOST_STRAGGLERS

    def is_crowded(self) -> bool:
        """Whether more may be held only once time has moved on."""
        live = self._settings.live
        return self.builder.events > _FULL * live.max_events or len(self.builder) > _FULL * live.max_rows

    def end(self) -> int:
        """Return the event time of a tick that leaves out nothing that came."""
        return self.at(self.watermark + self._width)

    def at(self, time: int) -> int:
        """Return the event time of the tick before a time, ns; none is before the last one."""
        return max(time // self._width * self._width, self._memory.now)

    @without_collecting()
    def tick(
        self,
        now: int,
        statuses: Mapping[str, str] | None = None,
        feedback: Sequence[Feedback] = (),
        *,
        everything: bool = False,
    ) -> Tick:
        """Find the groups of the events before ``now``; nothing changes before ``commit``.

        Parameters
        ----------
        now : int
            Event time, ns, not before the last tick.
        statuses : mapping of str to str, optional
            The statuses of all stored groups.
        feedback : sequence of Feedback
            What people said of groups, oldest first.
        everything : bool
            See ``tick.tick``.
        """
        memory = self._memory
        with self._lock:
            counted = self._counted = self.builder.counted()
            self._ticking, self._meanwhile = now, []
            self._late_meanwhile = False
            resolved, stragglers = frozenset(self._resolved), tuple(self._stragglers)
        knowledge = memory.knowledge.copy()
        rows = counted.before(now).rows(knowledge.miner)
        knowledge.learn_rows(rows, new=True)
        return tick(
            now,
            rows,
            knowledge,
            memory.living,
            memory.released,
            self._settings,
            taken=list(statuses or ()),
            statuses=statuses,
            feedback=feedback,
            resolved=resolved,
            stragglers=stragglers,
            everything=everything,
        )

    @without_collecting()
    def settled(self, found: Tick) -> tuple[Knowledge, Rows | None]:
        """Return what is known for good once a tick is committed, and the rows that it settles; None for none."""
        if found.released <= self._memory.released:
            return self._memory.knowledge, None
        assert self._counted is not None, "a tick has counted them"
        knowledge = self._memory.knowledge.copy()
        rows = self._counted.before(found.released).rows(knowledge.miner)
        knowledge.learn_rows(rows, new=True)
        return knowledge, rows

    def settled_knowledge(self, found: Tick) -> Knowledge:
        """Return what is known for good once a tick is committed."""
        return self.settled(found)[0]

    def commit(self, found: Tick, knowledge: Knowledge) -> None:
        """Make what a tick found what is so.

        Parameters
        ----------
        found : Tick
        knowledge : Knowledge
            See ``settled``.
        """
        with self._lock:
            self._counted = None
            del self._stragglers[: len(found.stragglers)]
            self.late = self._late_meanwhile
            if found.released > self._memory.released:
                self.builder.release(found.released)
                for record in self._meanwhile:
                    # It came while the tick went on, which did not see it.
                    if record.time < found.released:
                        self.counts.too_late += 1
                        self._apart(record)
            self._fresh = {at for at in self._fresh if at * self._width >= found.now}
            self._resolved -= found.resolved
            self._firing = _put_away(found.living)
            self._memory = Memory(knowledge, found.released, found.now, found.living)
            self._meanwhile = []


def _put_away(living: Mapping[str, Living]) -> frozenset[str]:
    """Return the uids of the alerts that fire in groups whose events are held no more."""
    return frozenset(uid for one in living.values() if one.final for uid in one.life.firing)

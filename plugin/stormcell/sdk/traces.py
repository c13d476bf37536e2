"""Which traces are passed on, and for how many each of them stands.

A trace is held until what began it here has ended and a tick may have seen it. Then it is passed on if it is
surprising; of the others a few of each kind stand for the rest, those whose ids have the smallest hashes, so that
services tend to keep the same. Who is left out so far is held on for as long as there is room: its group may yet
choose it for its exemplar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic

from stormcell.engine.chosen import rank, shares
from stormcell.sdk.parts import Kind, Part, Rules, S
from stormcell.types import Assignment, Record

Read = Callable[[Sequence[S]], Mapping[str, Sequence[Record]]]
"""Returns the records of spans, by the ids of their traces; what cannot be read is not there."""
Weighed = tuple[S, int]
"""A span that is passed on, and for how many its trace stands: 0 if others stand for it already."""

_DECIDED: Final = 20_000
"""Traces whose decision is remembered."""
_CELLS: Final = 5_000
_LONGEST: Final = 4
"""After so many times the time of holding, a trace is looked at though nothing that began it has ended."""
_ROOM: Final = 0.9
_LEFT_OUT: Final = -1


@dataclass(slots=True, eq=False)
class _Trace(Generic[S]):
    id: str
    first: int
    last: int
    spans: list[S] = field(default_factory=list)
    kind: Kind | None = None
    record: Record | None = None
    """One of its, once it was looked at."""


@dataclass(slots=True, eq=False)
class _Cell(Generic[S]):
    """The traces of one kind that nobody stands for yet: how many, and those that may come to."""

    count: int = 0
    fresh: bool = True
    """Whether the candidates are of this interval."""
    candidates: dict[str, _Trace[S]] = field(default_factory=dict)


class TraceSampler(Generic[S]):
    """Decides trace by trace; has no thread, no clock and does no I/O of its own.

    The weights of all traces that are passed on sum to the number of traces, once ``flush`` was called.

    Parameters
    ----------
    rules : Rules
    read : callable
    assign : callable
        Where an event belongs.
    """

    def __init__(self, rules: Rules, read: Read[S], assign: Callable[[Record], Assignment]) -> None:
        self._rules, self._read, self._assign = rules, read, assign
        self._held: dict[str, _Trace[S]] = {}
        self._waiting: dict[str, _Trace[S]] = {}
        self._cells: dict[Kind, _Cell[S]] = {}
        self._cell_of: dict[str, Kind] = {}
        self._decided: dict[str, int] = {}
        self._told: Counter[Kind] = Counter()
        self._interval = self._again = self._next = 0
        self._passed: list[Weighed[S]] = []
        self.spans = 0
        """How many are held."""
        self.left_out = 0
        """Spans that were not passed on."""

    def add(self, parts: Iterable[Part[S]], now: int) -> list[Weighed[S]]:
        """Take spans, and return what is to be passed on by now.

        Parameters
        ----------
        parts : iterable of Part
        now : int
            When they came, ns.
        """
        for part in parts:
            self._add(part, now)
            if self.spans > self._rules.most:
                self._relieve()
        return [*self._taken(), *self.due(now)]

    def due(self, now: int) -> list[Weighed[S]]:
        """Return what is to be passed on by now, ns."""
        rules = self._rules
        if now >= self._next:
            # Looking through all that is held for each span that comes would be too much.
            self._next = now + rules.hold // 10
            ripe = [
                one
                for one in self._held.values()
                if (one.kind is not None and now - one.last >= rules.hold)
                or now - one.first >= _LONGEST * rules.hold
            ]
            self._look(ripe)
        if now >= self._again:
            self._again = now + rules.hold
            self._look_again(now)
        if (interval := now // rules.interval) != self._interval:
            self._interval = interval
            self._told.clear()
            for kind in list(self._cells):
                self._close(kind)
        return self._taken()

    def flush(self) -> list[Weighed[S]]:
        """Decide all at once, and return what is to be passed on."""
        self._look(list(self._held.values()))
        for kind in list(self._cells):
            self._empty(kind)
        self._drop_waiting(0)
        return self._taken()

    def _taken(self) -> list[Weighed[S]]:
        taken, self._passed = self._passed, []
        return taken

    def _add(self, part: Part[S], now: int) -> None:
        weight = self._decided.get(part.trace)
        if weight is not None:
            if weight == _LEFT_OUT and part.error:
                # What came before is gone; others stand for its trace.
                weight = self._decided[part.trace] = 0
            if weight == _LEFT_OUT:
                self.left_out += 1
            else:
                self._passed.append((part.span, weight))
            return
        trace = self._held.get(part.trace) or self._waiting.get(part.trace) or self._candidate(part.trace)
        if trace is None:
            trace = self._held[part.trace] = _Trace(part.trace, now, now)
        trace.spans.append(part.span)
        trace.last = now
        self.spans += 1
        if part.kind is not None and trace.kind is None:
            trace.kind = part.kind
        if part.error:
            self._pass(trace, self._owed(trace))

    def _owed(self, trace: _Trace[S]) -> int:
        """Return for how many a trace stands that is passed on for its own sake."""
        if trace.id in self._waiting:
            return 0  # others do for it
        kind = self._cell_of.get(trace.id)
        if kind is None:
            return 1
        cell = self._cells[kind]
        if len(cell.candidates) > 1:
            cell.count -= 1
            return 1
        return cell.count  # nobody else can

    def _candidate(self, id: str) -> _Trace[S] | None:
        kind = self._cell_of.get(id)
        return None if kind is None else self._cells[kind].candidates[id]

    def _pass(self, trace: _Trace[S], weight: int) -> None:
        self._forget(trace)
        self._passed.extend((span, weight) for span in trace.spans)
        self._decide(trace.id, weight)

    def _leave_out(self, trace: _Trace[S]) -> None:
        """Let others stand for a trace, which waits from now on."""
        self._leave_cell(trace)
        self._waiting[trace.id] = trace

    def _drop(self, trace: _Trace[S]) -> None:
        self._forget(trace)
        self.left_out += len(trace.spans)
        self._decide(trace.id, _LEFT_OUT)

    def _forget(self, trace: _Trace[S]) -> None:
        """Hold a trace no longer."""
        self._held.pop(trace.id, None)
        self._waiting.pop(trace.id, None)
        self._leave_cell(trace)
        self.spans -= len(trace.spans)

    def _leave_cell(self, trace: _Trace[S]) -> None:
        kind = self._cell_of.pop(trace.id, None)
        if kind is not None:
            cell = self._cells[kind]
            del cell.candidates[trace.id]
            if not cell.candidates:
                del self._cells[kind]

    def _decide(self, id: str, weight: int) -> None:
        self._decided[id] = weight
        if len(self._decided) > _DECIDED:
            del self._decided[next(iter(self._decided))]

    def _look(self, traces: Sequence[_Trace[S]]) -> None:
        """Look at traces that are held, with one reading of all."""
        if not traces:
            return
        records = self._read([span for trace in traces for span in trace.spans])
        for trace in traces:
            own = records.get(trace.id, ())
            if self._surprises(own):
                self._pass(trace, 1)
            else:
                trace.record = next(iter(own), None)
                self._reserve(trace)

    def _surprises(self, records: Iterable[Record]) -> bool:
        """Whether something in a trace surprises that was not told often enough by now: in a storm all does."""
        found = False
        for record in records:
            to = self._assign(record)
            if to.surprise >= self._rules.surprise:
                what = (record.service, to.template or record.text)
                if self._told[what] < self._rules.per_kind:
                    self._told[what] += 1
                    found = True
        return found

    def _look_again(self, now: int) -> None:
        """Pass on those that have become exemplars, and drop those that will not."""
        candidates = [one for cell in self._cells.values() for one in cell.candidates.values()]
        for trace in (*self._waiting.values(), *candidates):
            age = now - trace.first
            if age >= self._rules.settle and self._shows(trace):
                self._pass(trace, self._owed(trace))
            elif age >= self._rules.patience and trace.id in self._waiting:
                self._drop(trace)

    def _shows(self, trace: _Trace[S]) -> bool:
        """Whether a group is shown by a trace."""
        # Any of its records is known by the trace, as long as it is held where it is grouped.
        return trace.record is not None and trace.id in self._assign(trace.record).traces

    def _reserve(self, trace: _Trace[S]) -> None:
        """Count a trace among those of its kind, of which it may come to stand for others."""
        self._held.pop(trace.id, None)
        kind = trace.kind or ("", "")
        if kind not in self._cells and len(self._cells) >= _CELLS:
            self._empty(next(iter(self._cells)))
        cell = self._cells.setdefault(kind, _Cell())
        cell.count += 1
        old = () if cell.fresh else tuple(cell.candidates.values())
        cell.fresh = True
        cell.candidates[trace.id] = trace
        self._cell_of[trace.id] = kind
        for one in old:
            self._leave_out(one)
        if len(cell.candidates) > self._rules.per_kind:
            self._leave_out(max(cell.candidates.values(), key=lambda one: rank(one.id)))

    def _close(self, kind: Kind) -> None:
        """End an interval: pass on as many of a kind as it is time for; without any, one is kept for the next."""
        cell = self._cells[kind]
        cell.fresh = False
        kept = min(cell.count // self._rules.one_in, len(cell.candidates))
        if kept:
            self._empty(kind, kept)
        else:
            ranked = sorted(cell.candidates.values(), key=lambda one: rank(one.id))
            for trace in ranked[1:]:
                self._leave_out(trace)

    def _empty(self, kind: Kind, kept: int = 1) -> None:
        """Let a few stand for all of a kind."""
        cell = self._cells[kind]
        weights = shares(cell.count, kept)
        for place, trace in enumerate(sorted(cell.candidates.values(), key=lambda one: rank(one.id))):
            if place < kept:
                self._pass(trace, weights[place])
            else:
                self._leave_out(trace)

    def _relieve(self) -> None:
        """Decide the oldest traces until fewer spans are held."""
        most = int(_ROOM * self._rules.most)
        self._drop_waiting(most)
        oldest, room = [], self.spans - most
        for trace in self._held.values():
            if room <= 0:
                break
            oldest.append(trace)
            room -= len(trace.spans)
        self._look(oldest)
        self._drop_waiting(most)
        for kind in list(self._cells):
            if self.spans <= most:
                return
            self._empty(kind)
            self._drop_waiting(most)

    def _drop_waiting(self, most: int) -> None:
        """Decide the oldest of those that wait until no more spans than that are held."""
        for trace in list(self._waiting.values()):
            if self.spans <= most:
                return
            if self._shows(trace):
                self._pass(trace, 0)
            else:
                self._drop(trace)

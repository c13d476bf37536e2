"""Rows: events of one fingerprint, one time bucket and the same links, counted instead of kept."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np

from stormcell.config import Settings
from stormcell.features.compact import Numbers, Uids, column, pack_uid
from stormcell.features.counted import Counted, Raw, spelled
from stormcell.features.keys import LinkKeys
from stormcell.features.ruled import RuledKeys
from stormcell.features.shelf import Shelf
from stormcell.features.traits import Traits
from stormcell.privacy import Concealer
from stormcell.text.mining import TemplateMiner
from stormcell.text.skeleton import Skeleton
from stormcell.text.slots import Comparison
from stormcell.text.templates import Parser
from stormcell.types import Event, IntArray, Reading, Record, Rows, Signal, Spans, record_of

_LOG, _SPAN, _ALERT = Signal.LOG, Signal.SPAN, Signal.ALERT
_CODES = {signal: code for code, signal in enumerate(Signal)}
_BATCH = 1024
"""Events that are read before they are counted."""
_RECENT = 4096
"""Rows and kinds that are found at once."""
_KEPT_COMPARISONS = 8192
"""Rows whose texts are at hand: events of a row mostly come soon after each other."""


class RowBuilder:
    """Counts a stream of events into rows; memory grows with the rows, and by some bytes an event.

    Parameters
    ----------
    settings : Settings
        Its rows, its masks, its privacy and its rules.
    miner : TemplateMiner, optional
        Knows the templates of logs; learns those of the events when they are finished, in order of time.
    """

    def __init__(self, settings: Settings, miner: TemplateMiner | None = None) -> None:
        self._bucket = int(settings.rows.bucket_seconds * 1e9)
        self._miner = miner or TemplateMiner()
        self._private = settings.privacy.mask
        self._concealer = Concealer()
        self._show: Callable[[str], str] = self._concealer.text if self._private else str
        self._parser = Parser(settings.text.masks, private=self._private)
        # Templates and kinds, a template with a severity, are numbered as they come.
        self._templates: dict[Raw, int] = {}
        self._kinds: dict[tuple[int, int], int] = {}
        self._kind_of: dict[tuple[int, str, int, Skeleton | str], int] = {}
        traits = Traits(settings)
        self._keys = RuledKeys(LinkKeys(self._show), traits) if traits else LinkKeys(self._show)
        # Of each event.
        self._seen = Numbers()
        self._uids = Uids()
        self._row_of = array("i")
        # Of each row.
        self._places = Numbers()
        self._shelf = Shelf()
        self._kind, self._key, self._event, self._spot = (array("i") for _ in range(4))
        self._first, self._last = array("q"), array("q")
        self._varied: dict[int, int] = {}
        self._settled = bytearray()
        # What was met last, for it mostly comes again soon.
        self._recent: dict[tuple[int, int, int], int] = {}
        self._recent_kinds: dict[tuple[Signal, str, int, int], tuple[int, Skeleton | str]] = {}
        self._comparisons: dict[int, Comparison] = {}
        # Of each span.
        self._span_row = array("i")
        self._span_columns = tuple(array("q") for _ in range(3))
        self.duplicates = 0

    def __len__(self) -> int:
        return len(self._kind)

    @property
    def events(self) -> int:
        """How many events are held."""
        return len(self._row_of)

    def add(self, event: Event | Record) -> None:
        """Count one event; one whose uid was seen before is a duplicate and dropped, the first read is kept."""
        record = record_of(event) if isinstance(event, Event) else event
        uid, signal, time, service, severity, text, duration, _, span, parent, _, _, whole = record
        packed = pack_uid(uid)
        # Before anything is noted: whatever is wrong with a text shows here.
        parsed = self._parser.log(text) if signal is _LOG else self._parser.name(text)
        number = len(self._row_of)
        hashed = hash(packed)
        known = self._seen.setdefault(hashed, number, self._uids.is_at, packed)
        if known != number:
            self.duplicates += 1
            self._repeat(known, record)
            return
        template = parsed.template
        held = self._recent_kinds.get((signal, service, severity, id(template)))
        kind = self._kind_number(record, template) if held is None else held[0]
        place = time // self._bucket, kind, self._keys.number(record, parsed.keys)
        row = self._recent.get(place, -1)
        at = len(self._kind)
        if row < 0:
            row = self._places.setdefault(hash(place), at, self._is_row, place)
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            self._recent[place] = row
        if row == at:
            _, kind, key = place
            self._kind.append(kind)
            self._key.append(key)
            self._event.append(number)
            self._spot.append(self._shelf.put(whole))
            self._first.append(time)
            self._last.append(time)
            self._settled.append(0)
        else:
            if not self._settled[row]:
                self._compare(row, text, template)
            if time > self._last[row]:
                self._last[row] = time
            if time <= self._first[row]:
                self._lead(row, number, record)
        self._row_of.append(row)
        self._uids.append(packed, hashed)
        if signal is _SPAN:
            self._span_row.append(row)
            spans, parents, durations = self._span_columns
            spans.append(_number(span))
            parents.append(_number(parent))
            durations.append(duration)

    def extend(self, events: Iterable[Event | Record]) -> None:
        """Count many events (see ``add``)."""
        add, left = self.add, iter(events)
        # Reading and counting by turns is faster than both at once: each is at home in the processor's caches.
        while batch := list(islice(left, _BATCH)):
            for event in batch:
                add(event)

    def _repeat(self, known: int, record: Record) -> None:
        """Note an event whose uid was seen: a resolved alert repeats the firing one and knows more.

        Whichever was read first.
        """
        row = self._row_of[known]
        if record.signal is not _ALERT or self._event[row] != known:
            return
        held = self._shelf[self._spot[row]]
        if held.signal is _ALERT:
            best = max(held, record.event(), key=_knowledge)
            # Most repeat what is known, for as long as the alert lasts.
            if best is not held:
                self._spot[row] = self._shelf.put(best)
                self._comparisons.pop(row, None)

    def _is_row(self, row: int, place: tuple[int, int, int]) -> bool:
        return place == (self._first[row] // self._bucket, self._kind[row], self._key[row])

    def _compare(self, row: int, text: str, template: Skeleton | str) -> None:
        """Note which slots of a row differ."""
        comparison = self._comparisons.get(row)
        if comparison is None:
            if len(self._comparisons) >= _KEPT_COMPARISONS:
                self._comparisons.clear()
            held = self._shelf[self._spot[row]].text
            comparison = Comparison(spelled(template), held, self._varied.get(row, 0))
            self._comparisons[row] = comparison
        if comparison.add(text):
            self._varied[row] = comparison.bits
        if comparison.settled:
            # There is nothing more to learn.
            self._settled[row] = True
            del self._comparisons[row]

    def _lead(self, row: int, number: int, record: Record) -> None:
        """Let an event stand for its row if it is the earliest."""
        if record.time < self._first[row] or record.uid < self._uids[self._event[row]]:
            self._first[row], self._event[row] = record.time, number
            self._spot[row] = self._shelf.put(record.whole)

    def _kind_number(self, record: Record, template: Skeleton | str) -> int:
        """Return the number of a kind, and remember it by the identity of its template, which is held."""
        spoken = (_CODES[record.signal], record.service, record.severity, template)
        kind = self._kind_of.get(spoken)
        if kind is None:
            kind = self._kind_of[spoken] = self._number(record, template)
        if len(self._recent_kinds) >= _RECENT:
            self._recent_kinds.clear()
        self._recent_kinds[record.signal, record.service, record.severity, id(template)] = kind, template
        return kind

    def _number(self, record: Record, found: Skeleton | str) -> int:
        """Return the number of a template with a severity."""
        template = (record.signal, self._show(record.service), found)
        kind = (self._templates.setdefault(template, len(self._templates)), record.severity)
        return self._kinds.setdefault(kind, len(self._kinds))

    def counted(self) -> Counted:
        """Return what was counted so far; it stays as it is while more is added or some is released."""
        spans = Spans(_copy(self._span_row), *map(_copy, self._span_columns))
        return Counted(
            bucket=self._bucket,
            templates=list(self._templates),
            kinds=np.array(list(self._kinds), dtype=np.int64).reshape(-1, 2),
            keys=self._keys,
            uids=self._uids,
            shelf=self._shelf,
            show=self._concealer.event if self._private else None,
            number=np.arange(len(self._row_of), dtype=np.int32),
            hash=_copy(self._uids.hashes),
            row_of=_copy(self._row_of),
            kind=_copy(self._kind),
            key=_copy(self._key),
            event=_copy(self._event),
            spot=_copy(self._spot),
            first=_copy(self._first),
            last=_copy(self._last),
            varied=dict(self._varied),
            spans=spans,
            duplicates=self.duplicates,
        )

    def finish(self) -> Rows:
        """Return the rows of all events so far (see Counted); more may be added, and the rows stay as they are."""
        return self.counted().rows(self._miner)

    def release(self, before: int) -> None:
        """Forget the rows whose time bucket ended by ``before``, with their events and all that is known of them.

        What is left is as if nothing else had ever been added, but for ``duplicates``, which counts on. An event
        whose uid was forgotten is new when it comes again. Costs as much as a few copies of what there is, and
        some work in Python for what is kept.

        Parameters
        ----------
        before : int
            ns since 1970. Buckets are forgotten whole, so that rows that turn out to be one go together.
        """
        kept = _copy(self._first) // self._bucket >= before // self._bucket
        if kept.all():
            return
        rows = np.flatnonzero(kept)
        into = np.cumsum(kept) - 1
        row_of = _copy(self._row_of)
        events = kept[row_of]
        self._seen, self._uids = self._seen.keep(events), self._uids.keep(events)
        self._row_of = column("i", into[row_of[events]])
        self._places = self._places.keep(kept)
        self._shelf = self._shelf.keep(_copy(self._spot)[rows])
        self._spot = column("i", np.arange(len(rows)))
        self._event = column("i", (np.cumsum(events) - 1)[_copy(self._event)[rows]])
        self._first, self._last = (column("q", _copy(held)[rows]) for held in (self._first, self._last))
        self._keep_kinds(_copy(self._kind)[rows])
        keys, key = np.unique(_copy(self._key)[rows], return_inverse=True)
        self._keys, self._key = self._keys.keep(keys.tolist()), column("i", key)
        self._settled = bytearray(np.frombuffer(self._settled, dtype=np.uint8)[rows].tobytes())
        self._recent.clear()
        self._recent_kinds.clear()
        self._varied = {int(into[row]): bits for row, bits in self._varied.items() if kept[row]}
        self._comparisons = {int(into[row]): one for row, one in self._comparisons.items() if kept[row]}
        span_row = _copy(self._span_row)
        spans = kept[span_row]
        self._span_row = column("i", into[span_row[spans]])
        self._span_columns = tuple(column("q", _copy(held)[spans]) for held in self._span_columns)

    def _keep_kinds(self, kinds: IntArray) -> None:
        """Forget all templates and kinds but those of the rows that are left, whose kinds these are."""
        used, kind = np.unique(kinds, return_inverse=True)
        self._kind = column("i", kind)
        number = {old: new for new, old in enumerate(used.tolist())}
        pairs = [pair for old, pair in enumerate(self._kinds) if old in number]
        raw = list(self._templates)
        self._templates = {}
        self._kinds = {}
        for template, severity in pairs:
            found = self._templates.setdefault(raw[template], len(self._templates))
            self._kinds[found, severity] = len(self._kinds)
        self._kind_of = {spoken: number[old] for spoken, old in self._kind_of.items() if old in number}


def build_rows(events: Iterable[Event | Record], settings: Settings, miner: TemplateMiner | None = None) -> Rows:
    """Count events into rows (see RowBuilder)."""
    builder = RowBuilder(settings, miner)
    builder.extend(events.records() if isinstance(events, Reading) else events)
    return builder.finish()


def _knowledge(alert: Event) -> tuple[bool, int, str]:
    """Rank what notifications of one alert tell; the rest only makes the order complete."""
    return alert.status == "resolved", alert.duration, repr(sorted(alert.attributes.items()))


def _copy(held: array[int]) -> IntArray:
    """Return a copy of a column; while there is a view nothing can be added."""
    return np.array(held)


def _number(span_id: str) -> int:
    """Return a span id as a signed 64-bit integer; 0 for none."""
    if not span_id:
        return 0
    return int.from_bytes(bytes.fromhex(span_id), "big", signed=True)

"""Rows: events of one fingerprint, one time bucket and the same links, counted instead of kept."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from stormcell.config import Settings
from stormcell.features.compact import Events, Members, Numbers, Shelf, Uids, pack_uid
from stormcell.features.keys import LinkKeys
from stormcell.features.merge import Merged, merge, runs
from stormcell.privacy import Concealer
from stormcell.text.mining import TemplateMiner, closed
from stormcell.text.skeleton import Skeleton, spell
from stormcell.text.slots import differing, every
from stormcell.text.templates import Parser
from stormcell.types import Event, IntArray, Reading, Record, Rows, Signal, Spans, Template, record_of

_LOG, _SPAN, _ALERT = Signal.LOG, Signal.SPAN, Signal.ALERT
_CODES = {signal: code for code, signal in enumerate(Signal)}
_LOG_CODE = _CODES[_LOG]
_KEPT_TEXTS = 8192
"""Rows whose texts are at hand: events of a row mostly come soon after each other."""


class RowBuilder:
    """Counts a stream of events into rows; memory grows with the rows, and by some bytes an event.

    Parameters
    ----------
    settings : Settings
        Its rows, its masks and its privacy.
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
        self._templates: dict[tuple[Signal, str, Skeleton | str], int] = {}
        self._kinds: dict[tuple[int, int], int] = {}
        self._kind_of: dict[tuple[int, str, int, Skeleton | str], int] = {}
        self._keys = LinkKeys(self._show)
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
        self._texts: dict[int, str] = {}
        # Of each span.
        self._span_row = array("i")
        self._span_columns = tuple(array("q") for _ in range(3))
        self.duplicates = 0

    def add(self, event: Event | Record) -> None:
        """Count one event; one whose uid was seen before is a duplicate and dropped, the first read is kept."""
        record = record_of(event) if isinstance(event, Event) else event
        uid, signal, time, service, severity, text, duration, _, span, parent, _, _, whole = record
        packed = pack_uid(uid)
        number = len(self._row_of)
        uids = self._uids
        known = self._seen.setdefault(hash(packed), number, lambda other: uids.packed(other) == packed)
        if known != number:
            self.duplicates += 1
            self._repeat(known, record)
            return
        log = signal is _LOG
        parsed = self._parser.log(text) if log else self._parser.name(text)
        spoken = (_LOG_CODE if log else _CODES[signal], service, severity, parsed.template)
        kind = self._kind_of.get(spoken)
        if kind is None:
            kind = self._kind_of[spoken] = self._number(record, parsed.template)
        key = self._keys.number(record, parsed.keys)
        at = len(self._kind)
        bucket = time // self._bucket

        def same(row: int) -> bool:
            return self._kind[row] == kind and self._key[row] == key and self._first[row] // self._bucket == bucket

        row = self._places.setdefault(hash((bucket, kind, key)), at, same)
        if row == at:
            self._kind.append(kind)
            self._key.append(key)
            self._event.append(number)
            self._spot.append(self._shelf.put(whole))
            self._first.append(time)
            self._last.append(time)
            self._keep_text(row, text)
        else:
            self._join(row, number, record, parsed.template)
        self._row_of.append(row)
        uids.append(packed)
        if signal is _SPAN:
            self._span_row.append(row)
            spans, parents, durations = self._span_columns
            spans.append(_number(span))
            parents.append(_number(parent))
            durations.append(duration)

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
            self._spot[row] = self._shelf.put(best)
            self._keep_text(row, best.text)

    def _join(self, row: int, number: int, record: Record, template: Skeleton | str) -> None:
        """Count an event into a row that is known."""
        held = self._texts.get(row)
        if held is None:
            held = self._shelf[self._spot[row]].text
            self._keep_text(row, held)
        if record.text != held:
            known, spelled = self._varied.get(row, 0), _spelled(template)
            # Once all vary there is nothing more to learn.
            if known != every(spelled):
                self._varied[row] = known | differing(spelled, record.text, held)
        time, first = record.time, self._first[row]
        if time > self._last[row]:
            self._last[row] = time
        if time < first or (time == first and record.uid < self._uids[self._event[row]]):
            self._first[row], self._event[row], self._spot[row] = time, number, self._shelf.put(record.whole)
            self._keep_text(row, record.text)

    def _keep_text(self, row: int, text: str) -> None:
        if len(self._texts) >= _KEPT_TEXTS:
            self._texts.clear()
        self._texts[row] = text

    def _number(self, record: Record, found: Skeleton | str) -> int:
        """Return the number of a template with a severity."""
        template = (record.signal, self._show(record.service), found)
        kind = (self._templates.setdefault(template, len(self._templates)), record.severity)
        return self._kinds.setdefault(kind, len(self._kinds))

    def finish(self) -> Rows:
        """Return the rows, whose order depends on the events alone and not on how they came in."""
        order = self._order()
        of_kind = np.array(list(self._kinds), dtype=np.int64).reshape(-1, 2)
        kind = _array(self._kind)
        known = self._mined(of_kind[kind[order], 0])
        # Templates are numbered by first use, which would depend on the order of arrival.
        templates = sorted(set(known), key=lambda t: (t.signal, t.service, t.text))
        number = {template: new for new, template in enumerate(templates)}
        renumbered = np.array([number[template] for template in known], dtype=np.int64)
        of_kind[:, 0] = renumbered[of_kind[:, 0]]
        identity = (*of_kind[kind].T, _array(self._first) // self._bucket, _array(self._key))
        merged = merge(order, identity, _array(self._last))
        rows = merged.shown
        row_of = merged.into[_array(self._row_of)]
        weight = np.bincount(row_of, minlength=len(rows))
        fingerprints = [_fingerprint(templates[template], severity) for template, severity in of_kind.tolist()]
        return Rows(
            # Of all events only those that stand for others are kept, so that only these need masks.
            events=Events(self._shelf, _array(self._spot)[rows], self._concealer.event if self._private else None),
            members=Members(self._uids, np.argsort(row_of, kind="stable").astype(np.int32), np.cumsum(weight)),
            weight=weight,
            first=_array(self._first)[rows],
            last=merged.last,
            template=of_kind[kind[rows], 0],
            severity=of_kind[kind[rows], 1],
            templates=tuple(templates),
            fingerprints=tuple(fingerprints[one] for one in kind[rows].flat),
            keys=tuple(self._keys[int(one)] for one in _array(self._key)[rows].flat),
            spans=self._spans(merged.into),
            varied=self._variations(merged, known),
            duplicates=self.duplicates,
        )

    def _order(self) -> IntArray:
        """Return the rows ascending by the time and the uid of their events."""
        first = _array(self._first)
        order = np.argsort(first, kind="stable")
        ascending = first[order]
        starts = np.append(True, ascending[1:] != ascending[:-1])[: len(order)]
        for start, end in runs(starts):
            order[start:end] = sorted(order[start:end].tolist(), key=lambda row: self._uids[self._event[row]])
        return order

    def _mined(self, numbers: IntArray) -> list[Template]:
        """Return the templates by their numbers, after the miner has learned them in order of time.

        Parameters
        ----------
        numbers : IntArray
            Of the templates of all rows, in order of time.
        """
        _, first = np.unique(numbers, return_index=True)
        raw = list(self._templates)
        for number in numbers[np.sort(first)].tolist():
            found = raw[number][2]
            if not isinstance(found, str):
                self._miner.add(found)
        return [
            Template(signal, service, found if isinstance(found, str) else self._miner.template(found))
            for signal, service, found in raw
        ]

    def _variations(self, merged: Merged, known: list[Template]) -> tuple[int, ...]:
        """Return the slots that differ within each merged row, a bit each."""
        raw, kinds = list(self._templates), list(self._kinds)
        varied = [0] * len(merged.shown)

        def of(row: int) -> int:
            bits, found = self._varied.get(row, 0), raw[kinds[self._kind[row]][0]][2]
            if not bits or isinstance(found, str):
                return bits
            into = self._miner.places(found)
            return sum({1 << to for at, to in enumerate(into) if bits >> at & 1 and to >= 0})

        for row in self._varied:
            varied[merged.into[row]] = of(row)
        for first, *others in merged.several:
            template = known[kinds[self._kind[first]][0]].text
            bits, held = of(first), first
            for row in others:
                event, shown = self._shelf[self._spot[row]], self._shelf[self._spot[held]]
                if event.text != shown.text:
                    bits |= of(row) | differing(template, event.text, shown.text)
                if _when(event) < _when(shown):
                    held = row
            varied[merged.into[first]] = bits
        return tuple(varied)

    def _spans(self, into: IntArray) -> Spans:
        row, span, parent, duration = into[_array(self._span_row)], *map(_array, self._span_columns)
        sort = np.lexsort((parent, duration, span, row))
        return Spans(row[sort], span[sort], parent[sort], duration[sort])


@lru_cache(4096)
def _spelled(template: Skeleton | str) -> str:
    return template if isinstance(template, str) else spell(closed(template.tokens))


def _when(event: Event) -> tuple[int, str]:
    return event.time, event.uid


def build_rows(events: Iterable[Event | Record], settings: Settings, miner: TemplateMiner | None = None) -> Rows:
    """Count events into rows (see RowBuilder)."""
    builder = RowBuilder(settings, miner)
    for event in events.records() if isinstance(events, Reading) else events:
        builder.add(event)
    return builder.finish()


def _knowledge(alert: Event) -> tuple[bool, int, str]:
    """Rank what notifications of one alert tell; the rest only makes the order complete."""
    return alert.status == "resolved", alert.duration, repr(sorted(alert.attributes.items()))


def _array(column: array[int]) -> IntArray:
    """Return a view of a column; while there is one nothing can be added."""
    return np.asarray(column)


def _number(span_id: str) -> int:
    """Return a span id as a signed 64-bit integer; 0 for none."""
    if not span_id:
        return 0
    return int.from_bytes(bytes.fromhex(span_id), "big", signed=True)


def _fingerprint(template: Template, severity: int) -> str:
    parts = "\0".join((template.signal, template.service, str(severity), template.text))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()

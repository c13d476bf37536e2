"""Rows: events of one fingerprint, one time bucket and the same links, counted instead of kept."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from stormcell import semconv
from stormcell.config import Settings
from stormcell.privacy import Concealer, hidden_key
from stormcell.text.mining import TemplateMiner, closed
from stormcell.text.skeleton import Skeleton, spell
from stormcell.text.slots import differing
from stormcell.text.templates import Parser
from stormcell.types import Event, IntArray, Rows, Signal, Spans, Template

# Attributes whose value names one request; the names in use, dots and dashes taken as underscores.
_ID_ATTRIBUTES = frozenset(
    (
        "request_id",
        "req_id",
        "requestid",
        "correlation_id",
        "correlationid",
        "x_request_id",
        "http_request_id",
    )
)
_LOGGER_ATTRIBUTES = ("logger", "logger.name", "code.namespace", "source")
_KEY_CHARACTERS = 128


class _Row:
    __slots__ = ("event", "first", "keys", "last", "members", "template", "varied")

    def __init__(self, event: Event, template: int, keys: tuple[str, ...]) -> None:
        self.event = event
        self.template = template
        self.keys = keys
        self.first = self.last = event.time
        self.members: list[str] = []
        self.varied = 0


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
        self._templates: dict[tuple[Signal, str, Skeleton | str], int] = {}
        self._rows: list[_Row] = []
        self._places: dict[tuple[int, int, int, str, tuple[str, ...]], int] = {}
        self._seen: set[str] = set()
        self._alerts: dict[str, _Row] = {}
        self._spans = tuple(array("q") for _ in range(4))
        self.duplicates = 0

    def add(self, event: Event) -> None:
        """Count one event; one whose uid was seen before is a duplicate and dropped, the first read is kept."""
        if event.uid in self._seen:
            self.duplicates += 1
            # A resolved alert repeats the firing one and knows more, whichever was read first.
            known = self._alerts.get(event.uid)
            if known is not None and event.signal is Signal.ALERT and known.event.uid == event.uid:
                known.event = max(known.event, event, key=_knowledge)
            return
        self._seen.add(event.uid)
        parsed = self._parser.parse(event)
        template = (event.signal, self._show(event.service), parsed.template)
        number = self._templates.setdefault(template, len(self._templates))
        keys = tuple(sorted({*parsed.keys, *_own_keys(event, self._show)}))
        place = (number, event.severity, event.time // self._bucket, event.trace_id, keys)
        at = self._places.get(place)
        if at is None:
            at = self._places[place] = len(self._rows)
            self._rows.append(_Row(event, number, keys))
        row = self._rows[at]
        if event.text != row.event.text:
            row.varied |= differing(_spelled(parsed.template), event.text, row.event.text)
        row.members.append(event.uid)
        row.last = max(row.last, event.time)
        if _when(event) < _when(row.event):
            row.event, row.first = event, event.time
        if event.signal is Signal.ALERT:
            self._alerts[event.uid] = row
        elif event.signal is Signal.SPAN:
            values = (at, _number(event.span_id), _number(event.parent_id), event.duration)
            for column, value in zip(self._spans, values, strict=True):
                column.append(value)

    def finish(self) -> Rows:
        """Return the rows, whose order depends on the events alone and not on how they came in."""
        known = self._mined()
        row_of, rows = self._merged(known)
        order = sorted(range(len(rows)), key=lambda at: _when(rows[at].event))
        rows = [rows[at] for at in order]
        # Templates are numbered by first use, which would depend on the order of arrival.
        templates = sorted(set(known), key=lambda t: (t.signal, t.service, t.text))
        number = {template: new for new, template in enumerate(templates)}
        renumbered = [number[template] for template in known]
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        at, span, parent, duration = (np.array(column, dtype=np.int64) for column in self._spans)
        row_of = place[row_of[at]]
        sort = np.lexsort((parent, duration, span, row_of))
        return Rows(
            # Of all events only those that stand for others are kept, so that only these need masks.
            events=tuple(self._concealer.event(row.event) if self._private else row.event for row in rows),
            members=tuple(tuple(sorted(row.members)) for row in rows),
            weight=_column(len(row.members) for row in rows),
            first=_column(row.first for row in rows),
            last=_column(row.last for row in rows),
            template=_column(renumbered[row.template] for row in rows),
            templates=tuple(templates),
            fingerprints=tuple(_fingerprint(templates[renumbered[r.template]], r.event.severity) for r in rows),
            keys=tuple(row.keys for row in rows),
            spans=Spans(row_of[sort], span[sort], parent[sort], duration[sort]),
            varied=tuple(row.varied for row in rows),
            duplicates=self.duplicates,
        )

    def _mined(self) -> list[Template]:
        """Return the templates by their numbers, after the miner has learned them in order of time."""
        first: dict[int, tuple[int, str]] = {}
        for row in self._rows:
            first[row.template] = min(_when(row.event), first.get(row.template, _when(row.event)))
        raw = list(self._templates)
        for number in sorted(first, key=first.__getitem__):
            found = raw[number][2]
            if not isinstance(found, str):
                self._miner.add(found)
        return [
            Template(signal, service, found if isinstance(found, str) else self._miner.template(found))
            for signal, service, found in raw
        ]

    def _merged(self, known: list[Template]) -> tuple[IntArray, list[_Row]]:
        """Merge rows whose skeletons turned out to be one template; return where each went, and the rows."""
        row_of = np.empty(len(self._rows), dtype=np.int64)
        merged: list[_Row] = []
        places: dict[tuple[Template, int, int, str, tuple[str, ...]], int] = {}
        raw = list(self._templates)
        for number, row in enumerate(self._rows):
            event = row.event
            found = raw[row.template][2]
            if row.varied and not isinstance(found, str):
                into = self._miner.places(found)
                row.varied = sum({1 << to for at, to in enumerate(into) if row.varied >> at & 1 and to >= 0})
            key = (known[row.template], event.severity, event.time // self._bucket, event.trace_id, row.keys)
            at = row_of[number] = places.setdefault(key, len(merged))
            if at == len(merged):
                merged.append(row)
                continue
            held = merged[at]
            if event.text != held.event.text:
                held.varied |= row.varied | differing(known[row.template].text, event.text, held.event.text)
            held.members += row.members
            held.last = max(held.last, row.last)
            if _when(event) < _when(held.event):
                held.event, held.first = event, event.time
        return row_of, merged


@lru_cache(4096)
def _spelled(template: Skeleton | str) -> str:
    return template if isinstance(template, str) else spell(closed(template.tokens))


def _when(event: Event) -> tuple[int, str]:
    return event.time, event.uid


def build_rows(events: Iterable[Event], settings: Settings, miner: TemplateMiner | None = None) -> Rows:
    """Count events into rows (see RowBuilder)."""
    builder = RowBuilder(settings, miner)
    for event in events:
        builder.add(event)
    return builder.finish()


def _knowledge(alert: Event) -> tuple[bool, int, str]:
    """Rank what notifications of one alert tell; the rest only makes the order complete."""
    return alert.status == "resolved", alert.duration, repr(sorted(alert.attributes.items()))


def _column(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, dtype=np.int64)


def _number(span_id: str) -> int:
    """Return a span id as a signed 64-bit integer; 0 for none."""
    if not span_id:
        return 0
    return int.from_bytes(bytes.fromhex(span_id), "big", signed=True)


def _own_keys(event: Event, show: Callable[[str], str]) -> list[str]:
    """Return the link keys that stand in an event's fields; its text's are the parser's."""
    keys = []
    if event.trace_id:
        keys.append(f"trace:{event.trace_id}")
    for name, value in event.attributes.items():
        if name.lower().replace(".", "_").replace("-", "_") in _ID_ATTRIBUTES and isinstance(value, str) and value:
            keys.append(_key("id", value[:_KEY_CHARACTERS].lower(), (value,), show))
    if event.signal is Signal.LOG and not event.trace_id:
        logger = next((str(event.attributes[n]) for n in _LOGGER_ATTRIBUTES if n in event.attributes), "")
        pod = event.resource.get(semconv.K8S_POD) or event.resource.get(semconv.HOST_NAME) or ""
        # Logs of nobody knows whom have nothing certain in common.
        if event.service or pod or logger:
            value = f"{event.service}|{pod}|{logger[:_KEY_CHARACTERS]}"
            keys.append(_key("burst", value, (event.service, str(pod), logger), show))
    elif event.signal is Signal.ALERT:
        keys.append(_key("alert", f"{event.service}|{event.text}", (event.service, event.text), show))
    return keys


def _key(reason: str, value: str, parts: tuple[str, ...], show: Callable[[str], str]) -> str:
    """Return a link key; of values that look alike once they are masked, each keeps a key of its own.

    Parameters
    ----------
    reason : str
    value : str
        What tells the key from others.
    parts : tuple of str
        What it was made of, before it was cut: half a secret would not be known for one.
    show : callable
        Masks a text.
    """
    shown = tuple(map(show, parts))
    return f"{reason}:{value if shown == parts else hidden_key('|'.join(shown), value)}"


def _fingerprint(template: Template, severity: int) -> str:
    parts = "\0".join((template.signal, template.service, str(severity), template.text))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()

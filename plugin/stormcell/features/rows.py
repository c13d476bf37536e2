"""Rows: events of one fingerprint, one time bucket and the same links, counted instead of kept."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

import numpy as np

from stormcell import semconv
from stormcell.config import RowsSettings
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


class _Row:
    __slots__ = ("event", "first", "keys", "last", "members", "template")

    def __init__(self, event: Event, template: int, keys: tuple[str, ...]) -> None:
        self.event = event
        self.template = template
        self.keys = keys
        self.first = self.last = event.time
        self.members: list[str] = []


class RowBuilder:
    """Counts a stream of events into rows; memory grows with the rows, and by some bytes an event.

    Parameters
    ----------
    settings : RowsSettings
    """

    def __init__(self, settings: RowsSettings) -> None:
        self._bucket = int(settings.bucket_seconds * 1e9)
        self._parser = Parser()
        self._templates: dict[Template, int] = {}
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
        template = Template(event.signal, event.service, parsed.template)
        number = self._templates.setdefault(template, len(self._templates))
        keys = tuple(sorted({*parsed.keys, *_own_keys(event)}))
        place = (number, event.severity, event.time // self._bucket, event.trace_id, keys)
        at = self._places.get(place)
        if at is None:
            at = self._places[place] = len(self._rows)
            self._rows.append(_Row(event, number, keys))
        row = self._rows[at]
        row.members.append(event.uid)
        row.last = max(row.last, event.time)
        if (event.time, event.uid) < (row.event.time, row.event.uid):
            row.event, row.first = event, event.time
        if event.signal is Signal.ALERT:
            self._alerts[event.uid] = row
        elif event.signal is Signal.SPAN:
            values = (at, _number(event.span_id), _number(event.parent_id), event.duration)
            for column, value in zip(self._spans, values, strict=True):
                column.append(value)

    def finish(self) -> Rows:
        """Return the rows, whose order depends on the events alone and not on how they came in."""
        order = sorted(
            range(len(self._rows)), key=lambda at: (self._rows[at].event.time, self._rows[at].event.uid)
        )
        rows = [self._rows[at] for at in order]
        # Templates are numbered by first use, which would depend on the order of arrival.
        templates = sorted(self._templates, key=lambda t: (t.signal, t.service, t.text))
        renumbered = {self._templates[template]: new for new, template in enumerate(templates)}
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        row_of, span, parent, duration = (np.array(column, dtype=np.int64) for column in self._spans)
        sort = np.lexsort((parent, duration, span, place[row_of]))
        return Rows(
            events=tuple(row.event for row in rows),
            members=tuple(tuple(sorted(row.members)) for row in rows),
            weight=_column(len(row.members) for row in rows),
            first=_column(row.first for row in rows),
            last=_column(row.last for row in rows),
            template=_column(renumbered[row.template] for row in rows),
            templates=tuple(templates),
            fingerprints=tuple(_fingerprint(templates[renumbered[r.template]], r.event.severity) for r in rows),
            keys=tuple(row.keys for row in rows),
            spans=Spans(place[row_of][sort], span[sort], parent[sort], duration[sort]),
            duplicates=self.duplicates,
        )


def build_rows(events: Iterable[Event], settings: RowsSettings) -> Rows:
    """Count events into rows (see RowBuilder)."""
    builder = RowBuilder(settings)
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


def _own_keys(event: Event) -> list[str]:
    """Return the link keys that stand in an event's fields; its text's are the parser's."""
    keys = []
    if event.trace_id:
        keys.append(f"trace:{event.trace_id}")
    for name, value in event.attributes.items():
        if name.lower().replace(".", "_").replace("-", "_") in _ID_ATTRIBUTES and isinstance(value, str) and value:
            keys.append(f"id:{value[:128].lower()}")
    if event.signal is Signal.LOG and not event.trace_id:
        logger = next((str(event.attributes[n]) for n in _LOGGER_ATTRIBUTES if n in event.attributes), "")
        pod = event.resource.get(semconv.K8S_POD) or event.resource.get(semconv.HOST_NAME) or ""
        # Logs of nobody knows whom have nothing certain in common.
        if event.service or pod or logger:
            keys.append(f"burst:{event.service}|{pod}|{logger[:128]}")
    elif event.signal is Signal.ALERT:
        keys.append(f"alert:{event.service}|{event.text}")
    return keys


def _fingerprint(template: Template, severity: int) -> str:
    parts = "\0".join((template.signal, template.service, str(severity), template.text))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()

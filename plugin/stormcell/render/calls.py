"""Who calls whom in a group, as far as a span and its parent are both in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from stormcell.types import Row, Signal

_Span = TypeVar("_Span")


class Place(NamedTuple):
    """Where a span stands."""

    trace: str
    id: str
    parent: str
    service: str


def called(spans: Iterable[tuple[Place, _Span]]) -> dict[tuple[str, str], list[tuple[_Span, _Span]]]:
    """Return the calls between services among spans, each by its parent's span and its own.

    A call is a span whose parent is of the same trace and of another service; of spans without an id, or without a
    service, nothing is known.
    """
    known = {(place.trace, place.id): (place, span) for place, span in spans if place.id and place.service}
    found: dict[tuple[str, str], list[tuple[_Span, _Span]]] = {}
    for place, span in known.values():
        caller = known.get((place.trace, place.parent))
        if caller is not None and caller[0].service != place.service:
            found.setdefault((caller[0].service, place.service), []).append((caller[1], span))
    return found


def called_rows(rows: Iterable[Row]) -> dict[tuple[str, str], list[tuple[Row, Row]]]:
    """Return the calls among rows (see ``called``); a row stands where its first span does, for all of its own."""
    spans = (row for row in rows if row.event.signal is Signal.SPAN)
    return called(
        (Place(one.event.trace_id, one.event.span_id, one.event.parent_id, one.event.service), one)
        for one in spans
    )

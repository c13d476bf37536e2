"""Events read as far as counting them needs: most are counted and never looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from stormcell.types.events import Attributes, Event, Signal


class Origin(Protocol):
    """What sent a record, and in which form; knows how the whole event is read out of its bytes."""

    def event(self, packed: bytes) -> Event:
        """Return the event that was packed."""
        ...


class Packed(NamedTuple):
    """A whole event in few bytes.

    Attributes
    ----------
    origin : Origin
        Shared by many.
    data : bytes
    """

    origin: Origin
    data: bytes

    def event(self) -> Event:
        """Return the event."""
        return self.origin.event(self.data)


class Record(NamedTuple):
    """An event as far as rows need it: the fields of Event, but of the attributes only those that may link.

    Attributes
    ----------
    span_id, parent_id : str
        Of a span; a log's need not be there.
    attributes : Attributes
        Those for which ``semconv.links`` holds, perhaps others too.
    whole : Event or Packed
    """

    uid: str
    signal: Signal
    time: int
    service: str
    severity: int
    text: str
    duration: int
    trace_id: str
    span_id: str
    parent_id: str
    resource: Attributes
    attributes: Attributes
    whole: Event | Packed

    def event(self) -> Event:
        """Return the whole event."""
        return self.whole.event() if isinstance(self.whole, Packed) else self.whole


def record_of(event: Event) -> Record:
    """Return an event as a record."""
    return Record(
        event.uid, event.signal, event.time, event.service, event.severity, event.text, event.duration,
        event.trace_id, event.span_id, event.parent_id, event.resource, event.attributes, event,
    )  # fmt: skip


@runtime_checkable
class Reading(Protocol):
    """Events that can be had as records as well, which is faster; either way they come once."""

    def __iter__(self) -> Iterator[Event]: ...

    def records(self) -> Iterator[Record]:
        """Yield the events as records."""
        ...

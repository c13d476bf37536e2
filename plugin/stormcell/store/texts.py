"""Events as they are stored: those that are stored again and again are written out once."""

from __future__ import annotations

from typing import Final

from stormcell.store import codec
from stormcell.types import Event

_MOST: Final = 16_000
"""Events that are at hand at most, of about a kilobyte each."""


class EventTexts:
    """Events as JSON. From the second saving on, what was written out for one is at hand for the next.

    Known again by identity: what is alive keeps its events, and a group is stored whole whenever it changes.
    """

    def __init__(self) -> None:
        self._savings = 0
        # Each with its event, so that no other takes its place in memory.
        self._before: dict[int, tuple[Event, str]] = {}
        self._now: dict[int, tuple[Event, str]] = {}

    def turn(self) -> None:
        """Begin a saving: what the one before last had is forgotten."""
        self._savings += 1
        self._before, self._now = self._now, {}

    def text(self, event: Event) -> str:
        """Return an event as JSON."""
        held = self._before.get(id(event)) or (event, codec.dump_event(event))
        if self._savings > 1 and len(self._now) < _MOST:
            self._now[id(event)] = held
        return held[1]

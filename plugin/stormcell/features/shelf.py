"""Whole events in little memory, read when they are asked for."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final

import numpy as np

from stormcell.features.compact import Made, column
from stormcell.types import Event, IntArray, Origin, Packed, Template

_BLOCK: Final = 1 << 16
_OPEN_BLOCKS: Final = 16
_KEPT_EVENTS: Final = 40_000
"""Events that are at hand at most: those that the rows of before, or of now, were asked for."""
_WORTH: Final = 0.5
"""Share of a block that must still be of use; else what is left of it moves to another."""

Show = Callable[[Event], Event]
"""Masks an event."""

Said = tuple[Template, tuple[tuple[str, str, str], ...], tuple[str, ...]]
"""What a group is known again by (see features.profile)."""


class Shelf:
    """Whole events by number: those that came as such as they are, packed ones in compressed blocks.

    What was put stays as it is, so that others may read while more is put.
    """

    def __init__(self) -> None:
        self._whole: dict[int, Event] = {}
        self._origins: list[Origin] = []
        self._known: dict[int, int] = {}
        self._origin = array("i")
        self._places = array("Q")
        self._sizes = array("i")
        self._blocks: list[bytes] = []
        self._block = bytearray()
        self._open: dict[int, bytes] = {}
        self._opening = Lock()
        self._shown: tuple[Show | None, AtHand] = None, AtHand(0)
        self._before = AtHand(0)

    def put(self, whole: Event | Packed) -> int:
        """Keep an event and return its number."""
        number = len(self._origin)
        if not isinstance(whole, Packed):
            self._whole[number] = whole
            self._note(-1, 0, 0)
            return number
        origin, data = whole
        at = self._known.get(id(origin))
        if at is None:
            # Held, so that no other takes its place in memory.
            at = self._known[id(origin)] = len(self._origins)
            self._origins.append(origin)
        self._note(at, self._store(data), len(data))
        return number

    def _store(self, data: bytes) -> int:
        """Return where the bytes are kept from now on."""
        place = len(self._blocks) << 32 | len(self._block)
        self._block += data
        if len(self._block) >= _BLOCK:
            import zstandard  # only where there is much to hold

            found = zstandard.ZstdCompressor(level=1).compress(bytes(self._block))
            self._blocks.append(bytes(memoryview(found)))  # a copy: the other holds room for far more
            self._block = bytearray()  # a new one: another thread may be reading the old one
        return place

    def _note(self, origin: int, place: int, size: int) -> None:
        self._origin.append(origin)
        self._places.append(place)
        self._sizes.append(size)

    def __len__(self) -> int:
        return len(self._origin)

    def __getitem__(self, number: int) -> Event:
        at = self._origin[number]
        return self._whole[number] if at < 0 else self._origins[at].event(self._packed(number))

    def _packed(self, number: int) -> bytes:
        block, start = divmod(self._places[number], 1 << 32)
        return bytes(self._data(block)[start : start + self._sizes[number]])

    def _data(self, block: int) -> bytes | bytearray:
        last = self._block  # first, for it may be closed meanwhile
        if block == len(self._blocks):
            return last
        with self._opening:
            found = self._open.get(block)
            if found is None:
                import zstandard

                if len(self._open) >= _OPEN_BLOCKS:
                    del self._open[next(iter(self._open))]
                found = self._open[block] = zstandard.ZstdDecompressor().decompress(self._blocks[block])
            return found

    def turn(self, show: Show | None) -> AtHand:
        """Return where events are held from now on that are shown so; those of before are at hand."""
        last, held = self._shown
        self._before = held if last == show else AtHand(0)
        self._shown = show, AtHand(len(self))
        return self._shown[1]

    def before(self, number: int, show: Show | None) -> Shown | None:
        """Return an event that was shown so before, if it is at hand."""
        return self._before.get(number) if self._shown[0] == show else None

    def keep(self, numbers: IntArray) -> Shelf:
        """Return another shelf with some of the events, numbered anew in the order given.

        Blocks most of which is kept are shared; this shelf stays as it is.

        Parameters
        ----------
        numbers : IntArray
        """
        kept = Shelf()
        origin, size = np.array(self._origin)[numbers], np.array(self._sizes)[numbers]
        place = np.array(self._places)[numbers]
        block = (place >> np.uint64(32)).astype(np.int64)
        packed = origin >= 0
        used = np.bincount(block[packed], size[packed], minlength=len(self._blocks) + 1)
        shared = used >= _WORTH * _BLOCK
        shared[-1] = False
        into = np.cumsum(shared) - 1
        kept._blocks = [held for held, share in zip(self._blocks, shared.tolist(), strict=False) if share]
        origins = np.unique(origin[packed])
        kept._origins = [self._origins[at] for at in origins.tolist()]
        kept._known = {id(one): at for at, one in enumerate(kept._origins)}
        origin[packed] = np.searchsorted(origins, origin[packed])
        stays = ~packed | shared[block]
        place[stays & packed] = (into[block] << 32 | (place & np.uint64(2**32 - 1)).astype(np.int64))[
            stays & packed
        ]
        place[~stays | ~packed] = 0
        kept._origin, kept._places, kept._sizes = column("i", origin), column("Q", place), column("i", size)
        for at in np.flatnonzero(~packed).tolist():
            kept._whole[at] = self._whole[int(numbers[at])]
        show, held = self._shown
        kept._shown = show, held.keep(numbers)
        # One block after the other, for few are open at a time.
        moved = np.flatnonzero(~stays)
        for at in moved[np.argsort(block[moved], kind="stable")].tolist():
            kept._places[at] = kept._store(self._packed(int(numbers[at])))
        return kept


class Shown:
    """An event that is at hand, and what was made of it.

    Attributes
    ----------
    event : Event
    said : Said or None
        Once somebody found out.
    """

    __slots__ = ("event", "said")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.said: Said | None = None


class AtHand:
    """Events that are at hand, by number; a list of them takes far less than a dict.

    Parameters
    ----------
    size : int
        How many numbers there are.
    """

    def __init__(self, size: int) -> None:
        self._held: list[Shown | None] = [None] * size
        self._room = _KEPT_EVENTS

    def get(self, number: int) -> Shown | None:
        """Return an event; None where it is not at hand."""
        return self._held[number] if number < len(self._held) else None

    def put(self, number: int, one: Shown) -> None:
        """Hold an event, if there is room."""
        if self._room > 0 and number < len(self._held):
            self._held[number] = one
            self._room -= 1

    def keep(self, numbers: IntArray) -> AtHand:
        """Return another with some of the events, numbered anew in the order given."""
        kept = AtHand(0)
        kept._held = list(map(self.get, numbers.tolist()))
        kept._room = _KEPT_EVENTS - len(kept._held) + kept._held.count(None)
        return kept


class Events(Made[Event]):
    """The events that stand for rows, each read when it is asked for.

    What was read is at hand for those after it, too, as long as they ask for it: most rows are the same again.
    """

    def __init__(self, shelf: Shelf, numbers: IntArray, show: Show | None) -> None:
        self._shelf, self._numbers, self._show = shelf, numbers, show
        self._kept: AtHand | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    def _at(self, at: int) -> Event:
        return self._read(int(self._numbers[at])).event

    def shown(self, rows: IntArray) -> list[Shown]:
        """Return the events of some rows."""
        return list(map(self._read, self._numbers[rows].tolist()))

    def _read(self, number: int) -> Shown:
        kept = self._kept
        if kept is None:
            kept = self._kept = self._shelf.turn(self._show)
        found = kept.get(number)
        if found is None:
            found = self._shelf.before(number, self._show)
            if found is None:
                event = self._shelf[number]
                found = Shown(event if self._show is None else self._show(event))
            kept.put(number, found)
        return found


def shown(events: Sequence[Event], rows: IntArray) -> list[Shown]:
    """Return the events of some rows."""
    return events.shown(rows) if isinstance(events, Events) else [Shown(events[row]) for row in rows.tolist()]


def take(events: Sequence[Event], rows: IntArray) -> list[Event]:
    """Return the events of some rows."""
    return [one.event for one in shown(events, rows)]

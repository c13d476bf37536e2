"""Millions of events in little memory: what was seen, uids, and whole events that are read when asked for."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final, TypeVar, overload

import numpy as np

from stormcell.types import Event, IntArray, Origin, Packed

_MIX: Final = 0x9E3779B97F4A7C15
_START_BITS: Final = 10
_TAG_BITS: Final = 32
_TAG: Final = 2**_TAG_BITS - 1
_FULL: Final = 0.6
"""Share of the places that are taken before there are twice as many."""

_BLOCK: Final = 1 << 16
_OPEN_BLOCKS: Final = 16
_KEPT_EVENTS: Final = 16_384
_HEX: Final = b"\0"
_TEXT: Final = b"\1"


Item = TypeVar("Item")


class Numbers:
    """Numbers of things that are kept elsewhere, found by their hash: 8 bytes a place where a dict takes some 150.

    Open addressing with linear probing; equal things are told by a look at them.
    """

    def __init__(self) -> None:
        self._count = 0
        self._empty(_START_BITS)

    def setdefault(self, key: int, number: int, same: Callable[[int], bool]) -> int:
        """Return the number of a thing; ``number``, which it has from now on, where it had none.

        Parameters
        ----------
        key : int
            Its hash.
        number : int
            From 0 to 2**31 - 1.
        same : callable
            Whether the thing of a number is this one.
        """
        tags, numbers = self._tags, self._numbers
        tag = key * _MIX >> 32 & _TAG
        at = tag >> self._shift
        while (held := numbers[at]) >= 0:
            if tags[at] == tag and same(held):
                return held
            at = (at + 1) & self._last
        tags[at], numbers[at] = tag, number
        self._count += 1
        if self._count > self._most:
            self._grow()
        return number

    def _empty(self, bits: int) -> None:
        size = 1 << bits
        self._bits, self._last, self._shift, self._most = bits, size - 1, _TAG_BITS - bits, int(size * _FULL)
        self._tags, self._numbers = array("I", bytes(4 * size)), array("i", b"\xff" * (4 * size))

    def _grow(self) -> None:
        """Double the places; all at once, for one by one takes a second a million."""
        numbers = np.asarray(self._numbers)
        taken = np.flatnonzero(numbers >= 0)
        tag, number = np.asarray(self._tags)[taken], numbers[taken]
        self._empty(self._bits + 1)
        home = (tag >> np.uint32(self._shift)).astype(np.int64)
        order = np.argsort(home, kind="stable")
        steps = np.arange(len(order))
        place = np.maximum.accumulate(home[order] - steps) + steps
        inside = place <= self._last
        np.asarray(self._tags)[place[inside]] = tag[order[inside]]
        np.asarray(self._numbers)[place[inside]] = number[order[inside]]
        for one in order[~inside].tolist():  # round to the start
            at = int(home[one])
            while self._numbers[at] >= 0:
                at = (at + 1) & self._last
            self._tags[at], self._numbers[at] = int(tag[one]), int(number[one])


class Uids:
    """The uids of events, by their numbers."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("Q")

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, packed: bytes) -> None:
        """Keep one more."""
        self._data += packed
        self._ends.append(len(self._data))

    def packed(self, at: int) -> bytes:
        """Return a uid as it was kept."""
        return bytes(self._data[self._ends[at - 1] if at else 0 : self._ends[at]])

    def __getitem__(self, at: int) -> str:
        packed = self.packed(at)
        return packed[1:].hex() if packed[:1] == _HEX else packed[1:].decode("utf-8", "surrogatepass")


def pack_uid(uid: str) -> bytes:
    """Return a uid in few bytes: the id of a span takes nine."""
    if len(uid) == 16:
        try:
            packed = bytes.fromhex(uid)
        except ValueError:
            pass
        else:
            if packed.hex() == uid:
                return _HEX + packed
    return _TEXT + uid.encode("utf-8", "surrogatepass")


class Shelf:
    """Whole events by number: those that came as such as they are, packed ones in compressed blocks."""

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

    def put(self, whole: Event | Packed) -> int:
        """Keep an event and return its number."""
        number = len(self._origin)
        if not isinstance(whole, Packed):
            self._whole[number] = whole
            self._origin.append(-1)
            self._places.append(0)
            self._sizes.append(0)
            return number
        origin, data = whole
        at = self._known.get(id(origin))
        if at is None:
            # Held, so that no other takes its place in memory.
            at = self._known[id(origin)] = len(self._origins)
            self._origins.append(origin)
        self._origin.append(at)
        self._places.append(len(self._blocks) << 32 | len(self._block))
        self._sizes.append(len(data))
        self._block += data
        if len(self._block) >= _BLOCK:
            import zstandard  # only where there is much to hold

            found = zstandard.ZstdCompressor(level=1).compress(bytes(self._block))
            self._blocks.append(bytes(memoryview(found)))  # a copy: the other holds room for far more
            self._block.clear()
        return number

    def __getitem__(self, number: int) -> Event:
        at = self._origin[number]
        if at < 0:
            return self._whole[number]
        block, start = divmod(self._places[number], 1 << 32)
        data = self._data(block)[start : start + self._sizes[number]]
        return self._origins[at].event(bytes(data))

    def _data(self, block: int) -> bytes | bytearray:
        if block == len(self._blocks):
            return self._block
        found = self._open.get(block)
        if found is None:
            import zstandard

            if len(self._open) >= _OPEN_BLOCKS:
                del self._open[next(iter(self._open))]
            found = self._open[block] = zstandard.ZstdDecompressor().decompress(self._blocks[block])
        return found


class Made(Sequence[Item]):
    """What is made when it is asked for; equal to any sequence of the same."""

    def _at(self, at: int) -> Item:
        """Return one, by its place from 0."""
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, at: int | slice) -> Item | tuple[Item, ...]:
        places = range(len(self))[at]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return False
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class Events(Made[Event]):
    """The events that stand for rows, each read when it is asked for, and some of them kept then."""

    def __init__(self, shelf: Shelf, numbers: IntArray, show: Callable[[Event], Event] | None) -> None:
        self._shelf, self._numbers, self._show = shelf, numbers, show
        self._kept: dict[int, Event] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def _at(self, at: int) -> Event:
        number = int(self._numbers[at])
        found = self._kept.get(number)
        if found is None:
            found = self._shelf[number]
            if self._show is not None:
                found = self._show(found)
            if len(self._kept) < _KEPT_EVENTS:
                self._kept[number] = found
        return found


class Members(Made[tuple[str, ...]]):
    """The uids of the events of each row, ascending."""

    def __init__(self, uids: Uids, order: IntArray, ends: IntArray) -> None:
        self._uids, self._order, self._ends = uids, order, ends

    def __len__(self) -> int:
        return len(self._ends)

    def _at(self, at: int) -> tuple[str, ...]:
        own = self._order[self._ends[at - 1] if at else 0 : self._ends[at]]
        return tuple(sorted(map(self._uids.__getitem__, own.tolist())))

"""Whole events in little memory, read when they are asked for."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np

from stormcell.features.compact import Made, column
from stormcell.types import Event, IntArray, Origin, Packed

_BLOCK: Final = 1 << 16
_OPEN_BLOCKS: Final = 16
_KEPT_EVENTS: Final = 40_000
_WORTH: Final = 0.5
"""Share of a block that must still be of use; else what is left of it moves to another."""


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
        # One block after the other, for few are open at a time.
        moved = np.flatnonzero(~stays)
        for at in moved[np.argsort(block[moved], kind="stable")].tolist():
            kept._places[at] = kept._store(self._packed(int(numbers[at])))
        return kept


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

"""Millions of events in little memory: what was seen, and uids."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from typing import Any, Final, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from stormcell.types import BoolArray, IntArray, UidSet, union

_START_BITS: Final = 10
_TAG_BITS: Final = 32
_TAG: Final = 2**_TAG_BITS - 1
_FULL: Final = 0.6
"""Share of the places that are taken before there are twice as many."""

_BLOCK: Final = 1 << 16
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

    def setdefault(self, key: int, number: int, same: Callable[[int, Item], bool], thing: Item) -> int:
        """Return the number of a thing; ``number``, which it has from now on, where it had none.

        Parameters
        ----------
        key : int
            Its hash, in all bits like those of Python's bytes and tuples.
        number : int
            From 0 to 2**31 - 1.
        same : callable
            Whether the thing of a number is this one.
        thing
            Told to ``same``.
        """
        tags, numbers = self._tags, self._numbers
        tag = key & _TAG
        at = tag >> self._shift
        while (held := numbers[at]) >= 0:
            if tags[at] == tag and same(held, thing):
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

    def keep(self, kept: BoolArray) -> Numbers:
        """Return another that knows some of the things only, numbered anew in their order.

        Parameters
        ----------
        kept : BoolArray
            Whether a thing is, by its number.
        """
        tag, number = self._taken()
        chosen = kept[number]
        found = Numbers()
        found._count = int(chosen.sum())
        bits = _START_BITS
        while found._count > int((1 << bits) * _FULL):
            bits += 1
        found._empty(bits)
        found._place(tag[chosen], (np.cumsum(kept, dtype=np.int32) - 1)[number[chosen]])
        return found

    def _taken(self) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        numbers = np.asarray(self._numbers)
        taken = np.flatnonzero(numbers >= 0)
        return np.asarray(self._tags)[taken], numbers[taken]

    def _grow(self) -> None:
        """Double the places; all at once, for one by one takes a second a million."""
        tag, number = self._taken()
        self._empty(self._bits + 1)
        self._place(tag, number)

    def _place(self, tag: NDArray[np.uint32], number: NDArray[np.int32]) -> None:
        """Put things into empty places."""
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


def column(code: str, values: NDArray[Any]) -> array[int]:
    """Return numbers as an array that more can be appended to."""
    return array(code, np.ascontiguousarray(values, dtype=np.dtype(code)).tobytes())


class Uids:
    """The uids of events, by their numbers.

    Attributes
    ----------
    hashes : array of int
        Of each, 64 bits.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("Q")
        self.hashes = array("q")

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, packed: bytes, key: int) -> None:
        """Keep one more, with its hash."""
        self._data += packed
        self._ends.append(len(self._data))
        self.hashes.append(key)

    def is_at(self, at: int, packed: bytes) -> bool:
        """Whether a uid is the one of a number."""
        return self.packed(at) == packed

    def packed(self, at: int) -> bytes:
        """Return a uid as it was kept."""
        return bytes(self._data[self._ends[at - 1] if at else 0 : self._ends[at]])

    def keep(self, kept: BoolArray) -> Uids:
        """Return another with some of the uids, in their order."""
        found = Uids()
        # Some at a time, for all at once take as much memory again as is held.
        for start in range(0, len(kept), _BLOCK):
            here = kept[start : start + _BLOCK]
            first = self._ends[start - 1] if start else 0
            ends = np.array(self._ends[start : start + _BLOCK]).astype(np.int64)
            sizes = np.diff(ends, prepend=first)
            data = np.frombuffer(self._data[first : ends[-1]], dtype=np.uint8)
            found._ends.extend(column("Q", len(found._data) + np.cumsum(sizes[here])))
            found._data += data[np.repeat(here, sizes)].tobytes()
            found.hashes.extend(column("q", np.array(self.hashes[start : start + _BLOCK])[here]))
        return found

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


class Members(Made[UidSet]):
    """The uids of the events of each row.

    Parameters
    ----------
    uids : Uids
        Of these, and perhaps of others.
    number : IntArray, shape (n,)
        Of the events, row by row.
    key : IntArray, shape (n,)
        Their hashes.
    ends : IntArray, shape (m,)
        Where each row ends; none is empty.
    """

    def __init__(self, uids: Uids, number: IntArray, key: IntArray, ends: IntArray) -> None:
        self._uids, self._number = uids, number
        self._starts, self._ends = np.append(0, ends[:-1])[: len(ends)], ends
        self._marks = np.add.reduceat(key, self._starts) if len(ends) else key

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[UidSet]:
        columns = self._starts.tolist(), self._ends.tolist(), self._marks.tolist()
        for start, end, mark in zip(*columns, strict=True):
            yield _Own(end - start, mark, self._uids, self._number, start)

    def _at(self, at: int) -> UidSet:
        start, end = int(self._starts[at]), int(self._ends[at])
        return _Own(end - start, int(self._marks[at]), self._uids, self._number, start)

    @property
    def sizes(self) -> IntArray:
        """How many events each row has."""
        sizes: IntArray = self._ends - self._starts
        return sizes

    @property
    def marks(self) -> NDArray[np.uint64]:
        """The mark of each row (see UidSet)."""
        return self._marks.astype(np.uint64)

    def take(self, rows: IntArray) -> Members:
        """Return those of some rows."""
        found = copy(self)
        found._starts, found._ends, found._marks = self._starts[rows], self._ends[rows], self._marks[rows]
        return found

    def union(self) -> UidSet:
        """Return the uids of all rows; its parts are made when they are asked for."""
        return UidSet(
            int(self.sizes.sum()),
            int(self._marks.sum()),
            lambda: (uid for one in self for uid in one.unsorted()),
            self,
        )


class _Own(UidSet):
    """The uids of one row, one object for each of tens of thousands."""

    __slots__ = ("_number", "_start", "_uids")

    def __init__(self, size: int, mark: int, uids: Uids, number: IntArray, start: int) -> None:
        super().__init__(size, mark, tuple)
        self._uids, self._number, self._start = uids, number, start

    def unsorted(self) -> Iterable[str]:
        return map(self._uids.__getitem__, self._number[self._start : self._start + self.size].tolist())


def united(members: Sequence[Sequence[str]], rows: IntArray) -> Sequence[str]:
    """Return the uids of the events of some rows, which have none in common."""
    return (
        members.take(rows).union()
        if isinstance(members, Members)
        else union([members[row] for row in rows.tolist()])
    )

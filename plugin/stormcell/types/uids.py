"""Uids of many events, told from others without a look at each."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Self, overload

_BITS: Final = 2**64 - 1
_GAP: Final = "\n"


class UidSet(Sequence[str]):
    """The uids of events, ascending, made when they are asked for; equal to any sequence of the same.

    Parameters
    ----------
    size : int
        How many.
    mark : int
        The sum of a hash of each, in 64 bits: of one process, two of one size and mark are the same.
    make : callable
        Returns the uids in any order.
    parts : sequence of UidSet
        What it is the union of, where it is one; may make them when they are asked for.
    """

    __slots__ = ("_make", "_parts", "mark", "size")

    def __init__(
        self, size: int, mark: int, make: Callable[[], Iterable[str]], parts: Sequence[UidSet] = ()
    ) -> None:
        self.size, self.mark = size, mark & _BITS
        self._make, self._parts = make, parts

    @classmethod
    def union(cls, parts: Sequence[UidSet]) -> Self:
        """Return all uids of sets that have none in common."""

        def make() -> Iterator[str]:
            return (uid for part in parts for uid in part.unsorted())

        return cls(sum(part.size for part in parts), sum(part.mark for part in parts), make, parts)

    @property
    def parts(self) -> Sequence[UidSet]:
        """What it is the union of; itself where it is none."""
        return self._parts or (self,)

    def alone(self) -> UidSet:
        """Return the same in little memory, holding on to nothing else."""
        uids = tuple(self)
        text = _GAP.join(uids)
        if text.count(_GAP) != len(uids) - 1:
            return UidSet(self.size, self.mark, lambda: uids)
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        return UidSet(
            self.size, self.mark, lambda: zlib.decompress(packed).decode("utf-8", "surrogatepass").split(_GAP)
        )

    def unsorted(self) -> Iterable[str]:
        """Return the uids in any order."""
        return self._make()

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.unsorted()))

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        return tuple(self)[at]

    def __contains__(self, uid: object) -> bool:
        return any(uid == own for own in self.unsorted())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, UidSet):
            return (self.size, self.mark) == (other.size, other.mark)
        return isinstance(other, Sequence) and len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def union(sets: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return all uids of sets that have none in common, ascending."""
    parts = [one for one in sets if isinstance(one, UidSet)]
    return UidSet.union(parts) if len(parts) == len(sets) else tuple(sorted(uid for one in sets for uid in one))

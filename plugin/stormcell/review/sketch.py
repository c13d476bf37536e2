"""How many members of a group are others now, told by what little is kept of those before.

Of a set of uids the smallest hashes are kept (a bottom-k sketch): of two sets, whose hashes are as good as drawn
at random, the smallest of both are a sample of their union, and the part of it that is in both estimates how much
they have in common (Broder, "On the resemblance and containment of documents", 1997).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from heapq import nsmallest
from typing import Final

from stormcell.types import Basis

KEPT: Final = 4096
"""Hashes; a set of no more uids is known exactly."""

_SIZE: Final = 8
_ABOVE: Final = b"\xff" * (_SIZE + 1)


def sketch(uids: Iterable[str]) -> bytes:
    """Return the smallest hashes of different uids, ascending, 8 bytes each, KEPT at most."""
    hashes = {blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest() for uid in uids}
    return b"".join(nsmallest(KEPT, hashes))


def changed(before: Basis, sketch: bytes, count: int) -> float:
    """Return how many members came and went, as a part of how many there were.

    Parameters
    ----------
    before : Basis
    sketch : bytes
        Of the members now.
    count : int
        How many there are now.

    Returns
    -------
    float
        >= 0, above 1 where more came than there were; exact where there were and are at most KEPT members.
    """
    ours, theirs = _hashes(before.sketch), _hashes(sketch)
    # Up to here both are known whole.
    top = min(_top(ours, before.count), _top(theirs, count))
    a, b = ({one for one in hashes if one <= top} for hashes in (ours, theirs))
    alike = len(a & b) / max(len(a | b), 1)
    common = min(alike / (1 + alike) * (before.count + count), before.count, count)
    return (before.count + count - 2 * common) / max(before.count, 1)


def _hashes(sketch: bytes) -> list[bytes]:
    return [sketch[at : at + _SIZE] for at in range(0, len(sketch), _SIZE)]


def _top(hashes: list[bytes], count: int) -> bytes:
    """Return the largest hash up to which a set is known: all of it where it is small."""
    return hashes[-1] if hashes and count > len(hashes) else _ABOVE

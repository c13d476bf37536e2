"""Rows as codebooks see them: by window, and by two codebooks at once."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stormcell.codebook.assigning import AssignedRows, Assigning
from stormcell.codebook.canary import Comparison, compare
from stormcell.codebook.points import Traits
from stormcell.codebook.summary import added, summary_of_traits
from stormcell.types import DoubleArray, IntArray, Rows, WindowSummary

_CHUNK: Final = 64
"""Rows that are assigned, and timed, at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Rows as the live codebook sees them.

    Attributes
    ----------
    rows : Rows
    traits : list of Traits, length n
    assigned : AssignedRows
    seconds : DoubleArray, shape (n,)
        How long it took to assign each.
    """

    rows: Rows
    traits: list[Traits]
    assigned: AssignedRows
    seconds: DoubleArray


def see(assigning: Assigning, rows: Rows, monotonic: Callable[[], float]) -> Seen:
    """Return rows as a codebook sees them."""
    traits = assigning.read_rows(rows)
    parts, seconds = [], np.zeros(len(rows))
    for start in range(0, len(rows), _CHUNK):
        chunk = traits[start : start + _CHUNK]
        begun = monotonic()
        parts.append(assigning.assign_traits(chunk))
        seconds[start : start + _CHUNK] = (monotonic() - begun) / len(chunk)
    return Seen(rows, traits, joined(parts) if parts else assigning.assign_traits([]), seconds)


def joined(parts: Sequence[AssignedRows]) -> AssignedRows:
    """Return several parts as one."""
    return AssignedRows(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("nearest", "dissimilarity", "runner_up", "runner_up_dissimilarity", "new")
        )
    )


def taken(assigned: AssignedRows, rows: IntArray) -> AssignedRows:
    """Return what of some rows is known."""
    return AssignedRows(
        *(
            getattr(assigned, name)[rows]
            for name in ("nearest", "dissimilarity", "runner_up", "runner_up_dissimilarity", "new")
        )
    )


def by_window(first: IntArray, width: int) -> Iterator[tuple[int, IntArray]]:
    """Yield the windows in which rows began, ascending by when they start, each with its rows."""
    window = first // width
    for at in np.unique(window).tolist():
        yield at * width, np.flatnonzero(window == at)


def summed(
    seen: Seen, assigning: Assigning, at: IntArray, before: WindowSummary | None, start: int, width: int
) -> WindowSummary:
    """Return what a window looks like, some rows of which were seen before."""
    uids = [seen.rows.events[row].uid for row in at.tolist()]
    weights = seen.rows.weight[at].astype(np.float64)
    traits = [seen.traits[row] for row in at.tolist()]
    more = summary_of_traits(
        assigning.codebook, traits, taken(seen.assigned, at), weights, uids, start, start + width
    )
    return more if before is None else added([before, more])


def share_of(rows: Rows, share: float, seed: str) -> IntArray:
    """Return the rows that are drawn, by what they are: always the same of the same rows."""
    most, salt = share * 2**32, zlib.crc32(seed.encode())
    firsts = rows.first.tolist()
    drawn = [
        zlib.crc32(f"{print}{first}".encode(), salt) < most
        for print, first in zip(rows.fingerprints, firsts, strict=True)
    ]
    return np.flatnonzero(np.array(drawn, dtype=bool))


def compared(seen: Seen, live: Assigning, other: Assigning, at: IntArray) -> Comparison:
    """Return what the live codebook and another one make of some of the rows."""
    theirs = other.assign_traits([seen.traits[row] for row in at.tolist()])
    return compare(live.codebook, other.codebook, taken(seen.assigned, at), theirs, seen.rows.weight[at])

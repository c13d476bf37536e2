"""Rows as codebooks see them: by window, and by two codebooks at once."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stormcell.codebook.assigning import AssignedRows, Assigning
from stormcell.codebook.beside import Comparison, compare
from stormcell.codebook.points import TraitReader, Traits
from stormcell.codebook.summary import added, summary_of_traits
from stormcell.features.shelf import take
from stormcell.types import DoubleArray, Event, IntArray, Rows, WindowSummary

MOST: Final = 5000
"""Rows that are looked at of those settled at once: no tick is to be late for what comes on top of it."""
_CHUNK: Final = 64
"""Rows that are assigned, and timed, at once."""
_COLUMNS: Final = ("nearest", "dissimilarity", "runner_up", "runner_up_dissimilarity", "new")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Rows as the live codebook sees them; of more than ``MOST`` a sample, each of which stands for several.

    Attributes
    ----------
    events : list of Event, length n
        Those that stand for them.
    traits : list of Traits, length n
    prints : list of str, length n
        Their fingerprints.
    first : IntArray, shape (n,)
        When each began, ns.
    weights : DoubleArray, shape (n,)
        Events that each stands for.
    assigned : AssignedRows
    seconds : DoubleArray, shape (n,)
        How long it took to assign each.
    """

    events: list[Event]
    traits: list[Traits]
    prints: list[str]
    first: IntArray
    weights: DoubleArray
    assigned: AssignedRows
    seconds: DoubleArray


def see(assigning: Assigning, reader: TraitReader, rows: Rows, monotonic: Callable[[], float]) -> Seen:
    """Return rows as a codebook sees them."""
    at = np.arange(len(rows))
    if len(rows) > MOST:
        at = drawn(rows.fingerprints, rows.first, MOST / len(rows), "")
    weights = rows.weight[at].astype(np.float64)
    weights *= float(rows.weight.sum()) / max(float(weights.sum()), 1.0)
    events = take(rows.events, at)
    traits = [reader.read(event) for event in events]
    parts, seconds = [], np.zeros(len(at))
    for start in range(0, len(at), _CHUNK):
        chunk = traits[start : start + _CHUNK]
        begun = monotonic()
        parts.append(assigning.assign_traits(chunk))
        seconds[start : start + _CHUNK] = (monotonic() - begun) / len(chunk)
    assigned = _joined(parts) if parts else assigning.assign_traits([])
    prints = [rows.fingerprints[row] for row in at.tolist()]
    return Seen(events, traits, prints, rows.first[at], weights, assigned, seconds)


def by_window(seen: Seen, width: int) -> Iterator[tuple[int, IntArray]]:
    """Yield the windows in which rows began, ascending by when they start, each with its rows."""
    window = seen.first // width
    for at in np.unique(window).tolist():
        yield at * width, np.flatnonzero(window == at)


def summed(
    seen: Seen, assigning: Assigning, at: IntArray, before: WindowSummary | None, start: int, width: int
) -> WindowSummary:
    """Return what a window looks like, some rows of which were seen before."""
    rows = at.tolist()
    more = summary_of_traits(
        assigning.codebook,
        [seen.traits[row] for row in rows],
        _taken(seen.assigned, at),
        seen.weights[at],
        [seen.events[row].uid for row in rows],
        start,
        start + width,
    )
    return more if before is None else added([before, more])


def drawn(prints: Sequence[str], first: IntArray, share: float, seed: str) -> IntArray:
    """Return the rows that are drawn, by what they are: always the same of the same rows."""
    most, salt = share * 2**32, zlib.crc32(seed.encode())
    kept = [
        zlib.crc32(f"{print}{at}".encode(), salt) < most for print, at in zip(prints, first.tolist(), strict=True)
    ]
    return np.flatnonzero(np.array(kept, dtype=bool))


def compared(seen: Seen, live: Assigning, other: Assigning, at: IntArray) -> Comparison:
    """Return what the live codebook and another one make of some of the rows."""
    theirs = other.assign_traits([seen.traits[row] for row in at.tolist()])
    return compare(live.codebook, other.codebook, _taken(seen.assigned, at), theirs, seen.weights[at])


def _joined(parts: Sequence[AssignedRows]) -> AssignedRows:
    return AssignedRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


def _taken(assigned: AssignedRows, rows: IntArray) -> AssignedRows:
    return AssignedRows(*(getattr(assigned, name)[rows] for name in _COLUMNS))

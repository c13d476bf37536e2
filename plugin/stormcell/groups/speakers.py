"""Who speaks for a group: its exemplar, and one event of each signal beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.config import Settings
from stormcell.features.table import fields, tabulate
from stormcell.groups.solution import Solution
from stormcell.types import DoubleArray, IntArray, Signal

_CANDIDATES = 256


@dataclass(frozen=True, slots=True)
class Speaker:
    """Rows that speak for a group.

    Attributes
    ----------
    exemplar : int
        Of the rows in the medoid atom, the one with the smallest weighted sum of dissimilarities to the group.
    by_signal : tuple of int
        The same among the rows of each signal that the group has: alerts, logs, spans.
    """

    exemplar: int
    by_signal: tuple[int, ...]


def speak(
    solution: Solution, members: Sequence[IntArray], atoms: IntArray, medoid: IntArray, settings: Settings
) -> Speaker:
    """Choose who speaks for a group.

    An atom holds many events; each distinct one is judged alone, as a unit of one row.

    Parameters
    ----------
    solution : Solution
    members : sequence of IntArray
        The rows of each of its atoms.
    atoms : IntArray
    medoid : IntArray
        The rows of the medoid atom.
    settings : Settings
    """
    inside = _distinct(solution, medoid.tolist())
    inside_group = np.zeros(len(solution.rows), dtype=bool)
    inside_group[np.concatenate(members)] = True
    signals = {
        signal: _distinct(solution, np.flatnonzero(solution.rows.of(signal) & inside_group).tolist())
        for signal in Signal
    }
    candidates = sorted({*inside, *(row for rows in signals.values() for row in rows)})
    if len(candidates) == 1:
        return Speaker(candidates[0], (candidates[0],))
    sums = dict(zip(candidates, _sums(solution, members, atoms, candidates, settings), strict=True))
    # Rows ascend by (time, uid), so of equals the earliest wins.
    return Speaker(
        min(inside, key=lambda row: sums[row]),
        tuple(min(rows, key=lambda row: sums[row]) for rows in signals.values() if rows),
    )


def _distinct(solution: Solution, rows: Iterable[int]) -> list[int]:
    """Return the first row of each fingerprint, in their order, not too many."""
    seen: set[str] = set()
    chosen: list[int] = []
    for row in rows:
        fingerprint = solution.rows.fingerprints[row]
        if fingerprint not in seen and len(chosen) < _CANDIDATES:
            seen.add(fingerprint)
            chosen.append(row)
    return chosen


def _sums(
    solution: Solution,
    members: Sequence[IntArray],
    atoms: IntArray,
    candidates: Sequence[int],
    settings: Settings,
) -> list[float]:
    """Return the weighted sum of the dissimilarities of each candidate to the atoms."""
    chosen = np.concatenate([*members, np.array(candidates)])
    units = np.concatenate(
        [
            np.repeat(np.arange(len(atoms)), [len(rows) for rows in members]),
            len(atoms) + np.arange(len(candidates)),
        ]
    )
    compared = fields(
        tabulate(solution.rows, solution.features, units, chosen), settings.weights, settings.grouping
    )
    far = compared.take(len(atoms) + np.arange(len(candidates))).cross(compared.take(np.arange(len(atoms))))
    sums: DoubleArray = far.astype(np.float64) @ solution.weights[atoms]
    return [float(value) for value in sums.round(9)]

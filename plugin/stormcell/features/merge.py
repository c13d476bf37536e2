"""Rows that turned out to be one: equal columns, found all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.types import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Which of n rows are one of m.

    Attributes
    ----------
    into : IntArray, shape (n,)
        Where each row went.
    shown : IntArray, shape (m,)
        The earliest row of each, in their order.
    several : list of list of int
        The rows of each that was more than one, ascending.
    last : IntArray, shape (m,)
        The greatest ``last`` of each.
    """

    into: IntArray
    shown: IntArray
    several: list[list[int]]
    last: IntArray


def merge(order: IntArray, columns: Sequence[IntArray], last: IntArray) -> Merged:
    """Merge rows that are alike in all columns; what comes out is in the order of the earliest of each.

    Parameters
    ----------
    order : IntArray, shape (n,)
        The rows, the earliest first.
    columns : sequence of IntArray, shape (n,)
    last : IntArray, shape (n,)
    """
    count = len(order)
    if not count:
        return Merged(order, order, [], last)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    alike = np.lexsort(columns)
    starts = np.zeros(count, dtype=bool)
    starts[0] = True
    for column in columns:
        held = column[alike]
        starts[1:] |= held[1:] != held[:-1]
    at = np.flatnonzero(starts)
    earliest = np.minimum.reduceat(rank[alike], at)
    place = np.argsort(earliest)
    number = np.empty(len(at), dtype=np.int64)
    number[place] = np.arange(len(at))
    into = np.empty(count, dtype=np.int64)
    into[alike] = number[np.cumsum(starts) - 1]
    return Merged(
        into=into,
        shown=order[earliest[place]],
        several=[alike[start:end].tolist() for start, end in runs(starts)],
        last=np.maximum.reduceat(last[alike], at)[place],
    )


def runs(starts: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """Return where runs of more than one begin and end, told where each run starts."""
    at = np.append(np.flatnonzero(starts), len(starts))
    long = np.flatnonzero(np.diff(at) > 1)
    return list(zip(at[long].tolist(), at[long + 1].tolist(), strict=True))

"""Columns of every kind for properties, with missing cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from stormcell.distance.fields import AsymmetricBinary, Categorical, Cosine, Cyclic, Gap, Lookup, Numeric, Partial
from stormcell.distance.mixed import Field
from stormcell.distance.sets import Sets
from stormcell.types import BoolArray

MISSING = np.nan
T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A column's dissimilarity, and which of its rows are missing."""

    partial: Partial
    missing: BoolArray


def _cells(cell: st.SearchStrategy[T], n: int) -> st.SearchStrategy[list[T]]:
    return st.lists(cell, min_size=n, max_size=n)


def numeric(n: int) -> st.SearchStrategy[Column]:
    def make(cells: list[float]) -> Column:
        values = np.array(cells)
        known = values[~np.isnan(values)]
        return Column(Numeric(values, float(np.ptp(known)) if len(known) else 0.0), np.isnan(values))

    return _cells(st.one_of(st.just(MISSING), st.floats(-1e6, 1e6), st.integers(0, 3).map(float)), n).map(make)


def constant(n: int) -> st.SearchStrategy[Column]:
    def make(cells: list[float]) -> Column:
        return Column(Numeric(np.array(cells), 0.0), np.isnan(cells))

    return _cells(st.sampled_from([MISSING, 3.5]), n).map(make)


def categorical(n: int) -> st.SearchStrategy[Column]:
    return _cells(st.integers(-1, 2), n).map(lambda c: Column(Categorical(np.array(c)), np.array(c) < 0))


def binary(n: int) -> st.SearchStrategy[Column]:
    def make(cells: list[float]) -> Column:
        return Column(AsymmetricBinary(np.array(cells)), np.isnan(cells))

    return _cells(st.sampled_from([MISSING, 0.0, 1.0]), n).map(make)


def cosine(n: int) -> st.SearchStrategy[Column]:
    def make(cells: list[list[int]]) -> Column:
        vectors = np.array(cells, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return Column(Cosine(unit, 0.5), lengths[:, 0] == 0)

    return _cells(st.lists(st.integers(-3, 3), min_size=3, max_size=3), n).map(make)


def gap(n: int) -> st.SearchStrategy[Column]:
    def make(cells: list[tuple[int, int]]) -> Column:
        first = np.array([start for start, _ in cells])
        last = np.minimum(first.astype(float) + [length for _, length in cells], 2.0**63 - 1024).astype(np.int64)
        return Column(Gap(first, np.maximum(first, last), 120e9), np.zeros(n, dtype=bool))

    times = st.one_of(st.integers(0, 2**63 - 1), st.integers(0, 10**12))
    return _cells(st.tuples(times, st.integers(0, 10**12)), n).map(make)


def lookup(n: int) -> st.SearchStrategy[Column]:
    table = np.array([[0, 0.25, 1], [0.25, 0, 0.5], [1, 0.5, 0]], dtype=np.float32)
    return _cells(st.integers(-1, 2), n).map(lambda c: Column(Lookup(np.array(c), table), np.array(c) < 0))


def cyclic(n: int) -> st.SearchStrategy[Column]:
    place = st.one_of(st.just(MISSING), st.floats(0, 1))
    return _cells(place, n).map(lambda c: Column(Cyclic(np.array(c)), np.isnan(c)))


def sets(n: int) -> st.SearchStrategy[Column]:
    def make(cells: list[set[int] | None]) -> Column:
        sizes = np.array([-1 if cell is None else len(cell) for cell in cells])
        items = np.array([item for cell in cells for item in sorted(cell or ())], dtype=np.int64)
        return Column(Sets(items, sizes), sizes < 0)

    return _cells(st.one_of(st.none(), st.sets(st.integers(0, 9), max_size=5)), n).map(make)


KINDS = {
    "numeric": numeric,
    "constant": constant,
    "categorical": categorical,
    "binary": binary,
    "cosine": cosine,
    "cyclic": cyclic,
    "gap": gap,
    "lookup": lookup,
    "sets": sets,
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, tuple[Field, ...], list[Column]]:
    """Draw the number of rows, the fields over them and what they are made of."""
    n = draw(st.integers(1, 6))
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5))
    columns = [draw(KINDS[name](n)) for name in names]
    weights = [draw(st.one_of(st.just(0.0), st.floats(0.01, 10))) for _ in names]
    fields = tuple(
        Field(name, weight, column.partial) for name, weight, column in zip(names, weights, columns, strict=True)
    )
    return n, fields, columns

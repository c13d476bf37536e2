"""Where events happened: cluster, namespace, node and the like, from resources and labels, as sets of values."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.distance.sets import Sets
from stormcell.features.pairs import distinct_pairs
from stormcell.features.shelf import take
from stormcell.types import Attributes, BoolArray, IntArray, Rows


@dataclass(frozen=True, slots=True, eq=False)
class RowLabels:
    """The labels of rows, as compressed sparse rows.

    Attributes
    ----------
    start : IntArray, shape (n + 1,)
        Where each row's labels begin.
    value : IntArray, shape (total,)
        Codes of values, a name's together.
    name_of : IntArray, shape (values,)
        Code of the name of each value.
    """

    start: IntArray
    value: IntArray
    name_of: IntArray


def find_labels(rows: Rows, names: Mapping[str, Sequence[str]], wanted: BoolArray | None = None) -> RowLabels:
    """Collect the labels of each row.

    Parameters
    ----------
    rows : Rows
    names : mapping of str to sequence of str
        The fields of an event (attributes of its resource, or its own) that may hold each label, the first that
        does counts.
    wanted : BoolArray, shape (n,), optional
        The rows whose labels will be asked for, all by default: each has to be read for it.
    """
    chosen = np.arange(len(rows)) if wanted is None else np.flatnonzero(wanted)
    codes: dict[tuple[int, str], int] = {}
    sizes, values = np.zeros(len(rows) + 1, dtype=np.int64), array("q")

    def coded(resource: Attributes, attributes: Attributes) -> list[int]:
        return [codes.setdefault(label, len(codes)) for label in labels_of(resource, attributes, names)]

    # Few resources send many events, most of whose own attributes say nothing of it.
    asked: dict[int, set[str]] = {}
    known: dict[int, list[int]] = {}
    events = take(rows.events, chosen)
    for row, event in zip(chosen.tolist(), events, strict=True):
        resource, attributes = event.resource, event.attributes
        fields = asked.get(id(resource))
        if fields is None:
            fields = asked[id(resource)] = set(_asked(resource, names))
        if not fields.isdisjoint(attributes):
            found = coded(resource, attributes)
        else:
            held = known.get(id(resource))
            found = held if held is not None else known.setdefault(id(resource), coded(resource, {}))
        sizes[row + 1] = len(found)
        values.extend(found)
    return RowLabels(
        start=np.cumsum(sizes),
        value=np.array(values, dtype=np.int64),
        name_of=np.array([name for name, _ in codes], dtype=np.int64),
    )


def labels_of(
    resource: Attributes, attributes: Attributes, names: Mapping[str, Sequence[str]]
) -> Iterator[tuple[int, str]]:
    """Yield the labels of one event: the number of each name and the value (see find_labels)."""
    for number, fields in enumerate(names.values()):
        for field in fields:
            value = resource.get(field) or attributes.get(field)
            if isinstance(value, str) and value:
                yield number, value
                break


def _asked(resource: Attributes, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the fields that events of a resource are asked for, as it says nothing there."""
    for fields in names.values():
        for field in fields:
            value = resource.get(field)
            if isinstance(value, str) and value:
                break
            if not value:
                yield field


def label_sets(found: RowLabels, units: IntArray, at: IntArray, count: int) -> Sets:
    """Return the labels of each unit as a set; of a name that has one value only, nothing is said.

    Parameters
    ----------
    found : RowLabels
    units : IntArray, shape (r,)
        The unit of each row that is used.
    at : IntArray, shape (r,)
        Those rows.
    count : int
        How many units.
    """
    sizes = found.start[at + 1] - found.start[at]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    values = found.value[np.repeat(found.start[at], sizes) + within]
    owner, value, _ = distinct_pairs(np.repeat(units, sizes), values)
    if len(found.name_of):
        distinct = np.bincount(found.name_of[np.unique(value)], minlength=int(found.name_of.max()) + 1)
        several = distinct[found.name_of[value]] > 1
        owner, value = owner[several], value[several]
    held = np.bincount(owner, minlength=count)
    return Sets(value, np.where(held > 0, held, -1))

"""The outline of atoms: what the gate, the sessions and the merging need to know of each, and no more.

There can be as many atoms as rows, nearly all of them background; the wide columns are made only for those that
pass the gate (see table).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.features.blame import Accusations
from stormcell.features.labels import RowLabels
from stormcell.features.surprise import Surprise
from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray, Rows, Signal

_CALM = 0.5
"""What the surprise of a row without an error counts."""


@dataclass(frozen=True, slots=True, eq=False)
class RowFeatures:
    """What the stages found out about each row.

    Attributes
    ----------
    surprise : Surprise
    accusations : Accusations
    text : FloatArray, shape (templates, d)
        A vector a template, scaled by how rare the template is.
    labels : RowLabels
    """

    surprise: Surprise
    accusations: Accusations
    text: FloatArray
    labels: RowLabels


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Narrow columns of m units, each a set of rows.

    Attributes
    ----------
    items : IntArray, shape (m,)
        Events.
    first, last : IntArray, shape (m,)
        ns; an alert lasts until it was resolved.
    accused : IntArray, shape (m,)
        The most blamed service, -1 where none is known.
    surprise : DoubleArray, shape (m,)
        Of the most surprising row, half for rows without an error.
    alerts : BoolArray, shape (m,)
        Whether there is an alert among the rows.
    """

    items: IntArray
    first: IntArray
    last: IntArray
    accused: IntArray
    surprise: DoubleArray
    alerts: BoolArray


def outline(rows: Rows, features: RowFeatures, labels: IntArray, chosen: IntArray | None = None) -> Outline:
    """Sum up rows into units.

    Parameters
    ----------
    rows : Rows
    features : RowFeatures
    labels : IntArray, shape (r,)
        The unit of each row (of each chosen row), 0 to m - 1, each used.
    chosen : IntArray, shape (r,), optional
        The rows to use; all by default.
    """
    at = np.arange(len(rows)) if chosen is None else chosen
    count = units(labels)
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, labels, rows.first[at])
    np.maximum.at(last, labels, rows.last[at] + _firing(rows, at))
    surprise = np.zeros(count)
    np.maximum.at(surprise, labels, _judged(rows, features, at))
    return Outline(
        items=np.bincount(labels, weights=rows.weight[at], minlength=count).astype(np.int64),
        first=first,
        last=last,
        accused=_most_blamed(features.accusations, labels, at, count),
        surprise=surprise,
        alerts=np.bincount(labels, weights=rows.of(Signal.ALERT)[at], minlength=count) > 0,
    )


def _firing(rows: Rows, at: IntArray) -> IntArray:
    """Return how long each row goes on after its last event, ns: an alert lasts while it fires."""
    firing = np.zeros(len(at), dtype=np.int64)
    for place in np.flatnonzero(rows.of(Signal.ALERT)[at]).tolist():
        firing[place] = rows.events[at[place]].duration
    return firing


def _judged(rows: Rows, features: RowFeatures, at: IntArray) -> DoubleArray:
    return features.surprise.value[at] * np.where(rows.failed[at], 1.0, _CALM)


def most_surprising(rows: Rows, features: RowFeatures, labels: IntArray) -> IntArray:
    """Return the most surprising row of each unit, of equals the first.

    Parameters
    ----------
    rows : Rows, n rows
    features : RowFeatures
    labels : IntArray, shape (n,)
        The unit of each row, 0 to m - 1, each used.

    Returns
    -------
    IntArray, shape (m,)
    """
    judged = _judged(rows, features, np.arange(len(rows)))
    most = np.full(units(labels), -np.inf)
    np.maximum.at(most, labels, judged)
    chosen = np.flatnonzero(judged == most[labels])[::-1]
    found = np.empty(len(most), dtype=np.int64)
    # The last that is written stays: the first row.
    found[labels[chosen]] = chosen
    return found


def units(labels: IntArray) -> int:
    """Return how many units there are."""
    return int(labels.max()) + 1 if len(labels) else 0


def _most_blamed(accusations: Accusations, labels: IntArray, at: IntArray, count: int) -> IntArray:
    """Return the most blamed service of each unit; of equals the first by name."""
    known = accusations.accused[at] >= 0
    pairs = labels[known] * len(accusations.services) + accusations.accused[at][known]
    distinct, place = np.unique(pairs, return_inverse=True)
    amount = np.bincount(place.reshape(-1), weights=accusations.amount[at][known], minlength=len(distinct))
    unit, service = np.divmod(distinct, max(len(accusations.services), 1))
    order = np.lexsort((service, -amount, unit))
    accused = np.full(count, -1)
    blamed, start = np.unique(unit[order], return_index=True)
    accused[blamed] = service[order][start]
    return accused

"""The feature table: what is known of each atom (or of each row alone), as columns the fields are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.config import GroupingSettings, WeightsSettings
from stormcell.distance.fields import Cosine, Gap, Lookup, Numeric
from stormcell.distance.mixed import Field
from stormcell.features.blame import Accusations
from stormcell.features.surprise import Surprise
from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray, Rows


@dataclass(frozen=True, slots=True, eq=False)
class RowFeatures:
    """What the stages found out about each row.

    Attributes
    ----------
    surprise : Surprise
    accusations : Accusations
    text : FloatArray, shape (templates, d)
        A vector a template, scaled by how rare the template is.
    """

    surprise: Surprise
    accusations: Accusations
    text: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of m units, each a set of rows.

    Attributes
    ----------
    items : IntArray, shape (m,)
        Events.
    first, last : IntArray, shape (m,)
        ns.
    blame : FloatArray, shape (m, services)
        Length 1, or zero where no service is known.
    accused : IntArray, shape (m,)
        The most blamed service, -1 where none.
    text : FloatArray, shape (m, d)
        Length 1 or zero.
    novelty : DoubleArray, shape (m,)
        Of the newest row.
    surprise : DoubleArray, shape (m,)
        Of the most surprising row, half for rows without an error.
    error : BoolArray, shape (m,)
    hops : FloatArray, shape (services, services)
    """

    items: IntArray
    first: IntArray
    last: IntArray
    blame: FloatArray
    accused: IntArray
    text: FloatArray
    novelty: DoubleArray
    surprise: DoubleArray
    error: BoolArray
    hops: FloatArray


_CALM = 0.5
"""What the surprise of a row without an error counts."""


def tabulate(rows: Rows, features: RowFeatures, labels: IntArray, chosen: IntArray | None = None) -> Table:
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
    count = int(labels.max()) + 1 if len(labels) else 0
    template = rows.template[at]
    accusations = features.accusations

    items = np.bincount(labels, weights=rows.weight[at], minlength=count).astype(np.int64)
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, labels, rows.first[at])
    np.maximum.at(last, labels, rows.last[at])

    blame = np.zeros((count, len(accusations.services)))
    known = accusations.accused[at] >= 0
    np.add.at(blame, (labels[known], accusations.accused[at][known]), accusations.amount[at][known])
    accused = np.where(blame.any(axis=1), blame.argmax(axis=1), -1) if blame.shape[1] else np.full(count, -1)

    error = np.zeros(count, dtype=bool)
    failed = np.array([rows.events[row].is_error for row in at.tolist()], dtype=bool)
    np.logical_or.at(error, labels, failed)
    novelty, surprise = np.zeros(count), np.zeros(count)
    np.maximum.at(novelty, labels, features.surprise.novelty[at])
    np.maximum.at(surprise, labels, features.surprise.value[at] * np.where(failed, 1.0, _CALM))

    # How often each template occurs in each unit, dampened: (1 + ln tf).
    pairs, place = np.unique(np.stack([labels, template]), axis=1, return_inverse=True)
    frequency = np.bincount(place.reshape(-1), weights=rows.weight[at], minlength=pairs.shape[1])
    text = np.zeros((count, features.text.shape[1]), dtype=np.float32)
    dampened = (1.0 + np.log(frequency)).astype(np.float32)
    np.add.at(text, pairs[0], features.text[pairs[1]] * dampened[:, None])

    return Table(
        items=items,
        first=first,
        last=last,
        blame=_unit(blame.astype(np.float32)),
        accused=accused,
        text=_unit(text),
        novelty=novelty,
        surprise=surprise,
        error=error,
        hops=accusations.hops,
    )


def fields(table: Table, weights: WeightsSettings, grouping: GroupingSettings) -> list[Field]:
    """Return the fields of the mixed dissimilarity over the units of a table."""
    return [
        Field("blame", weights.blame, Cosine(table.blame, 1.0)),
        Field("text", weights.text, Cosine(table.text, 0.5)),
        Field("hops", weights.hops, Lookup(table.accused, table.hops)),
        Field("time", weights.time, Gap(table.first, table.last, grouping.time_scale_seconds * 1e9)),
        Field("novelty", weights.novelty, Numeric(np.sqrt(table.novelty), 1.0)),
    ]


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit

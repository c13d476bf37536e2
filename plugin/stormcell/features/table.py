"""The feature table: what is compared of each atom (or of each row alone), as columns the fields are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stormcell.config import GroupingSettings, WeightsSettings
from stormcell.distance.fields import Cosine, Gap, Lookup, Numeric
from stormcell.distance.mixed import Field, MixedPoints
from stormcell.distance.sets import Sets
from stormcell.features.labels import label_sets
from stormcell.features.outline import Outline, RowFeatures, outline
from stormcell.features.pairs import distinct_pairs
from stormcell.types import DoubleArray, FloatArray, IntArray, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of m units, each a set of rows.

    Attributes
    ----------
    outline : Outline
    blame : FloatArray, shape (m, services)
        Length 1, or zero where no service is known.
    text : FloatArray, shape (m, d)
        Length 1 or zero.
    labels : Sets, m of them
    novelty : DoubleArray, shape (m,)
        Of the newest row.
    hops : FloatArray, shape (services, services)
    """

    outline: Outline
    blame: FloatArray
    text: FloatArray
    labels: Sets
    novelty: DoubleArray
    hops: FloatArray


def tabulate(rows: Rows, features: RowFeatures, labels: IntArray, chosen: IntArray | None = None) -> Table:
    """Sum up rows into units (see outline for the parameters)."""
    at = np.arange(len(rows)) if chosen is None else chosen
    narrow = outline(rows, features, labels, chosen)
    count = len(narrow.items)
    accusations = features.accusations

    known = accusations.accused[at] >= 0
    place = labels[known] * len(accusations.services) + accusations.accused[at][known]
    amounts = np.bincount(place, accusations.amount[at][known], minlength=count * len(accusations.services))
    blame = amounts.reshape(count, len(accusations.services))
    novelty = np.zeros(count)
    np.maximum.at(novelty, labels, features.surprise.novelty[at])

    # How often each template occurs in each unit, dampened: (1 + ln tf).
    owner, template, place = distinct_pairs(labels, rows.template[at])
    frequency = np.bincount(place, weights=rows.weight[at], minlength=len(owner))
    text = np.zeros((count, features.text.shape[1]), dtype=np.float32)
    dampened = (1.0 + np.log(frequency)).astype(np.float32)
    for some in _turns(owner):
        text[owner[some]] += features.text[template[some]] * dampened[some, None]

    places = label_sets(features.labels, labels, at, count)
    return Table(narrow, unit(blame.astype(np.float32)), unit(text), places, novelty, accusations.hops)


def _turns(owner: IntArray) -> Iterator[IntArray]:
    """Yield the places of the first entry of each owner, of the second, and so on; owners ascend.

    What is added up in such turns is added in the order of the entries, without ``np.add.at``.
    """
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    sizes = np.diff(starts, append=len(owner))
    turn = 0
    while len(starts):
        yield starts + turn
        turn += 1
        starts, sizes = starts[sizes > turn], sizes[sizes > turn]


def fields(table: Table, weights: WeightsSettings, grouping: GroupingSettings) -> MixedPoints:
    """Return the units of a table as points, compared by the fields of the mixed dissimilarity."""
    narrow = table.outline
    return MixedPoints(
        (
            Field("blame", weights.blame, Cosine(table.blame, 1.0)),
            Field("text", weights.text, Cosine(table.text, 0.5)),
            Field("hops", weights.hops, Lookup(narrow.accused, table.hops)),
            Field("time", weights.time, Gap(narrow.first, narrow.last, grouping.time_scale_seconds * 1e9)),
            Field("labels", weights.labels, table.labels),
            Field("novelty", weights.novelty, Numeric(np.sqrt(table.novelty), 1.0)),
        )
    )


def unit(vectors: FloatArray) -> FloatArray:
    """Scale rows to length 1, in place; rows of zeros stay."""
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return vectors

"""Learning: a weighted sample of events becomes the codebook of which each is spoken for by one that is near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from types import MappingProxyType
from typing import Final

import numpy as np

from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.codebook.assigning import AssignedRows, Assigning
from stormcell.codebook.document import seal
from stormcell.codebook.matching import named
from stormcell.codebook.points import KINDS, Texts, TraitReader, Traits, durations, points, text_table
from stormcell.codebook.summary import silhouette, summary_of_traits
from stormcell.config import CodebookSettings, Settings
from stormcell.types import (
    Codebook,
    CodebookField,
    Codeword,
    DoubleArray,
    Event,
    FloatArray,
    IntArray,
    Provenance,
    TextTable,
    WindowSummary,
)

NEW: Final = 0.01
"""At most this share of the events of the training is new to the codebook."""
_SEVERITY: Final = 8.0
"""Severities that differ by so much, information and error, are as far apart as can be."""
_DURATION: Final = 2.0
"""Powers of ten: where all take nearly as long, what differs from that by so many is as far as can be."""
_DECIMALS: Final = 6
_ROUNDS: Final = 20
_TOLERANCE: Final = 1e-9


def learn(
    events: Sequence[Event],
    weights: DoubleArray,
    provenance: Provenance,
    settings: Settings,
    parent: Codebook | None = None,
    *,
    text: TextTable | None = None,
    ranges: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> Codebook:
    """Return the codebook of a sample.

    Parameters
    ----------
    events : sequence of Event, length n
        At least one, ascending by (time, uid).
    weights : DoubleArray, shape (n,)
        For how many events of the training each speaks.
    provenance : Provenance
        Its metrics are added here.
    settings : Settings
    parent : Codebook, optional
        Whose ids are kept for kinds that are still there; returned where nothing has changed.
    text : TextTable, optional
        What is known of texts, where that is more than these events tell.
    ranges : mapping of str to tuple of float
        The least and the most of fields as ``ranges_of`` gives them, where these events do not tell.
    """
    reader = TraitReader(settings)
    traits = [reader.read(event) for event in events]
    text = text or text_table((one.template for one in traits), settings.text)
    fields = _fields({**ranges_of(traits), **ranges}, settings.codebook)
    first, held = _distinct(traits, weights)
    former = [] if parent is None else [reader.read(word.medoid) for word in parent.codewords]
    compared = points([*(traits[at] for at in first.tolist()), *former], fields, Texts(text, settings.text))
    chosen = compared.take(np.arange(len(first)))
    medoids = _medoids(chosen.cross(chosen), held, settings.codebook)
    words = [Codeword("", events[at], traits[at].template, 0.0, 1.0) for at in first[medoids].tolist()]
    far = chosen.take(medoids).cross(compared.take(np.arange(len(first), len(first) + len(former))))
    words = [replace(word, id=id) for word, id in zip(words, named(parent, words, far), strict=True)]
    unmeasured = Codebook(
        version="",
        fields=fields,
        codewords=tuple(sorted(words, key=lambda word: word.id)),
        text=text,
        reference=WindowSummary("", provenance.first_seen, provenance.last_seen, 0.0, 0.0, 0.0, {}, {}),
        provenance=provenance,
    )
    found = Assigning(unmeasured, settings).assign_traits(traits)
    made = _measured(unmeasured, events, traits, weights, found, settings.codebook.radius)
    if parent is not None:
        again = seal(replace(made, provenance=replace(made.provenance, parent=parent.provenance.parent)))
        if again.version == parent.version:
            return parent
    return seal(made)


def ranges_of(traits: Sequence[Traits]) -> dict[str, tuple[float, float]]:
    """Return the least and the most duration, as a power of ten of a nanosecond, where an event has one."""
    lasted = durations(traits)
    lasted = lasted[~np.isnan(lasted)]
    return {"duration": (float(lasted.min()), float(lasted.max()))} if len(lasted) else {}


def _fields(ranges: Mapping[str, tuple[float, float]], settings: CodebookSettings) -> tuple[CodebookField, ...]:
    least, most = ranges.get("duration", (0.0, 0.0))
    spans = {"severity": _SEVERITY, "duration": round(max(most - least, _DURATION), _DECIMALS)}
    return tuple(
        CodebookField(name, kind, getattr(settings, f"{name}_weight"), spans.get(name, 0.0))
        for name, kind in KINDS.items()
    )


def _distinct(traits: Sequence[Traits], weights: DoubleArray) -> tuple[IntArray, DoubleArray]:
    """Return the first of those alike, to a tenth of a power of ten of the duration, and what they weigh."""
    place: dict[Traits, int] = {}
    first: list[int] = []
    sums: list[float] = []
    for at, (one, weight) in enumerate(zip(traits, weights.tolist(), strict=True)):
        rounded = one.duration and 10 ** round(np.log10(one.duration), 1)
        found = place.setdefault(one._replace(duration=int(rounded)), len(first))
        if found == len(first):
            first.append(at)
            sums.append(0.0)
        sums[found] += weight
    return np.array(first, dtype=np.int64), np.array(sums)


def _medoids(far: FloatArray, weights: DoubleArray, settings: CodebookSettings) -> IntArray:
    """Return the medoids: those worth their price, then some for whatever is beyond the radius of all.

    Then each moves to where its events are nearest, as long as none of them comes to be beyond the radius.
    """
    most, radius = settings.max_codewords, settings.radius
    medoids = cluster_by_opening_cost(far, weights, opening_cost=settings.price, max_k=most).medoids
    near = far[medoids].min(axis=0)
    while len(medoids) < most and (near > radius).any():
        beyond = np.flatnonzero(near > radius)
        # Of what is left out, that which brings most of it nearest.
        gain = np.maximum(near[None, :] - far[beyond], 0.0) @ weights
        medoids = np.append(medoids, beyond[gain.argmax()])
        near = np.minimum(near, far[medoids[-1]])
    for _ in range(_ROUNDS):
        moved = _centred(far, weights, medoids, radius)
        if np.array_equal(moved, medoids):
            break
        medoids = moved
    return np.sort(medoids)


def _centred(far: FloatArray, weights: DoubleArray, medoids: IntArray, radius: float) -> IntArray:
    """Return the medoids moved to the middle of what is nearest to each."""
    label, moved = far[medoids].argmin(axis=0), medoids.copy()
    # Of equals at distance 0 the medoid is its own.
    label[medoids] = np.arange(len(medoids))
    for number, medoid in enumerate(medoids.tolist()):
        mine = np.flatnonzero(label == number)
        apart = far[np.ix_(mine, mine)]
        within = far[medoid, mine] <= radius
        keeps = (apart[:, within] <= radius).all(axis=1)
        cost = np.where(keeps, apart @ weights[mine], np.inf)
        best = int(cost.argmin())
        if cost[best] < cost[mine == medoid][0] * (1 - _TOLERANCE):
            moved[number] = mine[best]
    return moved


def _measured(
    codebook: Codebook,
    events: Sequence[Event],
    traits: Sequence[Traits],
    weights: DoubleArray,
    found: AssignedRows,
    radius: float,
) -> Codebook:
    """Return the codebook with radius and weights, and with what the sample looks like through it."""
    if (weights[found.dissimilarity > radius]).sum() > NEW * weights.sum():
        order = np.argsort(found.dissimilarity, kind="stable")
        within = np.searchsorted(np.cumsum(weights[order]), (1 - NEW) * weights.sum())
        radius = float(found.dissimilarity[order[min(within, len(order) - 1)]])
    radius = ceil(radius * 10**_DECIMALS) / 10**_DECIMALS
    found = replace(found, new=found.dissimilarity > radius)
    held = np.bincount(found.nearest, weights=weights, minlength=len(codebook.codewords))
    provenance, uids = codebook.provenance, [event.uid for event in events]
    seen = provenance.first_seen, provenance.last_seen
    reference = summary_of_traits(codebook, traits, found, weights, uids, *seen)
    metrics = {"loss": reference.distance / reference.events, "new": reference.new / reference.events}
    if (alike := silhouette(found, weights)) is not None:
        metrics["silhouette"] = alike
    return replace(
        codebook,
        codewords=tuple(
            replace(word, weight=round(weight, _DECIMALS), radius=radius)
            for word, weight in zip(codebook.codewords, held.tolist(), strict=True)
        ),
        reference=replace(reference, codebook=""),
        provenance=replace(provenance, metrics={name: round(value, _DECIMALS) for name, value in metrics.items()}),
    )

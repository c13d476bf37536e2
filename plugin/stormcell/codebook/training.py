"""Training: a stream of rows becomes a bounded sample, and the sample a codebook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final, Self

import numpy as np

from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.cluster.reservoir import Reservoir
from stormcell.codebook.assigning import AssignedRows, Assigning
from stormcell.codebook.document import event_json, event_of, seal
from stormcell.codebook.points import KINDS, Texts, TraitReader, Traits, durations, points, severities, text_table
from stormcell.codebook.summary import silhouette, summary_of_traits
from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.features.shelf import take
from stormcell.types import (
    Codebook,
    CodebookField,
    Codeword,
    DoubleArray,
    Event,
    FloatArray,
    IntArray,
    Provenance,
    Rows,
    WindowSummary,
)

FORMAT: Final = "stormcell.training/1"
_OFFER: Final = 4096
_LEAST_SPAN: Final = {"severity": 8.0, "duration": 2.0}
"""Where all have nearly one value, what differs from it by this much is as far as can be."""
_DECIMALS: Final = 6


class Trainer:
    """Takes in a stream of rows and makes a codebook of it; memory is bounded by ``codebook.sample``.

    It changes in place and belongs to one owner: it is not safe to share between threads.

    Parameters
    ----------
    settings : Settings
    seed : int
        Of the sample.
    parent : Codebook, optional
        Whose ids are kept for kinds that are still there.
    """

    def __init__(self, settings: Settings, *, seed: int = 0, parent: Codebook | None = None) -> None:
        self._settings = settings
        self._seed = seed
        self._parent = parent
        self._reservoir = Reservoir(settings.codebook.sample, seed=seed)
        self._kept: dict[int, Event] = {}
        self._rows = self._events = 0
        self._first, self._last = 0, 0

    @property
    def events(self) -> int:
        """How many events were offered."""
        return self._events

    def offer(self, rows: Rows) -> None:
        """Take in the next rows of the stream."""
        if not len(rows):
            return
        first, last = int(rows.first.min()), int(rows.last.max())
        self._first = first if not self._rows else min(self._first, first)
        self._last = max(self._last, last)
        weights = rows.weight.astype(np.float64)
        for start in range(0, len(rows), _OFFER):
            at = np.arange(start, min(start + _OFFER, len(rows)))
            strata = [rows.fingerprints[row] for row in at.tolist()]
            dropped = self._reservoir.offer(at + self._rows, weights=weights[at], strata=strata)
            for handle in dropped.tolist():
                self._kept.pop(handle, None)
            new = np.setdiff1d(at + self._rows, dropped) - self._rows
            # Only what is kept is read out of its bytes.
            for row, event in zip(new.tolist(), take(rows.events, new), strict=True):
                self._kept[row + self._rows] = event
        self._rows += len(rows)
        self._events += int(rows.weight.sum())

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to it as JSON values."""
        return {
            "format": FORMAT,
            "seed": self._seed,
            "rows": self._rows,
            "events": self._events,
            "first": self._first,
            "last": self._last,
            "reservoir": self._reservoir.snapshot(),
            "kept": [[handle, event_json(event)] for handle, event in sorted(self._kept.items())],
        }

    @classmethod
    def restore(cls, settings: Settings, snapshot: Mapping[str, Any], parent: Codebook | None = None) -> Self:
        """Return a trainer that goes on exactly as the one that the snapshot was taken of.

        Raises
        ------
        InputError
            If it is no snapshot, or was taken with another ``codebook.sample``.
        """
        if snapshot.get("format") != FORMAT:
            raise InputError(
                f"expected a checkpoint of a training ({FORMAT}), found {snapshot.get('format')!r}; train from "
                "the start"
            )
        try:
            made = cls(settings, seed=int(snapshot["seed"]), parent=parent)
            made._rows, made._events = int(snapshot["rows"]), int(snapshot["events"])
            made._first, made._last = int(snapshot["first"]), int(snapshot["last"])
            made._reservoir = Reservoir.restore(snapshot["reservoir"])
            made._kept = {int(handle): event_of(stored) for handle, stored in snapshot["kept"]}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the checkpoint cannot be read ({error!r}); train from the start") from error
        if made._reservoir.capacity != settings.codebook.sample:
            raise InputError(
                f"the checkpoint was made with codebook.sample at {made._reservoir.capacity}, which is now "
                f"{settings.codebook.sample}; set it back, or train from the start"
            )
        return made

    def train(self) -> Codebook:
        """Return the codebook of what was offered: the same for the same rows, settings and seed.

        Raises
        ------
        InputError
            If nothing was offered.
        """
        if not self._events:
            raise InputError("there is no event to train a codebook on; name files that hold some")
        handles, weights = self._reservoir.handles.tolist(), self._reservoir.estimates()
        # Of equal times and uids there is one: rows of one fingerprint and second differ in their events.
        order = sorted(
            range(len(handles)), key=lambda at: (self._kept[handles[at]].time, self._kept[handles[at]].uid)
        )
        events = [self._kept[handles[at]] for at in order]
        sample = _Sample.of(events, weights[order], self._settings)
        provenance = Provenance(
            first_seen=self._first,
            last_seen=self._last,
            events=self._events,
            rows=self._rows,
            sampled=len(events),
            seed=self._seed,
            software=version("stormcell"),
            parent="" if self._parent is None else self._parent.version,
        )
        return _learned(sample, provenance, self._settings)


def train(rows: Rows, settings: Settings, *, seed: int = 0, parent: Codebook | None = None) -> Codebook:
    """Return the codebook of rows (see Trainer)."""
    trainer = Trainer(settings, seed=seed, parent=parent)
    trainer.offer(rows)
    return trainer.train()


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """What a codebook is made of.

    Attributes
    ----------
    events : list of Event, length n
        Ascending by (time, uid).
    traits : list of Traits, length n
    weights : DoubleArray, shape (n,)
        Of how many events each speaks.
    """

    events: list[Event]
    traits: list[Traits]
    weights: DoubleArray

    @classmethod
    def of(cls, events: list[Event], weights: DoubleArray, settings: Settings) -> Self:
        reader = TraitReader(settings)
        return cls(events, [reader.read(event) for event in events], weights)

    def distinct(self) -> tuple[IntArray, DoubleArray]:
        """Return the first of those that are alike but for a bit of their duration, and what each speaks for."""
        place: dict[Traits, int] = {}
        first: list[int] = []
        weights: list[float] = []
        for at, (one, weight) in enumerate(zip(self.traits, self.weights.tolist(), strict=True)):
            rounded = one.duration and 10 ** round(np.log10(one.duration), 1)
            found = place.setdefault(one._replace(duration=int(rounded)), len(first))
            if found == len(first):
                first.append(at)
                weights.append(0.0)
            weights[found] += weight
        return np.array(first), np.array(weights)


def _learned(sample: _Sample, provenance: Provenance, settings: Settings) -> Codebook:
    text = text_table((one.template for one in sample.traits), settings.text)
    fields = _fields(sample, settings)
    first, weights = sample.distinct()
    chosen = [sample.traits[at] for at in first.tolist()]
    placed = points(chosen, fields, Texts(text, settings.text))
    medoids = first[_medoids(placed.cross(placed), weights, settings)].tolist()
    ids = _ids([sample.traits[at] for at in medoids])
    unmeasured = Codebook(
        version="",
        fields=fields,
        codewords=tuple(
            sorted(
                (
                    Codeword(id, sample.events[at], sample.traits[at].template, 0.0, 1.0)
                    for id, at in zip(ids, medoids, strict=True)
                ),
                key=lambda word: word.id,
            )
        ),
        text=text,
        reference=WindowSummary("", provenance.first_seen, provenance.last_seen, 0.0, 0.0, 0.0, {}, {}),
        provenance=provenance,
    )
    return seal(_measured(unmeasured, sample, settings))


def _medoids(far: FloatArray, weights: DoubleArray, settings: Settings) -> IntArray:
    """Return the medoids: those worth their price, then one for whatever is beyond the radius of all."""
    wanted = settings.codebook
    found = cluster_by_opening_cost(far, weights, opening_cost=wanted.price, max_k=wanted.max_codewords)
    medoids = found.medoids.tolist()
    near = far[medoids].min(axis=0)
    while len(medoids) < wanted.max_codewords:
        beyond = near > wanted.radius
        if not beyond.any():
            break
        # Of what is left out, that which speaks for most of it.
        covered = ((far[beyond][:, beyond] <= wanted.radius) * weights[beyond]).sum(axis=1)
        at = int(np.flatnonzero(beyond)[covered.argmax()])
        medoids.append(at)
        near = np.minimum(near, far[at])
    return np.array(sorted(medoids), dtype=np.int64)


def _measured(codebook: Codebook, sample: _Sample, settings: Settings) -> Codebook:
    """Return the codebook with what each codeword stands for, and what the sample looks like through it."""
    found = Assigning(codebook, settings).assign_traits(sample.traits)
    count = len(codebook.codewords)
    held = np.bincount(found.nearest, weights=sample.weights, minlength=count)
    radii = np.full(count, settings.codebook.radius)
    words = tuple(
        replace(word, weight=round(weight, _DECIMALS), radius=round(radius, _DECIMALS))
        for word, weight, radius in zip(codebook.codewords, held.tolist(), radii.tolist(), strict=True)
    )
    new = found.dissimilarity > radii[found.nearest]
    found = AssignedRows(found.nearest, found.dissimilarity, found.runner_up, found.runner_up_dissimilarity, new)
    provenance = codebook.provenance
    uids = [event.uid for event in sample.events]
    reference = summary_of_traits(
        codebook, sample.traits, found, sample.weights, uids, provenance.first_seen, provenance.last_seen
    )
    alike = silhouette(found, sample.weights)
    metrics = {
        "loss": reference.distance / reference.events,
        "new": reference.new / reference.events,
        **({} if alike is None else {"silhouette": alike}),
    }
    told = {name: round(value, _DECIMALS) for name, value in metrics.items()}
    return replace(
        codebook,
        codewords=words,
        reference=replace(reference, codebook=""),
        provenance=replace(provenance, metrics=told),
    )


def _fields(sample: _Sample, settings: Settings) -> tuple[CodebookField, ...]:
    values = {"severity": severities(sample.traits), "duration": durations(sample.traits)}

    def span(name: str) -> float:
        if name not in values:
            return 0.0
        known = values[name][~np.isnan(values[name])]
        width = float(np.ptp(known)) if len(known) else 0.0
        return round(max(width, _LEAST_SPAN[name]), _DECIMALS)

    weights = settings.codebook
    return tuple(
        CodebookField(name, kind, getattr(weights, f"{name}_weight"), span(name)) for name, kind in KINDS.items()
    )


def _ids(medoids: Sequence[Traits]) -> list[str]:
    """Return an id a medoid, by what it says and of what service, severity and signal it is."""
    taken: dict[str, int] = {}
    ids = []
    for one in medoids:
        said = "\0".join((one.signal.value, one.service, str(one.severity), one.template))
        number = taken[said] = taken.get(said, -1) + 1
        text = f"{said}\0{number}".encode("utf-8", "surrogatepass")
        ids.append("k-" + hashlib.blake2b(text, digest_size=6).hexdigest())
    return ids

"""Where events belong in a codebook, and why: exactly, and fast enough to ask for every event."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np

from stormcell.codebook.points import KINDS, Codes, Texts, TraitReader, Traits, durations, severities
from stormcell.config import Settings
from stormcell.errors import CodebookError
from stormcell.features.shelf import take
from stormcell.types import (
    Assigned,
    BoolArray,
    Codebook,
    DoubleArray,
    Event,
    FloatArray,
    IntArray,
    Rows,
    Share,
    Signal,
)

_KEPT: Final = 4096
"""Texts whose dissimilarities to all medoids are at hand."""
_BLOCK: Final = 64
"""Events that are assigned at once: of more, what lies between is larger than what a processor has at hand."""
_ROUNDING: Final = 1e-6
"""Cosines so near to 1 are 1, as in distance.fields."""


@dataclass(frozen=True, slots=True, eq=False)
class AssignedRows:
    """Where rows belong.

    Attributes
    ----------
    nearest, runner_up : IntArray, shape (n,)
        Places in the codebook's ``codewords``; the second is -1 where there is only one.
    dissimilarity, runner_up_dissimilarity : DoubleArray, shape (n,)
        To both; 1 where there is none.
    new : BoolArray, shape (n,)
        Whether a row is beyond the radius of the nearest.
    """

    nearest: IntArray
    dissimilarity: DoubleArray
    runner_up: IntArray
    runner_up_dissimilarity: DoubleArray
    new: BoolArray


class Assigning:
    """Assigns events to the codewords of one codebook; any thread may use it.

    Parameters
    ----------
    codebook : Codebook
    settings : Settings
        Its text, its labels and its privacy; the weights are the codebook's own.

    Attributes
    ----------
    codebook : Codebook

    Raises
    ------
    CodebookError
        If the settings name another embedder than that of the codebook, or it has no codeword.
    """

    def __init__(self, codebook: Codebook, settings: Settings) -> None:
        if not codebook.codewords:
            raise CodebookError(f"the codebook {codebook.version} has no codeword: nothing can be assigned to it")
        self.codebook = codebook
        self._settings = settings
        self._texts = Texts(codebook.text, settings.text)
        self._reader, self._lock = TraitReader(settings), Lock()
        self._far: OrderedDict[tuple[Signal, str], DoubleArray] = OrderedDict()
        medoids = [self._reader.read(word.medoid) for word in codebook.codewords]
        self._fields = [field for field in codebook.fields if field.weight > 0]
        self._weights: DoubleArray = np.array([field.weight for field in self._fields])[:, None, None]
        self._vectors: FloatArray = self._texts.vectors(
            [one.signal for one in medoids], [one.template for one in medoids]
        )
        self._silent: BoolArray = np.logical_not(self._vectors.any(axis=1))
        self._radius: DoubleArray = np.array([word.radius for word in codebook.codewords])
        self._services, self._signals, self._labels = Codes({}), Codes({}), Codes({})
        self._service = _differing(self._services.of(one.service for one in medoids))
        self._signal = _differing(self._signals.of(one.signal.value for one in medoids))
        self._severity, self._duration = severities(medoids), durations(medoids)
        self._sizes: DoubleArray = np.array([len(one.labels) or np.nan for one in medoids], dtype=np.float64)
        names = sorted({label for one in medoids for label in one.labels})
        self._labels.of(names)
        self._holds: FloatArray = np.zeros((len(names), len(medoids)), dtype=np.float32)
        for at, one in enumerate(medoids):
            self._holds[[self._labels.known[label] for label in one.labels], at] = 1.0

    def assign(self, event: Event, *, explained: bool = True) -> Assigned:
        """Return where an event belongs.

        Parameters
        ----------
        event : Event
            As it came or masked.
        explained : bool
            Whether to tell the shares.
        """
        parts = self._parts(self.read([event]))
        found = self._nearest(parts)
        words, nearest, second = self.codebook.codewords, int(found.nearest[0]), int(found.runner_up[0])
        return Assigned(
            codeword="" if found.new[0] else words[nearest].id,
            nearest=words[nearest].id,
            dissimilarity=float(found.dissimilarity[0]),
            runner_up="" if second < 0 else words[second].id,
            runner_up_dissimilarity=float(found.runner_up_dissimilarity[0]),
            radius=words[nearest].radius,
            shares=self._shares(parts[:, 0, nearest].tolist()) if explained else (),
        )

    def assign_rows(self, rows: Rows) -> AssignedRows:
        """Return where rows belong, each by the event that stands for it."""
        return self.assign_traits(self.read_rows(rows))

    def read(self, events: Sequence[Event]) -> list[Traits]:
        """Return what is compared of events."""
        with self._lock:
            return [self._reader.read(event) for event in events]

    def read_rows(self, rows: Rows) -> list[Traits]:
        """Return what is compared of rows."""
        return self.read(take(rows.events, np.arange(len(rows))))

    def assign_traits(self, traits: Sequence[Traits]) -> AssignedRows:
        """Return where events belong whose traits were read."""
        if not traits:
            none = np.zeros(0, dtype=np.int64)
            return AssignedRows(none, np.zeros(0), none, np.zeros(0), np.zeros(0, dtype=bool))
        starts = range(0, len(traits), _BLOCK)
        blocks = [self._nearest(self._parts(traits[start : start + _BLOCK])) for start in starts]
        return AssignedRows(
            np.concatenate([block.nearest for block in blocks]),
            np.concatenate([block.dissimilarity for block in blocks]),
            np.concatenate([block.runner_up for block in blocks]),
            np.concatenate([block.runner_up_dissimilarity for block in blocks]),
            np.concatenate([block.new for block in blocks]),
        )

    def dissimilarities(self, traits: Sequence[Traits]) -> DoubleArray:
        """Return how far events are from every codeword, shape (n, codewords)."""
        return self._mixed(self._parts(traits))

    def _parts(self, traits: Sequence[Traits]) -> DoubleArray:
        """Return partial dissimilarities, shape (fields that weigh, n, codewords); NaN where one is missing."""
        parts = np.empty((len(self._fields), len(traits), len(self._radius)))
        for at, field in enumerate(self._fields):
            parts[at] = self._part(field.name, field.span, traits)
        return parts

    def _part(self, name: str, span: float, traits: Sequence[Traits]) -> DoubleArray:
        if name == "text":
            return self._text([(one.signal, one.template) for one in traits])
        if name == "service":
            return self._service[_codes(self._services, [one.service for one in traits])]
        if name == "signal":
            return self._signal[_codes(self._signals, [one.signal.value for one in traits])]
        if name == "severity":
            return _apart(severities(traits), self._severity, span)
        if name == "duration":
            return _apart(durations(traits), self._duration, span)
        return self._places([one.labels for one in traits])

    def _text(self, said: Sequence[tuple[Signal, str]]) -> DoubleArray:
        with self._lock:
            found = {}
            for one in dict.fromkeys(said):
                far = self._far.get(one)
                if far is None:
                    far = self._far[one] = self._text_apart(*one)
                    if len(self._far) > _KEPT:
                        self._far.popitem(last=False)
                else:
                    self._far.move_to_end(one)
                found[one] = far
        return np.array([found[one] for one in said])

    def _text_apart(self, signal: Signal, template: str) -> DoubleArray:
        vector = self._texts.vectors([signal], [template])[0]
        apart = 1.0 - (self._vectors @ vector).astype(np.float64)
        far: DoubleArray = np.where(apart < _ROUNDING, 0.0, np.minimum(apart, 1.0))
        far[self._silent if vector.any() else slice(None)] = np.nan
        return far

    def _places(self, labels: Sequence[frozenset[str]]) -> DoubleArray:
        known = self._labels.known
        holds = np.zeros((len(labels), len(known)), dtype=np.float32)
        for at, one in enumerate(labels):
            holds[at, [known[label] for label in one if label in known]] = 1.0
        shared = (holds @ self._holds).astype(np.float64)
        sizes = np.array([len(one) or np.nan for one in labels], dtype=np.float64)
        far: DoubleArray = 1.0 - shared / (sizes[:, None] + self._sizes[None, :] - shared)
        return far

    def _mixed(self, parts: DoubleArray) -> DoubleArray:
        """Return the weighted mean over the fields that both have; two without one in common are 1 apart."""
        if not self._fields:
            told = "the codebook compares nothing: all its fields have the weight 0; train it anew"
            raise CodebookError(told)
        missing = np.isnan(parts)
        weights = (self._weights * ~missing).sum(axis=0)
        sums = (self._weights * np.where(missing, 0.0, parts)).sum(axis=0)
        mean: DoubleArray = np.divide(sums, weights, out=np.ones_like(weights), where=weights > 0)
        return mean

    def _nearest(self, parts: DoubleArray) -> AssignedRows:
        far = self._mixed(parts)
        every = np.arange(len(far))
        nearest = far.argmin(axis=1)
        near = far[every, nearest].copy()
        if far.shape[1] > 1:
            far[every, nearest] = np.inf
            second = far.argmin(axis=1)
            then = far[every, second]
        else:
            second, then = np.full(len(far), -1, dtype=np.int64), np.ones(len(far))
        return AssignedRows(nearest, near, second, then, near > self._radius[nearest])

    def _shares(self, parts: Sequence[float]) -> tuple[Share, ...]:
        here = [(field.name, field.weight, part) for field, part in zip(self._fields, parts, strict=True)]
        total = sum(weight for _, weight, part in here if part == part)
        return tuple(
            Share(name, part, weight, weight * part / total) if part == part else Share(name, 0.0, 0.0, 0.0)
            for name, weight, part in here
        )


def check_fields(codebook: Codebook, name: str) -> None:
    """Raise CodebookError if a codebook compares by fields that there are none of."""
    for field in codebook.fields:
        if KINDS.get(field.name) != field.kind:
            known = ", ".join(f"{one} ({kind})" for one, kind in KINDS.items())
            raise CodebookError(
                f"{name}: fields: expected some of {known}, found {field.name!r} of the kind {field.kind!r}; "
                "it is of a newer version of Stormcell, or was edited"
            )


def _codes(codes: Codes, values: Sequence[str]) -> IntArray:
    """Return the numbers of values: -1 of none, -2 of one that no medoid has, which are the last two of all."""
    known = codes.known
    return np.array([known.get(one, -2) if one else -1 for one in values], dtype=np.int64)


def _differing(codes: IntArray) -> DoubleArray:
    """Return a row a value, that of another and that of none: 0 where a medoid has it, 1 where not, else NaN."""
    values = np.arange(codes.max() + 3)
    differ: DoubleArray = (values[:, None] != codes).astype(np.float64)
    differ[-1] = np.nan
    differ[:, codes == -1] = np.nan
    return differ


def _apart(left: DoubleArray, right: DoubleArray, span: float) -> DoubleArray:
    apart: DoubleArray = np.abs(left[:, None] - right[None, :])
    scaled: DoubleArray = np.minimum(apart / span, 1.0) if span > 0 else apart * 0.0
    return scaled

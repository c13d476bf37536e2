"""Events as points: what of them a codebook compares, read once, and how texts become vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Final, NamedTuple

import numpy as np

from stormcell.config import Settings, TextSettings
from stormcell.distance.fields import Categorical, Cosine, Numeric, Partial
from stormcell.distance.mixed import Field, MixedPoints
from stormcell.distance.sets import Sets
from stormcell.errors import CodebookError
from stormcell.features.counted import spelled
from stormcell.features.embedding import embedder_of
from stormcell.features.labels import labels_of
from stormcell.features.table import unit
from stormcell.privacy import Concealer
from stormcell.text.lexical import Lexicon
from stormcell.text.templates import Parser
from stormcell.text.words import spoken
from stormcell.types import CodebookField, DoubleArray, Event, FloatArray, IntArray, Signal, TextTable

KINDS: Final = {
    "text": "cosine",
    "service": "categorical",
    "signal": "categorical",
    "severity": "numeric",
    "duration": "numeric",
    "labels": "sets",
}
"""The fields there are, in their order, and the kind of each."""


class Traits(NamedTuple):
    """What of an event is compared.

    Attributes
    ----------
    signal : Signal
    service : str
        "" where unknown.
    severity : int
        0 where unknown.
    template : str
        Its text without what varies.
    duration : int
        ns, 0 where it has none.
    labels : frozenset of str
        "name=value" of each label by which its place is named.
    """

    signal: Signal
    service: str
    severity: int
    template: str
    duration: int
    labels: frozenset[str]


class TraitReader:
    """Reads the traits of events; for one thread at a time.

    Parameters
    ----------
    settings : Settings
        Its masks, its privacy and its labels.
    """

    def __init__(self, settings: Settings) -> None:
        self._parser = Parser(settings.text.masks, private=settings.privacy.mask)
        self._show = Concealer().text if settings.privacy.mask else str
        self._labels: Mapping[str, Sequence[str]] = settings.labels.model_dump()
        self._names = tuple(self._labels)

    def read(self, event: Event) -> Traits:
        """Return the traits of an event; they are the same whether it was masked before or not."""
        parse = self._parser.log if event.signal is Signal.LOG else self._parser.name
        found = labels_of(event.resource, event.attributes, self._labels)
        return Traits(
            event.signal,
            self._show(event.service),
            event.severity,
            spelled(parse(event.text).template),
            max(event.duration, 0),
            frozenset(f"{self._names[number]}={self._show(value)}" for number, value in found),
        )


class Texts:
    """Turns templates into vectors as a codebook's table says.

    Parameters
    ----------
    table : TextTable
    settings : TextSettings
        Name the same embedder.

    Raises
    ------
    CodebookError
        If they name another, or its vectors are of another length.
    """

    def __init__(self, table: TextTable, settings: TextSettings) -> None:
        found, expected = (settings.embedder, settings.model), (table.embedder, table.model)
        if found != expected:
            raise CodebookError(
                f"the codebook compares texts by the embedder {_named(*expected)}, but text.embedder and "
                f"text.model name {_named(*found)}; set them to those of the codebook, or train one with these"
            )
        self._embedder = embedder_of(settings)
        length = dimensions(settings)
        if length != table.dimensions:
            raise CodebookError(
                f"the codebook was trained on vectors of {table.dimensions} numbers, but the embedder "
                f"{_named(*found)} gives {length}: it is another model; use that of the training, or train anew"
            )
        counts = {int(bucket, 16): int(count) for bucket, count in table.rarity.items() if bucket}
        self._lexicon = Lexicon.of(int(table.rarity.get("", 0)), counts)
        # What the meaning and the letters are multiplied by.
        letters = {name: np.float32(share) for name, share in table.letters.items()}
        self._mix = {name: (np.sqrt(1 - share), np.sqrt(share)) for name, share in letters.items()}

    def vectors(self, signals: Sequence[Signal], templates: Sequence[str]) -> FloatArray:
        """Return a vector a template, of length 1 or zero, shape (n, d).

        The cosine of two of one signal is that of their meaning and that of their letters, mixed by the share of
        the letters; where a text has only one of the two, that one counts whole.
        """
        texts = [spoken(template) for template in templates]
        letters = self._lexicon.embed(texts)
        if self._embedder is None:
            return letters
        mix = np.array([self._mix[signal.value] for signal in signals], dtype=np.float32)
        meaning = self._embedder.embed(texts)
        return unit(np.concatenate([mix[:, :1] * meaning, mix[:, 1:] * letters], axis=1))


def text_table(templates: Iterable[str], settings: TextSettings) -> TextTable:
    """Return how the texts of a codebook become vectors, with what the templates teach of words and letters."""
    lexicon = Lexicon()
    lexicon.learn(sorted({spoken(template) for template in templates}))
    documents, counts = lexicon.counts()
    rarity = {"": float(documents)} | {f"{bucket:x}": float(count) for bucket, count in counts.items()}
    letters = {
        Signal.ALERT.value: settings.lexical_alert,
        Signal.LOG.value: settings.lexical_log,
        Signal.SPAN.value: settings.lexical_span,
    }
    return TextTable(settings.embedder, settings.model, dimensions(settings), rarity, letters)


def dimensions(settings: TextSettings) -> int:
    """Return the length of the embedder's vectors; 0 without one."""
    embedder = embedder_of(settings)
    return 0 if embedder is None else int(embedder.embed(["length"]).shape[1])


def durations(traits: Iterable[Traits]) -> DoubleArray:
    """Return the durations as powers of ten of a nanosecond, shape (n,); NaN where there is none."""
    return np.array([log10(one.duration) if one.duration > 0 else np.nan for one in traits], dtype=np.float64)


def severities(traits: Iterable[Traits]) -> DoubleArray:
    """Return the severities, shape (n,); NaN where unknown."""
    return np.array([one.severity if one.severity > 0 else np.nan for one in traits], dtype=np.float64)


@dataclass(slots=True)
class Codes:
    """Numbers for values as they are met; -1 for none."""

    known: dict[str, int]

    def of(self, values: Iterable[str]) -> IntArray:
        """Return a number a value."""
        known = self.known
        return np.array([known.setdefault(one, len(known)) if one else -1 for one in values], dtype=np.int64)


def points(traits: Sequence[Traits], fields: Sequence[CodebookField], texts: Texts) -> MixedPoints:
    """Return events as points of the mixed dissimilarity of a codebook, with the medoids among them or not."""

    def partial(field: CodebookField) -> Partial:
        if field.name == "text":
            distinct = list(dict.fromkeys((one.signal, one.template) for one in traits))
            place = {said: at for at, said in enumerate(distinct)}
            vectors = texts.vectors([signal for signal, _ in distinct], [template for _, template in distinct])
            return Cosine(vectors[[place[one.signal, one.template] for one in traits]], 1.0)
        if field.name == "service":
            return Categorical(Codes({}).of(one.service for one in traits))
        if field.name == "signal":
            return Categorical(Codes({}).of(one.signal.value for one in traits))
        if field.name == "severity":
            return Numeric(severities(traits), field.span)
        if field.name == "duration":
            return Numeric(durations(traits), field.span)
        sizes = np.array([len(one.labels) or -1 for one in traits], dtype=np.int64)
        return Sets(Codes({}).of(label for one in traits for label in sorted(one.labels)), sizes)

    return MixedPoints(tuple(Field(field.name, field.weight, partial(field)) for field in fields))


def _named(embedder: str, model: str) -> str:
    return f"{embedder!r} ({model!r})" if model else repr(embedder)

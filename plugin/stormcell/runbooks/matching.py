"""How well runbooks fit what an incident says: a sum of parts, each told by name. No I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from stormcell.protocols import Embedder
from stormcell.runbooks.pages import DIAGNOSIS, IMPACT, MEANING, MITIGATION, OTHER, Page, page, sentences
from stormcell.runbooks.query import Query
from stormcell.runbooks.weighing import Postings, postings, rare, rarity
from stormcell.runbooks.words import spelled, squeezed, stem
from stormcell.text.words import spoken
from stormcell.types import DoubleArray, Matched, Runbook

FITS: Final = 0.45
"""The score from which on a runbook is said to fit."""

_LINKED: Final = 4.0
_NAMED: Final = 2.0
_TIERS: Final = {"the alert": 1.0, "an alert that speaks for the group": 0.5, "another member": 0.25}
"""What a link or a name counts by whose it is."""
_NAME: Final = 0.25
_TOLD: Final = 0.1
_SENSE: Final = 0.4
_SENSE_OF_NAME: Final = 0.1
_REST: Final = 0.25
"""What the words of the other members count beside those of the exemplar."""

_SECTIONS: Final = {MEANING: 1.0, IMPACT: 0.4, DIAGNOSIS: 0.2, MITIGATION: 0.2, OTHER: 0.5}
"""What a word counts by where a runbook says it."""
_LENGTH: Final = 0.2
_ENOUGH_IN_NAME: Final = 1.0
_ENOUGH: Final = 0.5
_SENTENCES: Final = 40
_WORDS_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of the scores: a value a runbook, what it is called, and what of it is due to which word."""

    name: str
    values: DoubleArray
    words: Mapping[str, DoubleArray] = field(default_factory=dict)

    def told(self, at: int) -> str:
        """Return its name with the words that make most of it."""
        by = {word: float(values[at]) for word, values in self.words.items() if values[at] > 0}
        shown = sorted(by, key=lambda word: (-by[word], word))[:_WORDS_SHOWN]
        return f"{self.name}: {', '.join(shown)}" if shown else self.name


class Index:
    """Runbooks made ready to be compared.

    Words are weighed by how few runbooks hold them and by where they stand (BM25F; Robertson, Zaragoza & Taylor
    2004, doi:10.1145/1031171.1031181); their sense is compared by vectors of sentences.

    Parameters
    ----------
    runbooks : sequence of Runbook
    keywords : sequence of str
        What each is said to be about besides its text, as many.
    alerts : sequence of sequence of str
        The names of alerts that each is for besides its own, as many.
    embedder : Embedder
    """

    def __init__(
        self,
        runbooks: Sequence[Runbook],
        keywords: Sequence[str],
        alerts: Sequence[Sequence[str]],
        embedder: Embedder,
    ) -> None:
        self._runbooks = runbooks
        self._embedder = embedder
        paths = [one.path for one in runbooks]
        self._place = np.argsort(sorted(range(len(paths)), key=paths.__getitem__))
        self._named: dict[str, set[int]] = {}
        for at, (one, more) in enumerate(zip(runbooks, alerts, strict=True)):
            for name in {squeezed(name) for name in (one.name, one.title, *more)} - {""}:
                self._named.setdefault(name, set()).add(at)
        self._linked = {name: set(held) for name, held in self._named.items()}
        for at, one in enumerate(runbooks):
            if one.url:
                self._linked.setdefault(squeezed(one.url), set()).add(at)
        pages = [page(one.markdown) for one in runbooks]
        names = [Counter(dict.fromkeys(_stems(f"{one.name}\n{one.title}"), 1)) for one in runbooks]
        texts = {kind: [Counter(_stems(one.sections[kind])) for one in pages] for kind in _SECTIONS}
        for words, more in zip(texts[OTHER], keywords, strict=True):
            words.update(_stems(more))
        self._rarity = rarity([names, *texts.values()], len(runbooks))
        self._unknown = rare(0, len(runbooks))
        self._names = postings([(1.0, names)], self._rarity, _ENOUGH_IN_NAME, length=0.0)
        self._texts = postings(
            [(weight, texts[kind]) for kind, weight in _SECTIONS.items()], self._rarity, _ENOUGH, _LENGTH
        )
        self._name_weight = np.array([sum(self._rarity[word] for word in own) for own in names], dtype=np.float64)
        told = [_sentences(one, each) for one, each in zip(runbooks, pages, strict=True)]
        self._starts = np.cumsum([0, *map(len, told)])[:-1]
        self._name_vectors = embedder.embed([spoken(one.name) for one in runbooks])
        self._vectors = embedder.embed([spoken(sentence) for own in told for sentence in own])

    def rank(self, query: Query, most: int) -> tuple[Matched, ...]:
        """Return the runbooks of the highest scores, best first, equal ones by path."""
        if not self._runbooks:
            return ()
        parts = [*self._outright(query), *self._words(query.text), *self._sense(query.text)]
        if query.rest:
            parts += self._words(query.rest, _REST, ", by other members")
        total = np.sum([part.values for part in parts], axis=0)
        found = []
        for at in np.lexsort((self._place, -total))[:most].tolist():
            why = tuple((part.told(at), float(part.values[at])) for part in parts if part.values[at] > 0)
            found.append(Matched(self._runbooks[at], math.fsum(value for _, value in why), why))
        return tuple(found)

    def _outright(self, query: Query) -> list[_Part]:
        """Compare links, by their last part, and names; of several only the one that counts most."""
        found = []
        for what, weight, known, tiers in (
            ("runbook_url", _LINKED, self._linked, [_keys(links) for links in query.links]),
            ("name", _NAMED, self._named, [set(map(squeezed, names)) - {""} for names in query.names]),
        ):
            before: set[int] = set()
            for (whose, factor), wanted in zip(_TIERS.items(), tiers, strict=True):
                hits = {at for name in wanted for at in known.get(name, ())} - before
                values = np.zeros(len(self._runbooks))
                values[list(hits)] = weight * factor
                found.append(_Part(f"the {what} of {whose}", values))
                before |= hits
        return found

    def _words(self, text: str, weight: float = 1.0, whose: str = "") -> list[_Part]:
        """Compare words; all that a text says together weighs 1, however long it is."""
        words = spelled(text)
        shown = {stem(word): word for word in reversed(words)}
        counted = {word: math.log1p(count) for word, count in Counter(map(stem, words)).items()}
        whole = sum(value * self._rarity.get(word, self._unknown) for word, value in counted.items())
        if not whole:
            return []
        zeros = np.zeros(len(self._runbooks))
        said = zeros.copy()
        for word in counted:  # in their order, which a set would not keep from run to run
            if word in self._names:
                said[self._names[word][0]] += self._rarity[word]
        share = np.divide(said, self._name_weight, out=zeros.copy(), where=self._name_weight > 0)
        scaled = {word: weight * value / whole for word, value in counted.items()}
        return [
            self._part(f"words of its name{whose}", self._names, scaled, shown, _NAME),
            _Part(f"how much of its name is said{whose}", weight * _TOLD * share),
            self._part(f"words of its text{whose}", self._texts, scaled, shown, 1.0),
        ]

    def _part(
        self,
        name: str,
        known: Postings,
        scaled: Mapping[str, float],
        shown: Mapping[str, str],
        factor: float,
    ) -> _Part:
        values, words = np.zeros(len(self._runbooks)), {}
        for word, value in scaled.items():
            if word in known:
                at, amounts = known[word]
                words[shown[word]] = own = np.zeros(len(self._runbooks))
                own[at] = factor * value * amounts
                values += own
        return _Part(name, values, words)

    def _sense(self, text: str) -> list[_Part]:
        """Compare what is meant: the nearest sentence of each meaning, and each name."""
        asked = self._embedder.embed([spoken(text)])[0]
        nearest = np.maximum.reduceat(self._vectors @ asked, self._starts)
        names = self._name_vectors @ asked
        return [
            _Part("sense of its meaning", _SENSE * np.maximum(nearest, 0).astype(np.float64)),
            _Part("sense of its name", _SENSE_OF_NAME * np.maximum(names, 0).astype(np.float64)),
        ]


def _sentences(runbook: Runbook, own: Page) -> list[str]:
    """Return the sentences that tell what a runbook is for, its name being the first."""
    return [spoken(runbook.name), *sentences(own.sections[MEANING])][:_SENTENCES]


def _keys(links: Sequence[str]) -> set[str]:
    """Return what a runbook may be called in links: the last part, without ending, the fragment, or all of it."""
    found: set[str] = set()
    for link in links:
        address, _, fragment = link.partition("#")
        last = address.partition("?")[0].rstrip("/").rpartition("/")[2]
        found |= {squeezed(link), squeezed(fragment), squeezed(last), squeezed(PurePosixPath(last).stem)}
    return found - {""}


def _stems(text: str) -> list[str]:
    return [stem(word) for word in spelled(text)]

"""The lexical part of a text: TF-IDF over its words and their character n-grams, hashed, with numpy alone.

Names of alerts and services are no language; letters that two texts have in common tell more there than meaning.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import lru_cache
from itertools import chain
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from stormcell.text.words import words_of
from stormcell.types import DoubleArray, FloatArray, IntArray

DIMENSIONS: Final = 512
_BUCKETS: Final = 1 << 16
"""Counts of documents are kept by hash: memory stays the same however many features there are."""
_GRAM: Final = 4
_WORD_WEIGHT: Final = 2.0
_WORDS: Final = 4096
_FEATURES: Final = 32_768
"""Words and features that are at hand: most of those of a new text were in others."""


class Lexicon:
    """Embeds texts by TF-IDF; how many texts hold a feature is counted as it learns.

    A feature's place in a vector and its sign come from its hash (the hashing trick, Weinberger et al. 2009,
    doi:10.1145/1553374.1553516).
    """

    def __init__(self) -> None:
        self._documents = 0
        self._frequency: NDArray[np.int32] = np.zeros(_BUCKETS, dtype=np.int32)
        self._shared = False

    def learn(self, texts: Iterable[str]) -> None:
        """Count the features of each text."""
        for text in texts:
            if self._shared:
                self._frequency, self._shared = self._frequency.copy(), False
            self._documents += 1
            # Once, though several features may have one bucket.
            self._frequency[np.unique(_read(text)[0] % _BUCKETS)] += 1

    def copy(self) -> Self:
        """Return one that knows the same and learns on its own; the counts are shared until one does."""
        other = copy(self)
        self._shared = other._shared = True
        return other

    def counts(self) -> tuple[int, dict[int, int]]:
        """Return how many texts were learned, and for each bucket of features in how many, of those in several."""
        several = np.flatnonzero(self._frequency > 1)
        return self._documents, dict(zip(several.tolist(), self._frequency[several].tolist(), strict=True))

    @classmethod
    def of(cls, documents: int, counts: Mapping[int, int]) -> Self:
        """Return one that knows what ``counts`` returned.

        Raises
        ------
        ValueError
            If there is no such bucket.
        """
        made = cls()
        made._documents = documents
        for bucket, count in counts.items():
            if not 0 <= bucket < _BUCKETS:
                raise ValueError(f"expected buckets from 0 to {_BUCKETS - 1}, found {bucket}")
            made._frequency[bucket] = count
        return made

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors, shape (n, DIMENSIONS); a text without any word gives zeros."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        read = [_read(text) for text in texts]
        if not read:
            return vectors
        hashes, weight = (np.concatenate(columns) for columns in zip(*read, strict=True))
        row = np.repeat(np.arange(len(texts)), [len(own) for own, _ in read])
        np.add.at(vectors.reshape(-1), row * DIMENSIONS + hashes % DIMENSIONS, weight * self._idf(hashes))
        lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

    def _idf(self, hashes: IntArray) -> DoubleArray:
        """Return how rare features are; an unseen one counts as seen once."""
        seen = np.maximum(self._frequency[hashes % _BUCKETS], 1)
        rare: DoubleArray = np.log((self._documents + 1) / seen) + 1.0
        return rare


@lru_cache(4096)
def _read(text: str) -> tuple[IntArray, DoubleArray]:
    """Return the hashes of a text's features, and what each weighs there, with its sign.

    Texts of templates come again at every tick.
    """
    counts = _features(text)
    known = list(map(_feature, counts))
    hashes = np.array([hashed for hashed, _ in known], dtype=np.int64)
    weight = np.array([weight for _, weight in known], dtype=np.float64)
    return hashes, weight * (1.0 + np.log(np.fromiter(counts.values(), dtype=np.float64)))


def _features(text: str) -> Counter[str]:
    """Count the words and the character 4-grams inside them."""
    return Counter(chain.from_iterable(map(_word, words_of(text))))


@lru_cache(_WORDS)
def _word(word: str) -> tuple[str, ...]:
    """Return the features of a word."""
    padded = f" {word} "
    grams = (padded[start : start + _GRAM] for start in range(max(len(padded) - _GRAM + 1, 1)))
    return (f"w:{word}", *(f"c:{gram}" for gram in grams))


@lru_cache(_FEATURES)
def _feature(name: str) -> tuple[int, float]:
    """Return the hash of a feature, and what it weighs, with its sign."""
    hashed = zlib.crc32(name.encode("utf-8", "replace"))
    weight = _WORD_WEIGHT if name[0] == "w" else 1.0
    return hashed, weight if hashed & 0x80000000 else -weight

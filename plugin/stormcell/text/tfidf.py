"""TF-IDF over word and character n-grams, hashed: text vectors with numpy alone."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from stormcell.types import FloatArray

DIMENSIONS: Final = 512
_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MASKED: Final = re.compile(r"<[a-z]+>")
_GRAM: Final = 4
_WORD_WEIGHT: Final = 2.0


def _features(text: str) -> Counter[str]:
    """Count the words (weighted) and the character 4-grams inside them; masks carry no meaning."""
    words = [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", _MASKED.sub(" ", text)))]
    counts: Counter[str] = Counter()
    for word in words:
        counts[f"w:{word}"] += 1
        padded = f" {word} "
        for start in range(max(len(padded) - _GRAM + 1, 1)):
            counts[f"c:{padded[start : start + _GRAM]}"] += 1
    return counts


def _place(feature: str) -> tuple[int, float]:
    """Return the dimension and the sign of a feature (the hashing trick of Weinberger et al. 2009)."""
    value = zlib.crc32(feature.encode("utf-8", "replace"))
    return value % DIMENSIONS, 1.0 if value & 0x80000000 else -1.0


class TfidfEmbedder:
    """Embeds texts by TF-IDF; the document frequencies come from the texts it was fitted on.

    Parameters
    ----------
    texts : iterable of str
        The corpus, one entry a distinct text. An unseen feature counts as seen once.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._documents = 0
        self._frequency: Counter[str] = Counter()
        for text in texts:
            self._documents += 1
            self._frequency.update(_features(text).keys())

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors, shape (n, DIMENSIONS); a text without any word gives zeros."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for feature, count in _features(text).items():
                idf = math.log((self._documents + 1) / max(self._frequency[feature], 1)) + 1.0
                weight = _WORD_WEIGHT if feature.startswith("w:") else 1.0
                place, sign = _place(feature)
                vectors[row, place] += sign * weight * (1.0 + math.log(count)) * idf
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

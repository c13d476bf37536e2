"""What words count in a collection of texts: rare ones more, and the more the oftener a text says them (BM25F)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from stormcell.types import DoubleArray, IntArray

Postings = Mapping[str, tuple[IntArray, DoubleArray]]
"""By word, the texts that say it, ascending, and what it counts there."""

Field = tuple[float, Sequence[Counter[str]]]
"""The weight of a part of the texts, and the words of that part of each."""


def rarity(fields: Sequence[Sequence[Counter[str]]], count: int) -> dict[str, float]:
    """Return how rare each word is among ``count`` texts of several parts; it is above 0."""
    holders: Counter[str] = Counter()
    for at in range(count):
        holders.update({word for field in fields for word in field[at]})
    return {word: rare(held, count) for word, held in holders.items()}


def rare(held: int, count: int) -> float:
    """Return how rare a word is that ``held`` of ``count`` texts hold."""
    return math.log(1.0 + (count - held + 0.5) / (held + 0.5))


def postings(fields: Sequence[Field], rarities: Mapping[str, float], enough: float, length: float) -> Postings:
    """Return what each word counts in each text.

    Parameters
    ----------
    fields : sequence of Field
    rarities : mapping of str to float
        Of every word.
    enough : float
        The count at which a word has half of what it can have (k1).
    length : float
        How much words of a part longer than the mean count less, in [0, 1] (b).
    """
    summed: dict[str, dict[int, float]] = {}
    for weight, texts in fields:
        sizes = [sum(words.values()) for words in texts]
        mean = sum(sizes) / max(len(sizes), 1)
        for at, (words, size) in enumerate(zip(texts, sizes, strict=True)):
            scale = weight / (1.0 - length + length * size / mean) if mean else 0.0
            for word, count in words.items():
                own = summed.setdefault(word, {})
                own[at] = own.get(at, 0.0) + scale * count
    found = {}
    for word, by in summed.items():
        amounts = np.array(list(by.values()), dtype=np.float64)
        found[word] = (np.array(list(by), dtype=np.int64), rarities[word] * amounts / (enough + amounts))
    return found

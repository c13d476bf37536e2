"""How alike past incidents are: their profiles as points of a mixed dissimilarity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log, sqrt
from typing import Final

import numpy as np

from stormcell.config import RecurrenceSettings
from stormcell.distance.fields import Cosine
from stormcell.distance.mixed import Field, MixedPoints
from stormcell.types import FloatArray, Profile, Saying, Signal

MOST_SHARED: Final = 4096
"""Columns of a field: what more than one incident has; of very many, the most telling."""
# Tells a profile that says only what no other does from one that says nothing; its square is no likeness.
_PRESENT: Final = 1e-4
# As if so many more incidents had been seen that say nothing of it: of a few, what all say is not yet usual.
_UNSEEN: Final = 10
_TELLING: Final = {Signal.SPAN.value: 0.75}

_FIELDS: Final = ("blame", "sayings", "symptoms", "instances")
"""In the order of ``amounts``; the weight of each is the setting of that name."""

Amounts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual to say.

    Attributes
    ----------
    profiles : int
    held : mapping of str to int
        How many of them have each saying.
    """

    profiles: int
    held: Mapping[str, int]

    def rarity(self, key: str) -> float:
        """Return how rare a saying is, above 0."""
        # What is seen once may come again: it is not known to be rarer than what was seen twice.
        return log((self.profiles + _UNSEEN) / (max(self.held.get(key, 0), 2) + 0.5))


def usual(profiles: Collection[Profile]) -> Usual:
    """Return what is usual to say, of past incidents."""
    return Usual(len(profiles), Counter(_key(saying) for each in profiles for saying in each.sayings))


def likeness(profiles: Sequence[Profile], settings: RecurrenceSettings, known: Usual | None = None) -> MixedPoints:
    """Return profiles as points, compared by the weighted mean of the dissimilarities of their fields.

    Each field is 1 minus the cosine of two vectors, missing where either profile has nothing to say in it.

    - ``blame``: how much each service is accused.
    - ``sayings``: who says what, ``(1 + ln count) rarity``, three quarters of it for a span's: spans are many and
      say little. All signals in one field, so that each counts by how much it tells: a lone alert says less than
      twenty logs.
    - ``symptoms``: what alerts say, whoever they are about, each as much as its service is accused.
    - ``instances``: the square root of each pod's and host's part of what is unusual.

    The rarity of what ``df`` of the ``n`` profiles say is ``ln((n + 10) / (max(df, 2) + .5))``.

    Parameters
    ----------
    profiles : sequence of Profile, n of them
    settings : RecurrenceSettings
    known : Usual, optional
        What rarity is judged by; these profiles by default.
    """
    rarity = cache((usual(profiles) if known is None else known).rarity)
    rows = [amounts(each) for each in profiles]
    for row in rows:
        row["sayings"] = {key: amount * rarity(key) for key, amount in row["sayings"].items()}
    return MixedPoints(
        tuple(
            Field(name, getattr(settings, name), Cosine(_vectors([row[name] for row in rows]), 1.0))
            for name in _FIELDS
        )
    )


def amounts(profile: Profile) -> dict[str, Amounts]:
    """Return what a profile has of each field, without regard to what is rare."""
    return {
        "blame": profile.services,
        "sayings": {
            _key(saying): (1.0 + log(saying.count)) * _TELLING.get(saying.signal, 1.0)
            for saying in profile.sayings
        },
        "symptoms": _symptoms(profile),
        "instances": {name: sqrt(part) for name, part in profile.instances.items()},
    }


def _key(saying: Saying) -> str:
    """Return by what a saying is the same as another's."""
    return f"{saying.signal}\0{saying.service}\0{saying.text}"


def _symptoms(profile: Profile) -> Amounts:
    sums: dict[str, float] = {}
    for saying in profile.sayings:
        if saying.signal == Signal.ALERT:
            sums[saying.text] = sums.get(saying.text, 0.0) + profile.services.get(saying.service, 0.0)
    return sums


def _vectors(amounts: Sequence[Amounts]) -> FloatArray:
    """Return a vector of length 1 a profile, zero where it has nothing; shape (n, columns).

    What no other profile has needs no column, as it is like nothing: it makes a vector's columns shorter than 1.
    """
    mass: dict[str, float] = {}
    held: Counter[str] = Counter()
    for each in amounts:
        held.update(each.keys())
        for key, amount in each.items():
            mass[key] = mass.get(key, 0.0) + amount**2
    shared = sorted((key for key, count in held.items() if count > 1), key=lambda key: (-mass[key], key))
    column = {key: at for at, key in enumerate(sorted(shared[:MOST_SHARED]))}
    vectors = np.zeros((len(amounts), len(column) + 1), dtype=np.float32)
    for row, each in enumerate(amounts):
        length = sqrt(sum(amount * amount for amount in each.values()))
        if length > 0:
            vectors[row, -1] = _PRESENT
            for key, amount in each.items():
                if key in column:
                    vectors[row, column[key]] = amount / length
    return vectors

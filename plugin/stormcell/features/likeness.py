"""How alike past incidents are: their profiles as points of a mixed dissimilarity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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

_Amounts = Mapping[str, float]


def likeness(profiles: Sequence[Profile], settings: RecurrenceSettings) -> MixedPoints:
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
    """
    return MixedPoints(
        (
            _field("blame", settings.blame, _vectors([each.services for each in profiles])),
            _field("sayings", settings.sayings, _vectors(_weighed(profiles))),
            _field("symptoms", settings.symptoms, _vectors([_symptoms(each) for each in profiles])),
            _field("instances", settings.instances, _vectors([_instances(each) for each in profiles])),
        )
    )


def _field(name: str, weight: float, vectors: FloatArray) -> Field:
    return Field(name, weight, Cosine(vectors, 1.0))


def _weighed(profiles: Sequence[Profile]) -> list[_Amounts]:
    """Return the sayings of each profile, the rarer the heavier."""
    held = Counter(_key(saying) for each in profiles for saying in each.sayings)
    several = len(profiles) + _UNSEEN
    # What is seen once may come again: it is not known to be rarer than what was seen twice.
    rarity = {key: log(several / (max(count, 2) + 0.5)) for key, count in held.items()}
    return [
        {
            _key(saying): (1.0 + log(saying.count)) * rarity[_key(saying)] * _TELLING.get(saying.signal, 1.0)
            for saying in each.sayings
        }
        for each in profiles
    ]


def _key(saying: Saying) -> str:
    return f"{saying.signal}\0{saying.service}\0{saying.text}"


def _symptoms(profile: Profile) -> _Amounts:
    sums: dict[str, float] = {}
    for saying in profile.sayings:
        if saying.signal == Signal.ALERT:
            sums[saying.text] = sums.get(saying.text, 0.0) + profile.services.get(saying.service, 0.0)
    return sums


def _instances(profile: Profile) -> _Amounts:
    return {name: sqrt(part) for name, part in profile.instances.items()}


def _vectors(amounts: Sequence[_Amounts]) -> FloatArray:
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

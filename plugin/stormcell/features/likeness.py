"""How alike past incidents are: their profiles as points of a mixed dissimilarity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from stormcell.config import RecurrenceSettings
from stormcell.distance.fields import Cosine
from stormcell.distance.mixed import Field, MixedPoints
from stormcell.types import FloatArray, Profile, Saying, Signal

MOST_SHARED: Final = 2048
"""Columns of a field: what more than one incident says; of very many, the most telling."""
# Tells a profile that says only what no other does from one that says nothing; its square is no likeness.
_PRESENT: Final = 1e-4

_Counts = Mapping[str, float]


def likeness(profiles: Sequence[Profile], settings: RecurrenceSettings) -> MixedPoints:
    """Return profiles as points, compared by the weighted mean of the dissimilarities of their fields.

    Each field is 1 minus the cosine of two vectors, missing where either profile has nothing to say in it.

    - ``blame``: how much each service is accused.
    - ``alerts``, ``logs``, ``spans``: who says what, ``(1 + ln count) rarity``.
    - ``symptoms``: what alerts say, whoever they are about, each as much as its service is accused.
    - ``instances``: the pods and hosts that are named, ``(1 + ln count) rarity``.

    The rarity of what ``df`` of the ``n`` profiles have is ``ln((n + 1) / (df + .5))``.

    Parameters
    ----------
    profiles : sequence of Profile, n of them
    settings : RecurrenceSettings
    """
    spoken = {signal: _vectors([_dampened(each, signal) for each in profiles]) for signal in Signal}
    return MixedPoints(
        (
            _field("blame", settings.blame, _vectors([each.services for each in profiles], rare=False)),
            _field("alerts", settings.alerts, spoken[Signal.ALERT]),
            _field("logs", settings.logs, spoken[Signal.LOG]),
            _field("spans", settings.spans, spoken[Signal.SPAN]),
            _field("symptoms", settings.symptoms, _vectors([_symptoms(each) for each in profiles], rare=False)),
            _field("instances", settings.instances, _vectors([_named(each) for each in profiles])),
        )
    )


def _field(name: str, weight: float, vectors: FloatArray) -> Field:
    return Field(name, weight, Cosine(vectors, 1.0))


def _key(saying: Saying) -> str:
    return f"{saying.signal}\0{saying.service}\0{saying.text}"


def _rarities(counted: Sequence[_Counts]) -> dict[str, float]:
    """Return how rare each thing is among the profiles, at least 0."""
    held = Counter(key for counts in counted for key in counts)
    several = len(counted) + 1.0
    return {key: max(float(np.log(several / (count + 0.5))), 0.0) for key, count in held.items()}


def _symptoms(profile: Profile) -> _Counts:
    sums: dict[str, float] = {}
    for saying in profile.sayings:
        blamed = profile.services.get(saying.service, 0.0)
        if saying.signal == Signal.ALERT and blamed > 0:
            sums[saying.text] = sums.get(saying.text, 0.0) + blamed
    return sums


def _dampened(profile: Profile, signal: Signal) -> _Counts:
    return {_key(each): 1.0 + float(np.log(each.count)) for each in profile.sayings if each.signal == signal}


def _named(profile: Profile) -> _Counts:
    return {name: 1.0 + float(np.log(count)) for name, count in profile.instances.items()}


def _vectors(counted: Sequence[_Counts], *, rare: bool = True) -> FloatArray:
    """Return a vector of length 1 a profile, zero where it has nothing; shape (n, columns).

    What no other profile has needs no column, as it is like nothing: it makes a vector's columns shorter than 1.

    Parameters
    ----------
    counted : sequence of mapping
    rare : bool
        Whether what few have counts more.
    """
    rarity = _rarities(counted)
    held = Counter(key for counts in counted for key in counts)
    scale = rarity if rare else dict.fromkeys(rarity, 1.0)
    shared = [key for key, count in held.items() if count > 1]
    shared.sort(key=lambda key: (-held[key] * scale[key] ** 2, key))
    column = {key: at for at, key in enumerate(sorted(shared[:MOST_SHARED]))}
    vectors = np.zeros((len(counted), len(column) + 1), dtype=np.float32)
    for row, counts in enumerate(counted):
        values = {key: count * scale[key] for key, count in counts.items()}
        length = float(np.sqrt(sum(value * value for value in values.values())))
        if length > 0:
            vectors[row, -1] = _PRESENT
            for key, value in values.items():
                if key in column:
                    vectors[row, column[key]] = value / length
    return vectors

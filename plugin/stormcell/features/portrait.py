"""Portraits: a profile as one short vector, so that a search engine finds the likely ones among very many.

The cosine of two orders incidents nearly as their likeness does, but for what is rare: of that a portrait knows
nothing, so that it stays the same whatever else happens. Whoever asks brings it into the question instead.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import fsum, sqrt
from typing import Final

import numpy as np

from stormcell.config import RecurrenceSettings
from stormcell.features.likeness import Amounts, Usual, amounts
from stormcell.types import DoubleArray, FloatArray, Profile

DIMENSIONS: Final = 512
"""Twice as many find hardly more, half as many lose one in forty (docs/families.md)."""
CANDIDATES: Final = 50
"""How many to look for by portraits, to compare these by their likeness."""

_USUAL_WEIGHTS: Final = RecurrenceSettings()
# Amounts that cancel out leave no direction.
_NOTHING: Final = 1e-6


def portrait(profile: Profile) -> FloatArray:
    """Return the portrait of a profile: one of length 1 a field, hashed, by the root of the field's usual weight.

    The places and signs of amounts come from their hashes (Weinberger et al. 2009, doi:10.1145/1553374.1553516).

    Parameters
    ----------
    profile : Profile

    Returns
    -------
    FloatArray, shape (DIMENSIONS,)
        Of length 1; of shape (0,) for a profile that holds nothing.
    """
    found = np.zeros(DIMENSIONS)
    for name, own in amounts(profile).items():
        if length := _length(own):
            _add(found, name, own, _scale(name) / length)
    return _unit(found)


def question(profile: Profile, settings: RecurrenceSettings, known: Usual) -> FloatArray:
    """Return a vector whose product with the portrait of another orders others as their likeness to a profile.

    Of two portraits the product holds what they have in common once from either side. Here it is weighed by the
    square of its rarity, as both sides are in the likeness. What is left out is that rarity changes the length of
    the other one, too.

    Parameters
    ----------
    profile : Profile
    settings : RecurrenceSettings
        The weights of the fields, which may be others than those of the portraits.
    known : Usual
        What rarity is judged by.

    Returns
    -------
    FloatArray, shape (DIMENSIONS,)
        Of length 1; of shape (0,) where there is nothing to ask for.
    """
    found = np.zeros(DIMENSIONS)
    for name, own in amounts(profile).items():
        length = _length(own)
        if not length:
            continue
        weight = getattr(settings, name) / _scale(name)
        if name == "sayings":
            rare = {key: amount * known.rarity(key) for key, amount in own.items()}
            # Both rarities, and their mean taken out, so that this field weighs as much as the others.
            weight *= (length / _length(rare)) ** 2
            own = {key: amount * known.rarity(key) for key, amount in rare.items()}
        _add(found, name, own, weight / length)
    return _unit(found)


def _scale(name: str) -> float:
    return sqrt(getattr(_USUAL_WEIGHTS, name))


def _length(own: Amounts) -> float:
    return sqrt(fsum(amount * amount for amount in own.values()))


def _add(to: DoubleArray, field: str, own: Amounts, weight: float) -> None:
    for key, amount in own.items():
        place, sign = _place(field, key)
        to[place] += sign * weight * amount


@lru_cache(1 << 16)
def _place(field: str, key: str) -> tuple[int, float]:
    """Return where an amount goes, and its sign."""
    hashed = hashlib.blake2b(f"{field}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(hashed, "little")
    return (number >> 1) % DIMENSIONS, 1.0 if number & 1 else -1.0


def _unit(found: DoubleArray) -> FloatArray:
    length = float(np.linalg.norm(found))
    unit: FloatArray = (found / length if length > _NOTHING else np.zeros(0)).astype(np.float32)
    return unit

"""How long to wait before the next try."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import Final

FIRST: Final = 1.0
"""Seconds to wait after the first failure; doubled with each one that follows."""

LONGEST: Final = 60.0
"""Seconds to wait at most."""

LONGEST_ASKED: Final = 3600.0
"""Seconds to wait at most where the other side asks for it."""


class Backoff:
    """Waits that double, up to a limit, half of each by chance so that not all come back at once.

    Parameters
    ----------
    seed : bytes, optional
        What chance follows from; by default it is another for each object.
    first, longest : float
        Seconds.

    Attributes
    ----------
    failures : int
        In a row.
    """

    def __init__(self, seed: bytes | None = None, *, first: float = FIRST, longest: float = LONGEST) -> None:
        self._seed = os.urandom(16) if seed is None else seed
        self._first, self._longest = first, longest
        self._drawn = 0
        self.failures = 0

    def failed(self, asked: float | None = None) -> float:
        """Return the seconds to wait after one more failure.

        Parameters
        ----------
        asked : float, optional
            Seconds that the other side asked for: no less is waited, up to LONGEST_ASKED.
        """
        delay = min(self._longest, self._first * 2.0 ** min(self.failures, 60))
        self.failures += 1
        self._drawn += 1
        chance = blake2b(self._seed + self._drawn.to_bytes(8, "big"), digest_size=8).digest()
        delay *= 0.5 + int.from_bytes(chance, "big") / 2**65
        return delay if asked is None else max(delay, min(asked, LONGEST_ASKED))

    def succeeded(self) -> None:
        """Begin anew."""
        self.failures = 0

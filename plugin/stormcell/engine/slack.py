"""Memory that is free and yet held by the C library, given back to the system."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Final

from stormcell.telemetry.process import memory

_WORTH: Final = 8 << 20
"""By how many bytes the process must have grown since it was done last, for it takes some milliseconds."""


class Slack:
    """Gives back what ticks leave behind: arrays of many sizes, between which little remains that is held.

    The C library keeps such holes for later; they are up to a fifth of all memory. Where it is not glibc, nothing
    is done.
    """

    def __init__(self) -> None:
        self._trim = _trim()
        self._least = 0

    def give_back(self) -> None:
        """Give back what is free, where that may be much."""
        if self._trim is not None and (memory() or 0) >= self._least:
            self._trim(0)
            self._least = (memory() or 0) + _WORTH


def _trim() -> Callable[[int], int] | None:
    """Return glibc's function, if there is one; what is not Linux may have no library to look into."""
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found

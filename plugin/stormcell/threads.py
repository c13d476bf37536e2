"""Threads of our own: what is to be done at the start of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_CALLS: Final[list[Callable[[], None]]] = []


def at_start(call: Callable[[], None]) -> None:
    """Call it at the start of each thread that does our work, such as grouping and delivering, from now on."""
    _CALLS.append(call)


def begin() -> None:
    """Say that the thread that calls this is one of ours."""
    for call in _CALLS:
        call()

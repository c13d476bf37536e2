"""Pausing what Python does behind our back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let Python look for no cycles meanwhile.

    A tick makes hundreds of thousands of objects, no cycles among them, beside all those that are held: to look
    through them again and again took a third of its time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()

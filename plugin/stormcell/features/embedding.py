"""The embedder that the settings name, made once a process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from stormcell import registry
from stormcell.config import LEXICAL_ONLY, TextSettings
from stormcell.protocols import Embedder
from stormcell.types import FloatArray


def embedder_of(settings: TextSettings) -> Embedder | None:
    """Return the embedder that the settings name, which any thread may use; None where letters alone speak.

    Raises
    ------
    SettingsError
        If it cannot be had (see registry.embedder).
    """
    return None if settings.embedder == LEXICAL_ONLY else _embedder(settings.embedder, settings.model)


@lru_cache(1)
def _embedder(name: str, model: str) -> Embedder:
    """Return an embedder that is made once: one tick after the other needs it, and to read it takes a while."""
    return _OneAtATime(registry.embedder(name, model))


class _OneAtATime:
    """An embedder that any thread may use; nobody promised that theirs can be used by two at once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._lock = embedder, Lock()

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """See Embedder."""
        with self._lock:
            return self._embedder.embed(texts)

"""What others may implement: one or two methods each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from stormcell.types import FloatArray, Group


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors."""

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return one row a text, shape (n, d), each of Euclidean length 1 or all zero."""
        ...


@runtime_checkable
class Exporter(Protocol):
    """Writes groups somewhere; found by its entry point in the group ``stormcell.exporters``."""

    def export(self, groups: Sequence[Group], target: Path) -> None:
        """Write ``groups`` to ``target``.

        Raises
        ------
        OutputError
            If the target cannot be written; nothing half-written is left.
        """
        ...

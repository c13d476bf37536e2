"""Codebooks that are in use, ready to assign events; one that cannot be used keeps nobody from anything."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import load
from stormcell.config import Settings
from stormcell.errors import NotFoundError, StoreError, problem_of, unexpected
from stormcell.store import SqliteStore

log: Final = logging.getLogger("stormcell")


class Held:
    """Loads codebooks when they are asked for, and holds on to those that are in use.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    problems : dict of str to str
        Why a codebook cannot be used, by version.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready: dict[str, Assigning] = {}
        self.problems: dict[str, str] = {}

    def get(self, store: SqliteStore, version: str, *, again: bool = True) -> Assigning | None:
        """Return a codebook that is ready; None of "", and of one that cannot be used, which is logged once.

        Parameters
        ----------
        store : SqliteStore
        version : str
        again : bool
            Whether to try one that could not be used before.
        """
        if not version:
            return None
        found = self._ready.get(version)
        if found is not None or (version in self.problems and not again):
            return found
        try:
            codebook = load(store.codebook_document(version), version)
            self._ready[version] = Assigning(codebook, self._settings)
        except Exception as error:  # whatever is wrong with one, the others are used
            if isinstance(error, StoreError) and not isinstance(error, NotFoundError):
                raise
            self._unusable(version, error)
            return None
        self.problems.pop(version, None)
        return self._ready[version]

    def _unusable(self, version: str, error: Exception) -> None:
        said = problem_of(error)
        if self.problems.get(version) != said:
            told = "the codebook %s is not used, and grouping goes on without it: %s"
            log.error(told, version, said, exc_info=unexpected(error))
        self.problems[version] = said

    def keep(self, versions: Collection[str]) -> None:
        """Let go of all others."""
        self._ready = {version: one for version, one in self._ready.items() if version in versions}
        self.problems = {version: why for version, why in self.problems.items() if version in versions}

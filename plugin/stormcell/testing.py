"""For tests of services that use Stormcell: an exporter that keeps groups in memory, and a clock set by hand.

Loads little, and nothing of OpenTelemetry. What a test looks like is in docs/sdk.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stormcell.types import Group

__all__ = ["FakeClock", "InMemoryGroupExporter"]

_SECOND: Final = 10**9


class InMemoryGroupExporter:
    """Keeps the groups that it is handed (see ``stormcell.protocols.Exporter``); any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revisions: list[Group] = []
        self._error: Exception | None = None

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Keep groups, or raise what it was told to.

        Parameters
        ----------
        groups : sequence of Group
        target : str or Path
            Makes no difference.
        """
        with self._lock:
            if self._error is not None:
                raise self._error
            self._revisions += groups

    def groups(self) -> list[Group]:
        """Return each group as it came last, in the order in which they began."""
        last = {group.id: group for group in sorted(self.revisions(), key=lambda group: group.revision)}
        return sorted(last.values(), key=lambda group: (group.first_seen, group.id))

    def revisions(self) -> list[Group]:
        """Return all that came, in the order in which it came."""
        with self._lock:
            return list(self._revisions)

    def clear(self) -> None:
        """Forget all that came."""
        with self._lock:
            self._revisions.clear()

    def fail_with(self, error: Exception | None) -> None:
        """Take nothing from now on.

        Parameters
        ----------
        error : Exception or None
            What each call raises: a ``DeliveryError`` says whether it is tried again. None: all is well again.
        """
        with self._lock:
            self._error = error


class FakeClock:
    """A clock that stands until it is told otherwise (see ``stormcell.protocols.Clock``).

    Parameters
    ----------
    at : int, optional
        ns since 1970. By default the time at which it is made: what claims to come from long after the clock of a
        ``Hub`` is not grouped, and the SDK has a clock of its own.

    Attributes
    ----------
    at : int
        May be set.
    """

    def __init__(self, at: int | None = None) -> None:
        self.at = time.time_ns() if at is None else at

    def now(self) -> int:
        """Return ns since 1970."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += round(seconds * _SECOND)

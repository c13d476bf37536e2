"""Up to where the journal is needed: as long as a segment holds an event that is not settled."""

from __future__ import annotations

import threading
from bisect import bisect_left

from stormcell.journal import Journal


class Segments:
    """The latest event of each segment of the journal.

    Parameters
    ----------
    journal : Journal
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._latest: dict[int, int] = {}

    def saw(self, position: int, latest: int) -> None:
        """Note the time, ns, of the latest event of a record that ends at a position."""
        with self._lock:
            starts = [start for start, _ in self._journal.segments()]
            start = starts[bisect_left(starts, position) - 1]
            self._latest[start] = max(latest, self._latest.get(start, 0))

    def needed(self, settled: int, position: int) -> int:
        """Return up to where the journal is done with.

        Parameters
        ----------
        settled : int
            Of events before this, ns, nothing more is needed.
        position : int
            What was read after this may not have been looked at.
        """
        with self._lock:
            for start, end in self._journal.segments():
                if end > position or self._latest.get(start, 0) >= settled:
                    return start
            return position

    def forget(self) -> None:
        """Forget segments that are gone."""
        with self._lock:
            left = {start for start, _ in self._journal.segments()}
            self._latest = {start: latest for start, latest in self._latest.items() if start in left}

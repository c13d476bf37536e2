"""A clock that stands until it is told otherwise."""

from __future__ import annotations

SECOND = 10**9
NOON = 1_700_000_000 * SECOND


class FakeClock:
    """The wall clock, set by hand."""

    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.at += round(seconds * SECOND)

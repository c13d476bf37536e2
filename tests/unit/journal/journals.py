"""What the tests of the journal share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from stormcell.config import JournalSettings
from stormcell.journal import Journal
from stormcell.journal.record import HEAD_BYTES
from stormcell.journal.segment import HEADER_BYTES
from stormcell.types import Request, RequestKind

SMALL = 4096
"""The smallest segment there is."""


@dataclass
class StillClock:
    """A clock that goes on when told."""

    time: int = 10**18

    def now(self) -> int:
        return self.time


def opened(folder: Path, clock: StillClock | None = None, **settings: Any) -> Journal:
    """Return a journal of small segments on whatever room the disk has."""
    given = {"segment_bytes": SMALL, "min_free_bytes": 0, "wait_seconds": 60, **settings}
    return Journal(folder, JournalSettings(**given), clock or StillClock())


def request(body: bytes, kind: RequestKind = RequestKind.LOGS, received: int = 1) -> Request:
    return Request(kind, body, received)


def filled(folder: Path, bodies: list[bytes], **settings: Any) -> list[int]:
    """Write a journal, and return the positions behind each."""
    with opened(folder, **settings) as journal:
        return [journal.append(request(body)) for body in bodies]


def bodies_in(journal: Journal, position: int | None = None) -> list[bytes]:
    return [entry.request.body for entry in journal.read(journal.first if position is None else position)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


def until(holds: Callable[[], bool]) -> None:
    """Wait for other threads; much longer than they could take is a failure."""
    for _ in range(60_000):
        if holds():
            return
        time.sleep(0.001)
    raise AssertionError("never came to be")


def size_of(body: bytes) -> int:
    """How many positions a request takes."""
    return HEAD_BYTES + len(body)


def offset_of(number: int, bodies: list[bytes]) -> int:
    """Where in the first file the record of a number begins."""
    return HEADER_BYTES + sum(map(size_of, bodies[:number]))


bodies = st.lists(st.binary(max_size=200), min_size=1, max_size=12)

requests = st.lists(
    st.builds(
        Request,
        st.sampled_from(RequestKind),
        st.one_of(st.binary(max_size=300), st.integers(0, 9000).map(bytes)),
        st.integers(0, 2**64 - 1),
    ),
    max_size=12,
)

"""What can be said of a journal in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a request was refused."""

    FULL = "full"  # max_bytes
    DISK = "disk"  # no room on it, or it fails
    SLOW = "slow"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class JournalStats:
    """What can be said of a journal in numbers; what is counted is counted since it was opened.

    Attributes
    ----------
    first, end : int
        Positions.
    segments, bytes : int
        Files, and their size.
    oldest_seconds : float
        How long ago the oldest of them was begun.
    appended, appended_bytes : int
        Requests, and the bytes they take.
    torn, torn_bytes : int
        Ends of the last file that were cut off at opening, as they were no whole request.
    damaged, damaged_bytes : int
        Stretches of the files that are there that could not be read, as far as they were read.
    sync_failures : int
        How often the disk did not take what was written.
    refused : mapping of Refusal to int
    """

    first: int
    end: int
    segments: int
    bytes: int
    oldest_seconds: float
    appended: int
    appended_bytes: int
    torn: int
    torn_bytes: int
    damaged: int
    damaged_bytes: int
    sync_failures: int
    refused: Mapping[Refusal, int]

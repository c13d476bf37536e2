"""A process of its own that appends, and prints the number of each request once it is acknowledged."""

from __future__ import annotations

import os
import sys
import threading
import time
from itertools import count
from pathlib import Path

from stormcell.config import JournalSettings
from stormcell.journal import Journal
from stormcell.types import Request, RequestKind

THREADS = 3


class SystemClock:
    """The wall clock."""

    def now(self) -> int:
        return time.time_ns()


def body_of(thread: int, number: int) -> bytes:
    """Return a body that says what it is, of one of many sizes."""
    return b"%d:%d:" % (thread, number) + b"x" * (number * 37 % 3000)


def append(journal: Journal, thread: int) -> None:
    for number in count():
        journal.append(Request(RequestKind.LOGS, body_of(thread, number), number))
        os.write(1, b"%d:%d\n" % (thread, number))  # whole lines, however many threads


def main() -> None:
    folder, policy = Path(sys.argv[1]), sys.argv[2]
    settings = JournalSettings.model_validate({"fsync": policy, "segment_bytes": 1 << 16, "min_free_bytes": 0})
    journal = Journal(folder, settings, SystemClock())
    for thread in range(THREADS):
        threading.Thread(target=append, args=(journal, thread)).start()


if __name__ == "__main__":
    main()

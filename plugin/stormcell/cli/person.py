"""Who sits at the command line."""

from __future__ import annotations

import time

from stormcell.operate.people import CLI, Person


def person(by: str) -> Person:
    """Return who says that they are ``by``, acting now."""
    return Person(CLI, by, time.time_ns())

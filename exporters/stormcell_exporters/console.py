"""Groups as lines for people to watch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from stormcell.errors import OutputError
from stormcell.escape import terminal
from stormcell.times import readable
from stormcell.types import Group


class ConsoleExporter:
    """Prints a line a revision on standard output."""

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Print the groups; whatever ``target`` is.

        Raises
        ------
        OutputError
            If standard output takes no more.
        """
        try:
            sys.stdout.write("".join(map(line, groups)))
            sys.stdout.flush()
        except (OSError, ValueError) as error:  # ValueError: it is closed
            raise OutputError(f"cannot print groups: {error}; leave out the exporter `console`") from error


def line(group: Group) -> str:
    """Return what is printed of a group."""
    events = "1 event" if group.count == 1 else f"{group.count:,} events"
    services = ", ".join(part.name for part in group.services[:3])
    said = f"{group.id} r{group.revision} {group.status}: {group.title} ({events}{services and f'; {services}'})"
    text = terminal(f"{readable(group.last_seen)} {said}")
    # What the stream's encoding lacks is escaped: a line is never lost to a letter.
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding) + "\n"

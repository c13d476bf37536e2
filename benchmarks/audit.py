"""What sealing the audit log costs: entries that are written, and a log that is checked."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from _report import Result, arguments, report
from _timing import one_core, timed
from stormcell.store import SqliteStore, seals
from stormcell.types import AuditEntry, Grouping

ENTRIES = 10_000
_NOTHING = Grouping(events=0, duplicates=0, groups=(), memberships=())


def entries(count: int) -> list[AuditEntry]:
    """Return entries as people make them."""
    ids = [f"g-{at:012x}" for at in range(count)]
    return [
        AuditEntry(at, "ann", "ack", id, (id,), {"by": "Ann of the night shift", "before": "open"})
        for at, id in enumerate(ids)
    ]


def write(path: Path, written: Sequence[AuditEntry], *, apart: bool) -> None:
    """Put entries at the end of a log, in one transaction or in one each."""
    with SqliteStore(path, create=False) as store:
        for part in [[one] for one in written] if apart else [written]:
            store.audit(*part)


def seal(rows: Sequence[tuple[int, int, str, str, str, str]]) -> str:
    """Make the seals of a log, and nothing else."""
    last = ""
    for row in rows:
        last = seals.sealed(last, *row)
    return last


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    count = 200 if options.quick else ENTRIES
    with tempfile.TemporaryDirectory() as folder:
        path, written = Path(folder) / "stormcell.db", entries(count)
        with SqliteStore(path, create=True) as store:
            store.save(_NOTHING, [], audit=written)
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT number, time, who, action, target, document FROM audit").fetchall()
        sealing, _ = timed(lambda: seal(rows))
        together, _ = timed(lambda: write(path, written, apart=False))
        each, _ = timed(lambda: write(path, written, apart=True))
        with SqliteStore(path, create=False) as store:
            checking, found = timed(store.verify_audit)
    micro = 1e6 / count
    report(
        "audit",
        [
            Result.at_most("sealing alone, an entry", sealing * micro, "us", None if options.quick else 50.0),
            Result(f"writing {count} entries in one transaction, an entry", together * micro, "us"),
            Result("writing each in a transaction of its own, an entry", each * micro, "us"),
            Result("checking the log, an entry", checking * 1e6 / found.sealed, "us"),
            Result("entries checked", found.sealed, ""),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()

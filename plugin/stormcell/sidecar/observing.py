"""What the meters are told of the store, whichever process changes it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from stormcell.store import SqliteStore
from stormcell.telemetry import names
from stormcell.telemetry.meters import Meters, Readings

SIDECAR = "sidecar"
"""As whom the sidecar itself is known in the audit log."""


def observe_store(meters: Meters, path: Path) -> None:
    """Let the meters read from the store how many groups there are, and what people changed."""
    meters.observe(names.GROUPS, lambda: _groups(path))
    meters.observe(names.EDITS, lambda: _edits(path))


def _groups(path: Path) -> Readings:
    with SqliteStore(path, create=True) as store:
        counts = Counter(store.statuses().values())
    return [(counts[status], {names.STATUS: status}) for status in ("open", "acknowledged", "resolved")]


def _edits(path: Path) -> Readings:
    with SqliteStore(path, create=True) as store:
        counts = store.audit_counts()
    return [(count, {names.ACTION: action}) for (who, action), count in sorted(counts.items()) if who != SIDECAR]

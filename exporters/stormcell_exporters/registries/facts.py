"""What registries tell of a codebook, and how its version is spelled."""

from __future__ import annotations

import re
from typing import Any, Final

from stormcell.errors import SettingsError
from stormcell.times import rfc3339
from stormcell.types import Provenance

_VERSION: Final = re.compile(r"cb-[0-9a-f]{12}")


def checked_version(version: str) -> str:
    """Return a version if it is spelled as one: it becomes a part of paths and queries.

    Raises
    ------
    SettingsError
        If it is not.
    """
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise SettingsError(f"expected a version such as cb-0123456789ab, found {str(version)[:60]!a}")
    return version


def provenance(of: Provenance) -> dict[str, Any]:
    """Return where a codebook comes from, as JSON values."""
    return {
        "first_seen": rfc3339(of.first_seen),
        "last_seen": rfc3339(of.last_seen),
        "events": of.events,
        "rows": of.rows,
        "sampled": of.sampled,
        "seed": of.seed,
        "software": of.software,
        "parent": of.parent,
        "sites": list(of.sites),
        "metrics": dict(of.metrics),
    }

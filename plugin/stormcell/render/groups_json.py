"""The machine-readable result, ``groups.json``: schema ``stormcell.groups/1``."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import Any

from stormcell.semconv import SCHEMA_GROUPS
from stormcell.times import rfc3339
from stormcell.types import Event, Group, Grouping


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every ``groups.json`` is valid against."""
    text = files("stormcell").joinpath("schemas", "groups-1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def groups_json(grouping: Grouping) -> bytes:
    """Return ``grouping`` as ``groups.json``: equal groupings give equal bytes.

    Raises
    ------
    ValueError
        If a number that must be there is not finite.
    """
    document = {
        "schema": SCHEMA_GROUPS,
        "events": int(grouping.events),
        "background": grouping.background,
        "groups": [group_json(group) for group in grouping.groups],
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    # A lone surrogate has no UTF-8, but \udc80 is how JSON writes it too.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def group_json(group: Group) -> dict[str, Any]:
    """Return one group as it stands in ``groups.json``."""
    return {
        "id": group.id,
        "title": group.title,
        "status": group.status,
        "medoid": _medoid(group.medoid),
        "earliest": group.earliest.uid,
        "most_severe": group.most_severe.uid,
        "exemplars": [_medoid(event) for event in group.exemplars],
        "trace": group.trace,
        "count": int(group.count),
        "signals": {str(name): int(group.signals[name]) for name in sorted(group.signals)},
        "services": [{"name": part.name, "blame": _rounded(part.blame)} for part in group.services],
        "first_seen": rfc3339(int(group.first_seen)),
        "last_seen": rfc3339(int(group.last_seen)),
        "radius": _rounded(group.radius),
        "margin": None if group.margin is None or not math.isfinite(group.margin) else _rounded(group.margin),
        "fields": [{"name": share.name, "share": _rounded(share.share)} for share in group.fields],
        "members": list(group.members),
    }


def _medoid(event: Event) -> dict[str, str]:
    return {
        "uid": event.uid,
        "signal": str(event.signal),
        "service": event.service,
        "time": rfc3339(event.time),
        "text": event.text,
    }


def _rounded(number: float) -> float:
    return round(float(number), 6) + 0.0  # + 0.0 turns -0.0 into 0.0

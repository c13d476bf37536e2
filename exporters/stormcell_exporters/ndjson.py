"""Groups as ECS-shaped documents, one a line: ready for Elasticsearch's bulk API, or for ``jq``."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from stormcell.errors import DeliveryError
from stormcell.files import write_atomic
from stormcell.semconv import ECS_VERSION, HOST_NAME, LABELS
from stormcell.times import rfc3339
from stormcell.types import Event, Group, Signal

MAX_MEMBERS = 1000
"""Most member ids in a document; every member has a record of its own elsewhere."""


class NdjsonExporter:
    """Writes ``groups.ndjson``."""

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Write one document a line, in the order of ``groups``.

        Raises
        ------
        OutputError
            If ``target`` cannot be written; it is then as it was before.
        """
        write_atomic(Path(target), b"".join(map(line, groups)))


class NdjsonAppendExporter:
    """Appends a line a revision to a file, which may be moved away (rotated) at any time."""

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Append one document a line; they are on the disk when this returns.

        Raises
        ------
        DeliveryError
            If ``target`` cannot be written; it then ends as before.
        """
        data = b"".join(map(line, groups))
        try:
            # Opened each time: a file of that name made meanwhile is another.
            with Path(target).open("a+b", buffering=0) as file:
                _append(file, data)
        except OSError as error:
            raise DeliveryError(
                f"cannot append to {target}: {error.strerror or error}; free some space or mend its permissions",
                retryable=True,
            ) from error


def _append(file: BinaryIO, data: bytes) -> None:
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(size - 1)
        # A line that was cut by a crash ends here, on its own.
        data = data if file.read(1) == b"\n" else b"\n" + data
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(size)
        raise


def line(group: Group) -> bytes:
    """Return a group's document as a line of JSON."""
    text = json.dumps(document(group), ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
    # A lone surrogate has no UTF-8, but \udc80 is how JSON writes it too.
    return text.encode("utf-8", "backslashreplace")


def document(group: Group) -> dict[str, Any]:
    """Return ``group`` in the shape of the Elastic Common Schema; what is unknown is left out."""
    exemplar = group.medoid
    shown = (exemplar, group.earliest, group.most_severe, group.latest)
    result: dict[str, Any] = {
        "@timestamp": rfc3339(group.last_seen),
        "ecs": {"version": ECS_VERSION},
        "event": {
            "kind": "alert",
            "dataset": "stormcell.group",
            "start": rfc3339(group.first_seen),
            "end": rfc3339(group.last_seen),
            "severity": max(event.severity for event in shown),
            "reason": group.title,
        },
        "message": exemplar.text,
        "service": {"name": [part.name for part in group.services]},
        "trace": {"id": _distinct(event.trace_id for event in shown)},
        "host": {"name": _distinct(_text(event.resource.get(HOST_NAME)) for event in shown)},
        "rule": {"name": _distinct(event.text for event in shown if event.signal is Signal.ALERT)},
        "labels": _labels(exemplar),
        "incident_group": _incident(group),
    }
    for name, key in (("service", "name"), ("trace", "id"), ("host", "name"), ("rule", "name")):
        if not result[name][key]:
            del result[name]
    if not result["labels"]:
        del result["labels"]
    return result


def _incident(group: Group) -> dict[str, Any]:
    exemplar = group.medoid
    margin = group.margin if group.margin is not None and math.isfinite(group.margin) else None
    result = {
        "id": group.id,
        "revision": group.revision,
        "title": group.title,
        "status": group.status,
        "count": int(group.count),
        "signals": {str(name): int(group.signals[name]) for name in sorted(group.signals)},
        "first_seen": rfc3339(group.first_seen),
        "last_seen": rfc3339(group.last_seen),
        "exemplar_id": exemplar.uid,
        "exemplar": {
            "signal": str(exemplar.signal),
            "service": exemplar.service,
            "time": rfc3339(exemplar.time),
            "text": exemplar.text,
        },
        "earliest_id": group.earliest.uid,
        "latest_id": group.latest.uid,
        "most_severe_id": group.most_severe.uid,
        "member_ids": list(group.members[:MAX_MEMBERS]),
        "members_truncated": len(group.members) > MAX_MEMBERS,
        "radius": _rounded(group.radius),
        "margin": None if margin is None else _rounded(margin),
        "services": [{"name": part.name, "blame": _rounded(part.blame)} for part in group.services],
        "fields": [{"name": share.name, "share": _rounded(share.share)} for share in group.fields],
    }
    return {name: value for name, value in result.items() if value is not None}


def _labels(event: Event) -> dict[str, str]:
    """Return an alert's labels; annotations are prose and have no place among them."""
    found = {
        key.removeprefix(LABELS): _text(value)
        for key, value in event.attributes.items()
        if key.startswith(LABELS) and value is not None
    }
    return dict(sorted(found.items()))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _rounded(number: float) -> float:
    return round(float(number), 6) + 0.0  # + 0.0 turns -0.0 into 0.0

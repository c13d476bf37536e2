"""Small exports of telemetry, as a Collector and an Alertmanager write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SECOND = 10**9
NOON = 1_700_000_000 * SECOND
TRACE = "5b8efff798038103d269b633813fc6{:02x}"


def text(value: str) -> Json:
    return {"stringValue": value}


def attributes(**values: str) -> list[Json]:
    """Make attributes; two underscores in a name stand for a dot."""
    return [{"key": name.replace("__", "."), "value": text(value)} for name, value in values.items()]


def log(uid: str, said: str, *, at: float = 0, severity: int = 17, **fields: Any) -> Json:
    """Make a log record, ``at`` seconds after noon."""
    return {
        "timeUnixNano": str(NOON + int(at * SECOND)),
        "severityNumber": severity,
        "body": text(said),
        "attributes": attributes(log__record__uid=uid),
        **fields,
    }


def span(number: int, name: str, *, at: float = 0, trace: int = 0, parent: int = 0, **fields: Any) -> Json:
    """Make a failed span of a tenth of a second."""
    start = NOON + int(at * SECOND)
    made = {
        "traceId": TRACE.format(trace),
        "spanId": f"{number:016x}",
        "name": name,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + SECOND // 10),
        "status": {"code": 2},
        **fields,
    }
    return {**made, "parentSpanId": f"{parent:016x}"} if parent else made


def logs(*records: Json, service: str | None = "shop") -> Json:
    return {"resourceLogs": [{"resource": _resource(service), "scopeLogs": [{"logRecords": list(records)}]}]}


def traces(*spans: Json, service: str | None = "shop") -> Json:
    return {"resourceSpans": [{"resource": _resource(service), "scopeSpans": [{"spans": list(spans)}]}]}


def webhook(*alerts: Json) -> Json:
    return {"version": "4", "status": "firing", "receiver": "on-call", "alerts": list(alerts)}


def alert(fingerprint: str, name: str, *, starts: str = "2023-11-14T22:13:20Z", **labels: str) -> Json:
    return {
        "status": "firing",
        "labels": {"alertname": name, "service": "shop", "severity": "critical", **labels},
        "annotations": {},
        "startsAt": starts,
        "fingerprint": fingerprint,
    }


def write(path: Path, *documents: Json) -> Path:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def good(folder: Path) -> Path:
    """Write two plain log records, uids ``good-1`` and ``good-2``, as the file ``good.jsonl``."""
    return write(folder / "good.jsonl", logs(log("good-1", "disk full on db"), log("good-2", "disk full", at=1)))


def _resource(service: str | None) -> Json:
    return {"attributes": [] if service is None else attributes(service__name=service)}


def placed(document: Json) -> set[str]:
    """Return the uids in a groups.json, in a group or in the background."""
    return {*document["background"], *(uid for group in document["groups"] for uid in group["members"])}

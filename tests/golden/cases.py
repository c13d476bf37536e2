"""Single incidents of a data set in which all begin at one time."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

from tests.integration.program import ROOT

_LOGS, _ALERTS = "logs.otlp.jsonl", "alerts.alertmanager.jsonl"


def cut_out(name: str, incident: str, into: Path) -> Path:
    """Write the telemetry of one incident of a data set into a folder, and return that."""
    folder = ROOT / "benchmarks" / "data" / name
    with gzip.open(folder / "truth.csv.gz", "rt") as truth:
        uids = {row["uid"] for row in csv.DictReader(truth) if row["incident"] == incident}
    logs = [_logs(line, uids) for line in _lines(folder / f"{_LOGS}.gz")]
    alerts = [line for line in _lines(folder / f"{_ALERTS}.gz") if line["alerts"][0]["fingerprint"] in uids]
    for file, lines in ((_LOGS, logs), (_ALERTS, alerts)):
        (into / file).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return into


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def _logs(request: dict[str, Any], uids: set[str]) -> dict[str, Any]:
    for resource in request["resourceLogs"]:
        for scope in resource["scopeLogs"]:
            scope["logRecords"] = [one for one in scope["logRecords"] if _uid(one) in uids]
    return request


def _uid(record: dict[str, Any]) -> str:
    found = (one["value"]["stringValue"] for one in record["attributes"] if one["key"] == "log.record.uid")
    return str(next(found))

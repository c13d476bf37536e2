"""A storm of real telemetry, and the groups of its files."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.services.servers import ROOT

STORM = ROOT / "benchmarks" / "data" / "trainticket-overlap"
ALERTS = STORM / "alerts.alertmanager.jsonl.gz"

Groups = set[frozenset[str]]


def telemetry(folder: Path) -> Path:
    """Unpack logs and traces."""
    folder.mkdir()
    for name in ("logs.otlp.jsonl", "traces.otlp.jsonl"):
        with gzip.open(STORM / f"{name}.gz") as packed, (folder / name).open("wb") as file:
            shutil.copyfileobj(packed, file)
    return folder


def grouped(*paths: Path) -> Groups:
    """Return the members of the groups that `stormcell group` finds in files."""
    command = [sys.executable, "-m", "stormcell", "group", *map(str, paths), "--json"]
    document: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {frozenset(group["members"]) for group in document["groups"]}

"""A storm of real telemetry, and the groups of its files."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.services.servers import ROOT

STORM = ROOT / "benchmarks" / "data" / "trainticket-overlap"
ALERTS = STORM / "alerts.alertmanager.jsonl.gz"

LIVE: tuple[str, ...] = ("--live",)

Groups = set[frozenset[str]]

REPLAYED: dict[str, Any] = {"live": {"tick_seconds": 600, "lateness_seconds": 14_400, "idle_seconds": 10}}
"""Settings for hours of telemetry within seconds, in any order: time begins when nothing more comes."""


def telemetry(folder: Path) -> Path:
    """Unpack logs and traces."""
    folder.mkdir()
    for name in ("logs.otlp.jsonl", "traces.otlp.jsonl"):
        with gzip.open(STORM / f"{name}.gz") as packed, (folder / name).open("wb") as file:
            shutil.copyfileobj(packed, file)
    return folder


def grouped(*paths: Path, scratch: Path) -> Groups:
    """Return the members of the groups that a replay of files finds."""
    config = scratch / "replayed.yaml"
    config.write_text(yaml.safe_dump(REPLAYED), "utf-8")
    command = [
        sys.executable,
        "-m",
        "stormcell",
        "group",
        *LIVE,
        *map(str, paths),
        "--config",
        str(config),
        "--json",
    ]
    document: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {frozenset(group["members"]) for group in document["groups"]}

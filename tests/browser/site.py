"""The program as a server of pages, and the browser that looks at them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_PATIENCE = 30.0


@dataclass
class Site:
    """Pages that are served.

    Attributes
    ----------
    url : str
        Ends with a slash.
    store : Path
    process : subprocess.Popen
    """

    url: str
    store: Path
    process: subprocess.Popen[str]
    _again: Any = None

    def stop(self) -> None:
        """Stop serving; stopping again is harmless."""
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def start(self) -> None:
        """Serve again, at the same address."""
        self.process = self._again(self.url.rsplit(":", 1)[1].rstrip("/")).process

    def cli(self, *arguments: str) -> None:
        """Run a command over the store, as another person would."""
        ran = _run(*arguments, "--store", str(self.store))
        assert ran.returncode == 0, ran.stderr


def serve(store: Path, folder: Path, settings: Mapping[str, Any], variables: Mapping[str, str]) -> Site:
    """Start ``stormcell web`` and wait until it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    (folder / "stormcell.yaml").write_text(json.dumps(settings))

    def started(port: str) -> Site:
        command = [*_PROGRAM, "web", "--store", str(store), "--port", port, "--no-browser"]
        with (folder / "log.txt").open("a") as log:
            process = subprocess.Popen(
                [*command, "--config", str(folder / "stormcell.yaml")],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **variables},
            )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, (folder / "log.txt").read_text()
        return Site(url, store, process, started)

    return started("0")


def grouped(data: Path, folder: Path) -> Path:
    """Group telemetry; return the store."""
    ran = _run("group", str(data), "--out", str(folder))
    assert ran.returncode == 0, ran.stderr
    return folder / "stormcell.db"


def chromium() -> str:
    """Return where Chromium is that scripts/test-browser made ready."""
    made = ROOT / ".services" / "bin" / "chromium"
    found = str(made) if made.exists() else shutil.which("chromium")
    if found is None:
        pytest.fail("chromium is not there: scripts/test-browser makes it ready")
    return found


_PROGRAM = (sys.executable, "-m", "stormcell")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_PROGRAM, *arguments], capture_output=True, text=True, check=False)

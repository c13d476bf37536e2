"""A sidecar as its own process, looked at from outside; and the load generator beside it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LOAD = Path(__file__).with_name("_sidecar_load.py")
_NOTHING = Path(__file__).with_name("_sidecar_nothing.py")
_SLOWEST_START = 30.0
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)")
_BOUND = re.compile(r'\ble="([^"]+)"')


class Sidecar:
    """A running sidecar.

    Parameters
    ----------
    folder : Path
        Of its data; what it says is written beside it.
    settings : str
        STORMCELL_* variables.

    Attributes
    ----------
    started : float
        Seconds from the start of the process until it was ready.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self._grpc, self._http = _free_port(), _free_port()
        environment = {
            **os.environ,
            "STORMCELL_RECEIVERS__GRPC_PORT": str(self._grpc),
            "STORMCELL_RECEIVERS__HTTP_PORT": str(self._http),
            **settings,
        }
        # What is installed is compiled already, a checkout by its first start, if that may write what it compiled.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", "stormcell", "sidecar", "--data", str(folder)]
        self._said = folder.with_suffix(".log").open("ab")
        began = time.perf_counter()
        self._process = subprocess.Popen(command, env=environment, stdout=self._said, stderr=self._said)
        while not self._ready():
            if self._process.poll() is not None or time.perf_counter() - began > _SLOWEST_START:
                self.kill()
                raise SystemExit(f"the sidecar did not start: {Path(self._said.name).read_text()[-2000:]}")
            time.sleep(0.005)
        self.started = time.perf_counter() - began

    @property
    def target(self) -> str:
        """Where it takes OTLP over gRPC."""
        return f"127.0.0.1:{self._grpc}"

    @property
    def url(self) -> str:
        """Where it takes OTLP over HTTP."""
        return f"http://127.0.0.1:{self._http}"

    def status(self) -> dict[str, Any]:
        """Return what it says of how everything stands."""
        found: dict[str, Any] = json.loads(self._get("/api/v1/status"))
        return found

    def metrics(self) -> str:
        """Return its metrics in Prometheus' text format."""
        return self._get("/metrics").decode()

    def memory(self) -> int:
        """Return the bytes of memory that it holds now."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        raise SystemExit("the sidecar has ended")

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait()
        self._said.close()

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _ready(self) -> bool:
        try:
            self._get("/readyz")
        except OSError:
            return False
        return True

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}{path}", timeout=60) as answer:
            body: bytes = answer.read()
            return body


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Sidecar]:
    """Yield a running sidecar, and stop it."""
    sidecar = Sidecar(folder, **settings)
    try:
        yield sidecar
    finally:
        sidecar.stop()


@contextmanager
def nothing() -> Iterator[str]:
    """Yield the address of a server that acknowledges everything and does nothing."""
    with subprocess.Popen([sys.executable, str(_NOTHING)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


class Load:
    """A running load generator; arguments as ``_sidecar_load.py`` takes them."""

    def __init__(self, target: str, *arguments: str | Path | float) -> None:
        command = [sys.executable, str(_LOAD), target, *map(str, arguments)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)

    @property
    def ended(self) -> bool:
        """Whether it has sent all."""
        return self._process.poll() is not None

    def result(self) -> dict[str, Any]:
        """Wait for it, and return what it counted."""
        said, _ = self._process.communicate()
        found: dict[str, Any] = json.loads(said)
        return found

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.communicate()


def buckets(metrics: str, name: str) -> dict[float, float]:
    """Return how many values of a histogram are at most each bound; empty if there is none of this name."""
    found: dict[float, float] = {}
    for line in metrics.splitlines():
        sample = _SAMPLE.match(line)
        if sample and sample[1] == f"{name}_bucket" and (bound := _BOUND.search(sample[2] or "")):
            found[float(bound[1])] = found.get(float(bound[1]), 0.0) + float(sample[3])
    return found


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> float:
    """Return a quantile of what a histogram took meanwhile, as if values were spread evenly within a bucket."""
    counts = sorted((bound, count - before.get(bound, 0.0)) for bound, count in after.items())
    wanted, low, below = share * counts[-1][1], 0.0, 0.0
    for bound, count in counts:
        if count >= wanted and count > below:
            return low + (bound - low) * (wanted - below) / (count - below) if bound != float("inf") else bound
        low, below = bound, count
    return 0.0


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port

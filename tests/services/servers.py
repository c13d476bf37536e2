"""Real servers as child processes: started on free ports, waited for, stopped; their logs are kept."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds after which what should have happened counts as never going to."""


def tool(name: str) -> str:
    """Return where a program is that scripts/test-services made ready."""
    places = (ROOT / ".services" / "bin" / name, Path(sys.executable).with_name(name))
    found = next((str(place) for place in places if place.is_file()), None) or shutil.which(name)
    assert found, f"{name} is not there: scripts/test-services makes it ready"
    return found


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, happened: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for something to happen."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for {what}"
        time.sleep(0.05)


def get(url: str, token: str = "") -> bytes:
    """Return what a server answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return bytes(answer.read())


def post(url: str, body: bytes, kind: str = "application/json") -> None:
    """Send a body; raises urllib.error.HTTPError where it is refused."""
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    urllib.request.urlopen(request, timeout=PATIENCE).close()


def answers(url: str) -> bool:
    """Tell whether a server answers there with success."""
    try:
        get(url)
    except (urllib.error.URLError, OSError):
        return False
    return True


@dataclass
class Server:
    """A process, and the file it logs to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self, last: int = 6000) -> str:
        """Return the end of its log."""
        return self.log.read_text("utf-8", "replace")[-last:]

    def stop(self) -> int:
        """Ask it to end; return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, as a crash would, and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Servers:
    """The servers of one test.

    Parameters
    ----------
    folder : Path
        For settings and logs.
    data : Path or None
        Where those that need it get a folder for their data; where temporary files are by default.
    """

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self.folder = folder
        self.all: list[Server] = []
        self._data = data
        self._temporary: list[tempfile.TemporaryDirectory[str]] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        ready: str | Callable[[], bool],
        variables: Mapping[str, str] | None = None,
        user: pwd.struct_passwd | None = None,
    ) -> Server:
        """Start a server and wait until it is ready: answers at a URL, or as a function tells."""
        log = self.folder / f"{len(self.all)}-{name}.log"
        with log.open("wb") as file:
            server = Server(name, _spawn(command, file, variables or {}, user), log)
        self.all.append(server)

        def up() -> bool:
            assert server.process.poll() is None, (
                f"{name} ended with {server.process.returncode}:\n{server.said()}"
            )
            return ready() if callable(ready) else answers(ready)

        until(f"{name} to be ready", up)
        return server

    def copy(self, source: Path, owner: pwd.struct_passwd | None) -> Path:
        """Return a copy of a folder, where its owner gets at it: into those of pytest no other user may look."""
        outer = self._outside(None)
        copy = shutil.copytree(source, outer / source.name, symlinks=True)
        if owner:
            outer.chmod(0o755)
            for path in (copy, *copy.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        return copy

    def data(self, owner: pwd.struct_passwd | None) -> Path:
        """Return an empty folder of an owner's."""
        folder = self._outside(self._data)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        return folder

    def _outside(self, place: Path | None) -> Path:
        # What was killed may yet write there, through a process of its own.
        made = tempfile.TemporaryDirectory(prefix="stormcell-", dir=place, ignore_cleanup_errors=True)
        self._temporary.append(made)
        return Path(made.name)

    def end(self) -> None:
        """End all that still run, and remove their folders."""
        for server in reversed(self.all):
            if server.process.poll() is None:
                server.kill()
        for folder in self._temporary:
            folder.cleanup()


def _spawn(
    command: Sequence[str | Path], log: IO[bytes], variables: Mapping[str, str], user: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **variables},
        process_group=0,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
    )

"""A process beside the service that groups what the service lays into the spool, and ends with it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from stormcell.config import Settings
from stormcell.errors import RefusedError, StormcellError
from stormcell.protocols import Clock
from stormcell.runtime import SystemClock
from stormcell.sdk.spool import FOLDER, Spool
from stormcell.sdk.ways import Embedded
from stormcell.types import NOTHING_KNOWN, Assignment, Record, Request, RequestKind

log: Final = logging.getLogger("stormcell.sdk")

_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 5.0
_FAILED: Final = 1
_NICE: Final = 5
"""How far it stands back behind the service where time is short."""


class Companion:
    """Lays what comes into the spool, and sees that a process takes it from there (see ways.Way).

    Of the services that share a folder the first starts one. It ends once all processes have ended that the one
    which started it was, or has forked; another is started then by who goes on.

    Parameters
    ----------
    settings : Settings
    clock : Clock
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._spool = Spool(settings.live.data / FOLDER, settings.sdk.spool_bytes)
        self._seeing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._next = 0.0
        self._failed = False

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Return once it is in the spool."""
        if time.monotonic() >= self._next:
            with self._seeing:
                if time.monotonic() >= self._next:
                    self._next = time.monotonic() + _LOOK_SECONDS
                    self._see()
        if self._failed:
            message = "the process that is to group ended, having said why; it is started again"
            raise RefusedError(message, retry_after=_AGAIN_SECONDS)
        self._spool.lay(Request(kind, body, self._clock.now()))

    def assign(self, record: Record) -> Assignment:
        """Return that nothing is known here."""
        return NOTHING_KNOWN

    known = assign

    def close(self, seconds: float) -> bool:
        """Let the process group what is there, and end; return whether it has, or is another's."""
        with self._seeing:
            process, self._process, self._next = self._process, None, float("inf")
        if process is None:
            return True
        _let_go(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(seconds, self._settings.live.drain_seconds))
        return process.poll() is not None

    def _see(self) -> None:
        """Start a process if none takes what is in the spool."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return
            _let_go(self._process)
            self._process, self._failed = None, status == _FAILED
            if self._failed:
                self._next = time.monotonic() + _AGAIN_SECONDS
                return
            if status:
                log.warning("the process that groups ended with status %d, and is started again", status)
        if not self._spool.reserve():  # another's does
            self._failed = False
            return
        self._spool.release()
        self._process = _started(self._settings)
        self._failed = False


def _started(settings: Settings) -> subprocess.Popen[bytes]:
    try:
        process = subprocess.Popen(  # noqa: S603  it is this very interpreter
            [_python(), "-m", "stormcell.sdk.companion"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # What the service is instrumented with is not for this.
            env={**os.environ, "OTEL_SDK_DISABLED": "true"},
            # Ctrl-C is the service's.
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(settings.model_dump_json(by_alias=True).encode() + b"\n")
        process.stdin.flush()
    except OSError as error:
        raise RefusedError(
            f"no process can be started to group in: {error.strerror or error}; set sdk.engine to thread",
            retry_after=_AGAIN_SECONDS,
        ) from error
    return process


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close what a process ends by."""
    assert process.stdin is not None
    with suppress(OSError):  # it has ended
        process.stdin.close()


def _python() -> str:
    """Return the interpreter; what runs Python inside itself, as uWSGI does, gives its own name."""
    if "python" in Path(sys.executable).name:
        return sys.executable
    return str(Path(sys.prefix, "bin", "python3"))


def main() -> int:
    """Group until standard input ends, or SIGTERM."""
    os.nice(_NICE)
    logging.basicConfig(format="stormcell: %(message)s", level=logging.WARNING)
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    way = Embedded(settings, SystemClock(), {})
    try:
        if not way.groups():
            return 0  # another does
    except StormcellError as error:
        logging.error("%s", error)
        return _FAILED

    def listen() -> None:
        sys.stdin.buffer.read()
        told.set()

    threading.Thread(target=listen, name="stormcell-listen", daemon=True).start()
    told.wait()
    way.close(settings.live.drain_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())

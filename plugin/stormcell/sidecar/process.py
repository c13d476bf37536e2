"""The sidecar as a process: what signals make it do."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import Final

from stormcell.config import Settings
from stormcell.errors import StormcellError
from stormcell.sidecar.app import Sidecar

log: Final = logging.getLogger("stormcell")

_CUT_OFF: Final = 1
"""The exit status of a sidecar that was not to finish."""

_Words = SimpleQueue[signal.Signals | BaseException | bool]
"""What the main thread is told: signals, what went wrong, and whether all was done at the end."""


def run(settings: Settings, reread: Callable[[], Settings]) -> bool:
    """Run a sidecar until it is told to stop, by SIGTERM or SIGINT; return whether all was done by then.

    A second of these ends the process at once. SIGHUP reads the settings again, and says what became of them.

    Parameters
    ----------
    settings : Settings
    reread : callable
        Reads them again.
    """
    words: _Words = SimpleQueue()

    def tell(number: int, _frame: FrameType | None) -> None:
        words.put(signal.Signals(number))

    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    sidecar = Sidecar(settings, failed=words.put)
    try:
        sidecar.start()
        gc.freeze()
        gc.enable()
        where = sidecar.listening()
        log.info("ready: OTLP/gRPC on %s, everything else on %s", where["grpc"], where["http"])
        _until_told(words, sidecar, reread)
    except Exception:
        sidecar.stop()
        raise
    return _ended(words, sidecar)


def _until_told(words: _Words, sidecar: Sidecar, reread: Callable[[], Settings]) -> None:
    """Return once the sidecar is to stop."""
    while True:
        match words.get():
            case signal.SIGHUP:
                _read_again(sidecar, reread)
            case BaseException() as error:
                raise error
            case _:
                return


def _read_again(sidecar: Sidecar, reread: Callable[[], Settings]) -> None:
    try:
        settings = reread()
    except StormcellError as error:
        log.error("the settings stay as they were: %s", error)
        return
    waiting = sidecar.use(settings)
    if waiting:
        but = "the settings were read again, and hold from now on, but for sections that take a restart: %s"
        log.warning(but, ", ".join(waiting))
    else:
        log.info("the settings were read again, and hold from now on")


def _ended(words: _Words, sidecar: Sidecar) -> bool:
    """Let the sidecar do what is left, as long as nobody is in a hurry; return whether all was done."""
    log.info("stopping: what was acknowledged is being grouped and sent; a second signal ends it at once")

    def stop() -> None:
        try:
            words.put(sidecar.stop())
        except BaseException as error:
            words.put(error)

    threading.Thread(target=stop, name="stormcell-stop", daemon=True).start()
    while True:
        match words.get():
            case bool() as done:  # before SIGHUP, which is as good as True
                rest = "stopped; what was acknowledged and is not grouped or sent yet is next time"
                log.info("stopped" if done else rest)
                return done
            case BaseException() as error:
                raise error
            case signal.SIGHUP:
                log.info("it stops: the settings are read at the next start")
            case _:
                log.warning("ended at once: what was acknowledged and is not grouped yet is after the next start")
                logging.shutdown()
                os._exit(_CUT_OFF)

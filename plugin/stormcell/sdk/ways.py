"""The ways from a service to groups: in the process itself, by another process of the machine, or by a sidecar."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from stormcell import forks, threads
from stormcell.errors import DeliveryError, InUseError, RefusedError, SettingsError, StormcellError
from stormcell.sdk.saying import Trouble
from stormcell.sdk.spool import FOLDER, Spool
from stormcell.types import NOTHING_KNOWN, Assignment, Record, Request, RequestKind

if TYPE_CHECKING:
    from stormcell.config import Settings
    from stormcell.protocols import Clock, Exporter
    from stormcell.runtime import Runtime
    from stormcell.wire.otlp import OtlpClient, SignalName

HEADERS: Final = "STORMCELL_SDK_HEADERS"
"""Environment variable with headers, ``name=value,name=value``; with ``_FILE`` behind it, the name of a file."""

_SWITCH_SECONDS: Final = 0.0005
"""After which a thread that computes lets others have their turn while we group in a service: a tick computes for
long, and by Python's default each of its requests would wait for ten times that, again and again."""
_LOOK_SECONDS: Final = 0.5
_TRY_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 1.0
_SIGNALS: Final[dict[RequestKind, SignalName]] = {RequestKind.LOGS: "logs", RequestKind.TRACES: "traces"}


class Way(Protocol):
    """Takes export requests of OTLP; any thread may use it."""

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Return once a request is kept.

        Raises
        ------
        DeliveryError, RefusedError
            If it is not; they say whether another try may do.
        """
        ...

    def assign(self, record: Record) -> Assignment:
        """Return where an event belongs, as far as it is known here."""
        ...

    def known(self, record: Record) -> Assignment:
        """Return the same as far as that is known without waiting."""
        ...

    def close(self, seconds: float) -> bool:
        """Do what is left to do, for so many seconds at most, and end; return whether all was done."""
        ...


class Sidecar:
    """Sends to a sidecar.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    SettingsError
        If the headers cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        from stormcell.wire.endpoint import endpoint
        from stormcell.wire.headers import parse, secret
        from stormcell.wire.otlp import connect

        def headers() -> Mapping[str, str]:
            return parse(secret(HEADERS), HEADERS)

        headers()  # what is wrong is said at the start
        self._client: OtlpClient = connect(endpoint(settings.sdk.endpoint), headers)
        self._sending = threading.Lock()
        self._trouble = Trouble("the sidecar rejects some of what it is sent")

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Return once the sidecar has it (see Way)."""
        with self._sending:
            rejected = self._client.send(_SIGNALS[kind], body)
        self._trouble.is_(f"{rejected.records} records: {rejected.message}" if rejected.records else "")

    def assign(self, record: Record) -> Assignment:
        """Return that nothing is known here: the sidecar adds what it knows where it forwards."""
        return NOTHING_KNOWN

    known = assign

    def close(self, seconds: float) -> bool:
        """Close the connection (see Way)."""
        if not self._sending.acquire(timeout=seconds):
            return False
        with suppress(Exception):
            self._client.close()
        self._sending.release()
        return True


def cannot(error: StormcellError, again: float) -> DeliveryError | RefusedError:
    """Return what to tell a sender of what keeps everything from being grouped.

    Settings are mended by people: no batch waits for that.
    """
    message = f"nothing can be grouped: {error}"
    if isinstance(error, SettingsError):
        return DeliveryError(message, retryable=False)
    if isinstance(error, InUseError):  # and not by one that takes what is laid into the spool
        message += "; if that is a sidecar, set sdk.endpoint to where it takes OTLP"
    return RefusedError(message, retry_after=again)


class Embedded:
    """Groups in this process; where another one on this machine does, in the same folder, hands it what comes.

    Parameters
    ----------
    settings : Settings
    clock : Clock
    exporters : mapping of str to Exporter
        Those of ``notifications.exporters``, by name, that are not to be looked up.
    """

    def __init__(self, settings: Settings, clock: Clock, exporters: Mapping[str, Exporter]) -> None:
        self._settings, self._clock, self._exporters = settings, clock, exporters
        self._spool = Spool(settings.live.data / FOLDER, settings.sdk.spool_bytes)
        self._becoming = threading.Lock()
        self._runtime: Runtime | None = None
        self._sweeper: _Sweeper | None = None
        self._switched = 0.0
        self._next = 0.0

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Return once it is in the journal, or where the process that groups finds it (see Way)."""
        request = Request(kind, body, self._clock.now())
        runtime = self._grouping()
        if runtime is None:
            self._spool.lay(request)
        else:
            runtime.journal.accept(request)

    def groups(self) -> bool:
        """Return whether it is this process that groups, having begun to if no other does.

        Raises
        ------
        DeliveryError, RefusedError
            If none can; they say whether another try may do.
        """
        return self._grouping() is not None

    def assign(self, record: Record) -> Assignment:
        """Return where an event belongs, if it is this process that groups."""
        runtime = self._runtime
        return NOTHING_KNOWN if runtime is None else runtime.engine.assign(record)

    def known(self, record: Record) -> Assignment:
        """Return the same without waiting, if it is this process that groups."""
        runtime = self._runtime
        return NOTHING_KNOWN if runtime is None else runtime.engine.known(record)

    def close(self, seconds: float) -> bool:
        """Group what is there, and end (see Way)."""
        seconds = min(seconds, self._settings.live.drain_seconds)
        until = time.monotonic() + seconds
        if not self._becoming.acquire(timeout=seconds):
            return False
        runtime, self._runtime, self._next = self._runtime, None, float("inf")
        self._becoming.release()
        if runtime is None:
            return True
        assert self._sweeper is not None, "it is there where the runtime is"
        done = self._sweeper.end(until - time.monotonic())
        done &= runtime.settle(max(until - time.monotonic(), 0.0))
        done &= runtime.close(max(until - time.monotonic(), 0.0))
        sys.setswitchinterval(self._switched)
        if runtime.engine.ended:
            self._spool.release()
        return done

    def _grouping(self) -> Runtime | None:
        """Return what groups here; None where another process does."""
        if self._runtime is None and time.monotonic() >= self._next:
            with self._becoming:
                if self._runtime is None and time.monotonic() >= self._next:
                    self._try()
        return self._runtime

    def _try(self) -> None:
        self._next = 0.0  # at once, but where another process groups
        if not self._spool.reserve():
            self._next = time.monotonic() + _TRY_SECONDS
            return
        try:
            with forks.waiting():
                self._begin()
        except RuntimeError as error:
            if threading.main_thread().is_alive():
                raise RefusedError(f"nothing can be grouped: {error}", retry_after=_RETRY_SECONDS) from error
            # At the end of a program there are no new threads: what is laid into the spool is grouped next time.
        except StormcellError as error:
            raise cannot(error, _RETRY_SECONDS) from error
        finally:
            if self._runtime is None:
                self._spool.release()

    def _begin(self) -> None:
        from stormcell.runtime import Runtime

        runtime = Runtime(self._settings, self._clock, exporters=self._exporters)
        sweeper = _Sweeper(self._spool, runtime)
        try:
            runtime.start()
            sweeper.start()
        except BaseException:
            runtime.settle(0.0)
            runtime.close(0.0)
            raise
        self._switched = sys.getswitchinterval()
        sys.setswitchinterval(min(self._switched, _SWITCH_SECONDS))
        self._sweeper, self._runtime = sweeper, runtime


class _Sweeper(threading.Thread):
    """Puts what other processes lay into the spool into the journal."""

    def __init__(self, spool: Spool, runtime: Runtime) -> None:
        super().__init__(name="stormcell-spool", daemon=True)
        self._spool, self._runtime = spool, runtime
        self._ending = threading.Event()
        self._trouble = Trouble("what other processes have is taken later")

    def end(self, seconds: float) -> bool:
        self._ending.set()
        self.join(max(seconds, 0.0))
        return not self.is_alive()

    def run(self) -> None:
        threads.begin()
        while not self._ending.wait(_LOOK_SECONDS):
            self._sweep()
        self._sweep()

    def _sweep(self) -> None:
        try:
            for request in self._spool.take():
                self._runtime.journal.accept(request)
        except Exception as error:  # whatever it is, the next try may do
            self._trouble.is_(str(error))
        else:
            self._trouble.is_("")

"""What all processors and exporters of a process share: one way to the groups."""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from stormcell import forks
from stormcell.errors import StormcellError
from stormcell.times import SystemClock
from stormcell.types import NOTHING_KNOWN, Assignment, Record, RequestKind

if TYPE_CHECKING:
    from stormcell.config import Settings
    from stormcell.protocols import Clock, Exporter
    from stormcell.sdk.ways import Way

log: Final = logging.getLogger("stormcell.sdk")

_AGAIN_SECONDS: Final = 5.0


class Hub:
    """One way to the groups; any thread may use it.

    Nothing is loaded, opened or started before there is something to send. It works on in a child process: what
    the parent has stays the parent's.

    Parameters
    ----------
    settings : Settings, optional
        By default those of ``stormcell.yaml`` and the environment, read when they are needed.
    exporters : sequence of Exporter
        Further ones that get groups as soon as these change, from the process that groups.
    clock : Clock, optional
        By default the wall clock.
    """

    _shared: Hub | None = None
    _sharing = threading.Lock()

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        exporters: Sequence[Exporter] = (),
        clock: Clock | None = None,
    ) -> None:
        self._given, self._clock = settings, clock
        self._read: Settings | None = None
        self._exporters = {f"in-process-{number}": one for number, one in enumerate(exporters, 1)}
        self._way: Way | None = None
        self._making = threading.Lock()
        self._users = 0
        forks.in_child(self._in_child)

    @classmethod
    def shared(cls) -> Hub:
        """Return the one of the process, of the settings in force."""
        with cls._sharing:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    @property
    def settings(self) -> Settings:
        """The settings.

        Raises
        ------
        SettingsError
            If they cannot be used.
        """
        if self._read is None:
            with forks.waiting():
                self._read = self._in_force()
        return self._read

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Return once an export request of OTLP, protobuf, is kept.

        Raises
        ------
        DeliveryError, RefusedError
            If it is not; they say whether another try may do.
        """
        way = self._way
        if way is None:
            with self._making:
                way = self._way
                if way is None:
                    way = self._way = self._made()
        way.send(kind, body)

    def assign(self, record: Record) -> Assignment:
        """Return where an event belongs, as far as it is known in this process (see protocols.Assigner)."""
        way = self._way
        return NOTHING_KNOWN if way is None else way.assign(record)

    def known(self, record: Record) -> Assignment:
        """Return the same as far as that is known without waiting, for a service's own threads."""
        way = self._way
        return NOTHING_KNOWN if way is None else way.known(record)

    def acquire(self) -> None:
        """Say that one more sends."""
        with self._making:
            self._users += 1

    def release(self, seconds: float) -> bool:
        """Say that one sends no more; the last one ends it.

        Parameters
        ----------
        seconds : float
            In which what came is to be grouped, or sent; what is not is once a process uses the folder again.

        Returns
        -------
        bool
            Whether it was, or there are others.
        """
        with self._making:
            self._users = max(self._users - 1, 0)
            if self._users:
                return True
            way, self._way = self._way, None
        return way is None or way.close(seconds)

    def _in_child(self) -> None:
        if self._way is not None:
            _leave_alone(self._way)
            self._way = None
        self._making = threading.Lock()
        Hub._sharing = threading.Lock()

    def _in_force(self) -> Settings:
        from stormcell.config import Settings, load

        found = load() if self._given is None else self._given
        if not self._exporters:
            return found
        kinds = [{"name": name, "kind": name, "target": "-", "wait": 0, "interval": 0} for name in self._exporters]
        said = found.notifications.model_dump(mode="python", by_alias=True)
        said["exporters"] = [*said["exporters"], *kinds]
        notifications = type(found.notifications).model_validate(said)
        return Settings.model_validate(found.model_copy(update={"notifications": notifications}))

    def _made(self) -> Way:
        with forks.waiting():
            from stormcell.sdk.ways import Embedded, Sidecar, cannot

            try:
                settings, clock = self.settings, self._clock or SystemClock()
                way: Way
                if settings.sdk.endpoint:
                    way, elsewhere = Sidecar(settings), "the sidecar at sdk.endpoint"
                elif settings.sdk.engine == "process":
                    from stormcell.sdk.companion import Companion

                    way, elsewhere = Companion(settings, clock), "a process of its own (sdk.engine)"
                else:
                    return Embedded(settings, clock, self._exporters)
                if self._exporters:
                    log.warning("exporters of this process get nothing: %s has the groups", elsewhere)
                return way
            except StormcellError as error:
                raise cannot(error, _AGAIN_SECONDS) from error


def _leave_alone(way: Way) -> None:
    """See that what is the parent's is never taken apart in a child, not even at its end.

    Closing a connection to a database or a server, of which the parent knows nothing, may wait for a lock that a
    thread has which is not there.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(way))

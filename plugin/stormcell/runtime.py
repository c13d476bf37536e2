"""A journal, the engine that reads it and what carries its groups out: of a sidecar, or within a service."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stormcell.config import Settings
from stormcell.engine.late import LateEngine
from stormcell.errors import StoreError
from stormcell.journal import Journal
from stormcell.store import SqliteStore
from stormcell.telemetry.meters import Meters

if TYPE_CHECKING:
    from stormcell.delivery import Delivery
    from stormcell.engine.engine import Engine
    from stormcell.protocols import Clock, Exporter

STORE: Final = "stormcell.db"
JOURNAL: Final = "journal"

log: Final = logging.getLogger("stormcell")


class Runtime:
    """Groups what is put into its journal.

    Parameters
    ----------
    settings : Settings
        ``live.data`` is where the store and the journal are; made if it is not there.
    clock : Clock
    failed : callable, optional
        Called, from any thread, with what keeps it from grouping once it has started.
    held : callable, optional
        The position up to which others are done with the journal.
    exporters : mapping of str to Exporter
        Those of ``notifications.exporters``, by name, that are not to be looked up.

    Attributes
    ----------
    settings : Settings
        Those that it was made with.
    path : Path
        The store.
    clock : Clock
    journal : Journal
    engine : LateEngine
    delivery : Delivery or None
        If there is somebody to deliver to.
    meters : Meters
        Get the engine's spans, if others are set before the start.

    Raises
    ------
    SettingsError
        If an exporter cannot be used.
    InUseError
        If another process uses the folder.
    StoreError
        If the journal or the store cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        failed: Callable[[BaseException], None] | None = None,
        held: Callable[[], int] | None = None,
        exporters: Mapping[str, Exporter] | None = None,
    ) -> None:
        self.settings, self.clock = settings, clock
        self.path = settings.live.data / STORE
        _make(settings.live.data)
        self._held = held
        self.meters = Meters()
        self.journal = Journal(settings.live.data / JOURNAL, settings.journal, clock)
        try:
            with self.open_store() as store:
                store.statuses()  # what cannot be used is said before anything is taken in
            self.delivery = self._made_delivery(exporters or {})
        except BaseException:
            self.journal.close()
            raise
        self.engine = LateEngine(self._made_engine, self.journal, failed or _say)

    def start(self) -> None:
        """Start grouping and delivering.

        An engine that has something to go on from is loaded here, and what it remembers looked at: what cannot be
        used is an error before anything is grouped. All else is loaded when it is needed.

        Raises
        ------
        StoreError
            If what the store remembers cannot be gone on with.
        """
        if self.path.exists():
            self.engine.start_now()
        else:
            self.engine.start()
        if self.delivery is not None:
            self.delivery.start()

    def settle(self, grace: float) -> bool:
        """Group what is in the journal, for so many seconds at most; return whether all of it was."""
        return self.engine.stop(grace)

    def close(self, grace: float) -> bool:
        """Deliver what is due, for so many seconds at most, and end; return whether that is done.

        While a tick goes on that was not waited for, no other process may have the folder: it stays locked.
        """
        done = self.delivery is None or self.delivery.stop(grace)
        if not self.engine.ended:
            return False
        self.journal.close()
        return done

    def open_store(self) -> SqliteStore:
        """Open the store, for the thread that asks."""
        return SqliteStore(self.path, create=True)

    def _made_engine(self) -> Engine:
        from stormcell.engine.engine import Engine

        return Engine(
            self.settings,
            self.journal,
            self.path,
            self.clock,
            time.monotonic,
            held=self._held,
            told=self._told,
            meters=self.meters,
        )

    def _told(self) -> None:
        if self.delivery is not None:
            self.delivery.wake()

    def _made_delivery(self, given: Mapping[str, Exporter]) -> Delivery | None:
        exporters = self.settings.notifications.exporters
        if not exporters:
            return None
        from stormcell.delivery import Delivery, Destination
        from stormcell.registry import exporter

        places = []
        for one in exporters:
            made = given[one.name] if one.name in given else exporter(one.kind, one.options)
            places.append(Destination(one.name, made, one.target))
        return Delivery(places, self.open_store, self.clock)


def _say(error: BaseException) -> None:
    log.error("nothing can be grouped: %s", error)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {folder}: {error.strerror}; name another with --data") from error

"""A store with a codebook, the watch over it, and telemetry that changes when told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from stormcell.codebook.document import dump
from stormcell.codebook.training import train
from stormcell.config import Settings
from stormcell.engine.model import ModelWatch
from stormcell.engine.model_training import Training
from stormcell.store import SqliteStore
from stormcell.types import Codebook, CodebookState, Event, ModelNote, NoteKind, Rows
from tests.unit.engine.world import made_settings
from tests.unit.features.build import SECOND, START, log, rows_of

MINUTE = 60
EPOCH = (START // (MINUTE * SECOND) + 1) * MINUTE - START // SECOND
"""Seconds after the start at which a window begins."""

KINDS = (
    ("cart", "added item to the basket", 9),
    ("cart", "cannot reach the database", 17),
    ("pay", "payment was accepted", 9),
    ("pay", "card was declined by the bank", 13),
    ("ship", "parcel left the warehouse", 9),
    ("ship", "label printer is out of paper", 13),
)
OTHERS = (
    ("search", "query took longer than expected", 13),
    ("search", "index was rebuilt from scratch", 9),
    ("mail", "newsletter was sent to subscribers", 9),
)


def watched_settings(rollout: dict[str, Any] | None = None, **drift: Any) -> Settings:
    """Settings with windows of a minute that all events are looked at in."""
    return made_settings(
        drift={"window_seconds": MINUTE, "min_events": 10, **drift},
        rollout={"windows": 2, "share": 1.0, **(rollout or {})},
    )


def telemetry(start: float, end: float, kinds: Sequence[tuple[str, str, int]] = KINDS) -> list[Event]:
    """Return an event a second, of each kind in turn; times are seconds after the first window begins."""
    return [
        log(EPOCH + at, uid=f"u-{kinds[0][0]}-{at:06d}", service=service, text=text, severity=severity)
        for at in range(int(start), int(end))
        for service, text, severity in [kinds[at % len(kinds)]]
    ]


def at(second: float) -> int:
    """Return an event time, ns, by the seconds after the first window begins."""
    return START + round((EPOCH + second) * SECOND)


def book(
    settings: Settings, kinds: Sequence[tuple[str, str, int]] = KINDS, parent: Codebook | None = None
) -> Codebook:
    """Return a codebook of ten minutes of some kinds."""
    return train(rows_of(telemetry(-600, 0, kinds)), settings, parent=parent)


class World:
    """A store in a folder, and the watch over it; the wall clock is event time."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.settings = settings
        self.store = SqliteStore(folder / "stormcell.db", create=True)
        self.time = at(0)
        self.restart()

    def restart(self) -> None:
        """Go on from what is stored, as after a crash."""
        self.watch = ModelWatch(self.settings, self.store, lambda: 0.0, training=Training(run=lambda call: call()))

    def add(self, codebook: Codebook) -> str:
        self.store.add_codebook(codebook, dump(codebook), now=self.time)
        return codebook.version

    def promote(self, codebook: Codebook) -> str:
        """Make a codebook live, as another process would."""
        version = self.add(codebook)
        note = ModelNote(self.time, NoteKind.PROMOTED, version, {})
        self.store.set_codebook_state(version, CodebookState.LIVE, note=note)
        return version

    def canary(self, codebook: Codebook) -> str:
        version = self.add(codebook)
        note = ModelNote(self.time, NoteKind.CANARY_STARTED, version, {})
        self.store.set_codebook_state(version, CodebookState.CANARY, note=note)
        return version

    def show(self, events: Iterable[Event], released: float) -> None:
        """Settle events, and all before a time."""
        self.settle(rows_of(events), released)

    def settle(self, rows: Rows | None, released: float) -> None:
        self.time = max(self.time, at(released))
        look = self.watch.look(self.store, rows, at(released), self.time)
        with self.store.changing():
            self.watch.write(self.store, look)
        self.watch.commit(look)

    def minutes(self, first: int, last: int, kinds: Sequence[tuple[str, str, int]] = KINDS) -> None:
        """Let minutes pass, one after the other; a look more, as ticks that settle nothing make, after each."""
        for minute in range(first, last):
            self.show(telemetry(minute * MINUTE, (minute + 1) * MINUTE, kinds), (minute + 1) * MINUTE)
            self.settle(None, (minute + 1) * MINUTE)

    def states(self) -> dict[str, str]:
        return {one.version: one.state.value for one in self.store.codebooks()}

    def told(self) -> list[tuple[str, str]]:
        """Return the kinds and versions of all notes, oldest first."""
        return [(note.kind.value, note.version) for note in self.store.notes()[::-1]]

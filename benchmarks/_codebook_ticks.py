"""What a live codebook costs ticks, as the sidecar makes them over a data set that is replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from stormcell.codebook.document import dump
from stormcell.config import Settings
from stormcell.engine import state
from stormcell.engine.keeping import keep
from stormcell.engine.live import Live
from stormcell.engine.model import ModelWatch
from stormcell.engine.model_training import Training
from stormcell.store import SqliteStore
from stormcell.types import Codebook, CodebookState, Event, ModelNote, NoteKind, Rows, record_of

_MINUTE = 60 * 10**9


@dataclass(slots=True)
class Ticks:
    """What ticks took, seconds of the processor.

    Attributes
    ----------
    count : int
    rows : int
        That were settled.
    seconds : float
        All in all.
    watch : float
        Of these, those of the watch over the model.
    """

    count: int = 0
    rows: int = 0
    seconds: float = 0.0
    watch: float = 0.0


def replayed(events: Sequence[Event], settings: Settings, codebook: Codebook | None) -> Ticks:
    """Replay events, ascending by time, tick by tick; the watch over the model is there in any case."""
    width, took = int(settings.live.tick_seconds * 1e9), Ticks()
    with _store(codebook) as store:
        live = Live(settings, state.load(store, settings)[0])
        model = _watch(store, settings)
        for _, coming in groupby(events, key=lambda event: event.time // width):
            live.extend(map(record_of, coming))
            for now in live.due():
                began = time.process_time()
                _tick(live, model, store, now, settings, took)
                took.seconds += time.process_time() - began
    return took


def look(rows: Rows, settings: Settings, codebook: Codebook | None) -> float:
    """Return the seconds of the processor that the watch takes of a tick that settles rows, all of one minute."""
    begun = rows.first.min()
    first = begun + (rows.first - begun) % _MINUTE
    rows = replace(rows, first=first, last=first)
    with _store(codebook) as store:
        model = _watch(store, settings)
        end = int(rows.last.max()) + 1
        began = time.process_time()
        seen = model.look(store, rows, end, end)
        with store.changing():
            model.write(store, seen)
        model.commit(seen)
        return time.process_time() - began


def _tick(live: Live, model: ModelWatch, store: SqliteStore, now: int, settings: Settings, took: Ticks) -> None:
    def write(store: SqliteStore) -> None:
        with _watching(took):
            model.write(store, seen)

    found = live.tick(now, store.statuses(), store.feedback())
    knowledge, settled = live.settled(found)
    with _watching(took):
        seen = model.look(store, settled, found.released, now)
    keep(store, found, knowledge, live, settings, now, more=write)
    live.commit(found, knowledge)
    with _watching(took):
        model.commit(seen)
    took.count += 1
    took.rows += 0 if settled is None else len(settled)


@contextmanager
def _watching(took: Ticks) -> Iterator[None]:
    began = time.process_time()
    yield
    took.watch += time.process_time() - began


@contextmanager
def _store(codebook: Codebook | None) -> Iterator[SqliteStore]:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "store.db", create=True) as store:
        if codebook is not None:
            store.add_codebook(codebook, dump(codebook), now=1)
            note = ModelNote(1, NoteKind.PROMOTED, codebook.version, {})
            store.set_codebook_state(codebook.version, CodebookState.LIVE, note=note)
        yield store


def _watch(store: SqliteStore, settings: Settings) -> ModelWatch:
    model = ModelWatch(settings, store, time.monotonic, Training(run=lambda call: call()))
    model.commit(model.look(store, None, 0, 1))  # opens the codebook, as every start does
    return model

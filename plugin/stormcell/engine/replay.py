"""A replay: files as the sidecar would have taken them, into a store."""

from __future__ import annotations

import time
from collections.abc import Iterable

from stormcell.config import Settings
from stormcell.engine import state
from stormcell.engine.keeping import keep
from stormcell.engine.live import Counts, Live
from stormcell.engine.model import ModelWatch
from stormcell.engine.model_training import Training
from stormcell.store import SqliteStore
from stormcell.types import Reading, Record


def replay(events: Reading | Iterable[Record], store: SqliteStore, settings: Settings) -> Counts:
    """Let time pass over events, tick by tick, and keep the groups in a store as the sidecar does.

    All events are taken in before time begins, so that their order does not matter.

    Parameters
    ----------
    events : Reading or iterable of Record
    store : SqliteStore
        What it remembers is gone on with.
    settings : Settings

    Raises
    ------
    StoreError
        If the store cannot be used.
    """
    memory, _ = state.load(store, settings)
    live = Live(settings, memory)
    model = _model(store, settings)
    live.extend(events.records() if isinstance(events, Reading) else events)
    last = live.end()
    for now in live.due(last - 1):
        _tick(live, model, store, now, settings)
    _tick(live, model, store, last, settings, everything=True)
    return live.counts


def _model(store: SqliteStore, settings: Settings) -> ModelWatch | None:
    """Return a watch over the model where there is one; what it trains is there at the next tick."""
    if store.live_codebook() is None:
        return None
    return ModelWatch(settings, store, time.monotonic, Training(run=lambda call: call()))


def _tick(
    live: Live,
    model: ModelWatch | None,
    store: SqliteStore,
    now: int,
    settings: Settings,
    *,
    everything: bool = False,
) -> None:
    """Make one tick, and store what changed."""
    found = live.tick(now, store.statuses(), store.feedback(), everything=everything)
    knowledge, settled = live.settled(found)
    if model is None:
        keep(store, found, knowledge, live, settings, now)
        live.commit(found, knowledge)
        return
    look = model.look(store, settled, found.released, now)
    keep(store, found, knowledge, live, settings, now, more=lambda store: model.write(store, look))
    live.commit(found, knowledge)
    model.commit(look)

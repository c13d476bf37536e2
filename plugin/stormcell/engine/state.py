"""The memory of the engine in the store: what is settled, what was learned by then, and who lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from stormcell.config import Settings
from stormcell.engine import notifying
from stormcell.engine.live import Memory
from stormcell.engine.notifying import Told
from stormcell.engine.tick import Living, Tick
from stormcell.errors import StoreError
from stormcell.features.knowledge import Knowledge
from stormcell.groups.lifecycle import Life, Status
from stormcell.store import SqliteStore

LIVE: Final = "live"
"""The name under which it is stored among what was learned."""

_FORMAT: Final = "stormcell.live/1"


def load(store: SqliteStore, settings: Settings) -> tuple[Memory, Told]:
    """Return what the store remembers, and what exporters were told; nothing where it is new.

    Raises
    ------
    StoreError
        If what was learned cannot be used, or is damaged.
    """
    learned = store.learned()
    document = learned.pop(LIVE, None)
    try:
        knowledge = Knowledge(settings, learned)
        told = notifying.load(learned.get(notifying.NOTIFIED))
        if document is None:
            return Memory(knowledge), told
        lives = _lives(document)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"what {store.path} remembers cannot be gone on with: {error}; give the settings back as they were, "
            "or name another folder with --data"
        ) from error
    living = {}
    for id, (life, final) in lives.items():
        group = store.group(id)
        if group is not None:
            living[id] = Living(group, life, final)
    return Memory(knowledge, int(document["released"]), int(document["now"]), living), told


def dump(found: Tick) -> dict[str, Any]:
    """Return who lives after a tick as a JSON value."""
    return {
        "format": _FORMAT,
        "released": found.released,
        "now": found.now,
        "lives": {
            id: {**asdict(one.life), "firing": sorted(one.life.firing), "final": one.final}
            for id, one in found.living.items()
        },
    }


def _lives(document: Mapping[str, Any]) -> dict[str, tuple[Life, bool]]:
    if document["format"] != _FORMAT:
        raise ValueError(f"expected the format {_FORMAT}, found {document['format']!r}")
    lives = {}
    for id, stored in document["lives"].items():
        values = dict(stored)
        final = bool(values.pop("final"))
        values.update(status=Status(values["status"]), firing=frozenset(values["firing"]))
        lives[id] = (Life(**values), final)
    return lives

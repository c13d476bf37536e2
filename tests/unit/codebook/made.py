"""Events of a small shop, from which codebooks are trained."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from stormcell.codebook.training import train
from stormcell.config import CodebookSettings, Settings
from stormcell.types import Codebook, Event
from tests.unit.features.build import log, rows_of, span

SETTINGS = Settings()

KINDS: tuple[dict[str, Any], ...] = (
    {"service": "cart", "text": "added item 17 to the basket"},
    {"service": "cart", "text": "cannot reach the database", "severity": 17},
    {"service": "pay", "text": "payment of 12.50 accepted"},
    {"service": "pay", "text": "card was declined by the bank", "severity": 13},
    {"service": "ship", "text": "parcel 991 left the warehouse"},
)


def settings(**codebook: Any) -> Settings:
    return Settings(codebook=CodebookSettings(**codebook))


def shop(count: int = 200, seed: int = 0, kinds: Sequence[dict[str, Any]] = KINDS) -> list[Event]:
    """Logs of each kind and spans of two operations, one after the other."""
    rng = Random(seed)
    events = []
    for at in range(count):
        if at % 3 == 0:
            events.append(
                span(
                    at + 1,
                    at=at * 2,
                    ms=rng.uniform(1, 50),
                    service=rng.choice(("cart", "pay")),
                    text=rng.choice(("GET /cart", "POST /pay")),
                )
            )
        else:
            events.append(log(at * 2, uid=f"log-{seed}-{at}", **rng.choice(kinds)))
    return events


def trained(events: Sequence[Event] | None = None, settings: Settings = SETTINGS, **other: Any) -> Codebook:
    return train(rows_of(shop() if events is None else events), settings, **other)

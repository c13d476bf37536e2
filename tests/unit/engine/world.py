"""A storm in event time, and what a run of ticks makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stormcell.config import Settings
from stormcell.engine.live import Live, Memory
from stormcell.engine.tick import Tick
from stormcell.features.knowledge import Knowledge
from stormcell.render import group_json
from stormcell.types import Event, record_of
from tests.unit.features.build import SECOND, START, alert, log

LEARNING = 4
"""Stretches of time before anything is called usual."""


def made_settings(**sections: dict[str, Any]) -> Settings:
    """Settings with short times, and no embedder to load."""
    return Settings.model_validate(
        {
            "text": {"embedder": "none"},
            "background": {"bucket_seconds": 60, "learning_buckets": LEARNING},
            **sections,
            "live": {
                "tick_seconds": 10,
                "lateness_seconds": 20,
                "quiet_seconds": 120,
                "settle_seconds": 30,
                "keep_seconds": 60,
                "horizon_seconds": 3600,
                **sections.get("live", {}),
            },
        }
    )


def calm(start: float, end: float, every: float = 10) -> list[Event]:
    """Return what is always there."""
    count = int((end - start) / every)
    return [
        log(start + at * every, text="heartbeat", service="cron", uid=f"beat-{start + at * every:07.1f}")
        for at in range(count)
    ]


def storm(start: float, name: str = "cart", count: int = 8) -> list[Event]:
    """Return an incident of a service: errors, and an alert in their middle that is resolved at their end."""
    errors = [
        log(
            start + 3 * at, text=f"connection {at} to redis refused", severity=17, service=name, uid=f"{name}-{at}"
        )
        for at in range(count)
    ]
    fired = alert(start + 5, service=name, text=f"{name.title()}Errors", uid=f"{name}-alert", status="firing")
    return [*errors, fired]


def resolved(event: Event, after: float) -> Event:
    """Return the notification that an alert is resolved."""
    return Event(
        event.uid, event.signal, event.time, event.service, event.severity, event.text,
        duration=round(after * SECOND), status="resolved",
    )  # fmt: skip


def live_of(settings: Settings, memory: Memory | None = None) -> Live:
    return Live(settings, memory or Memory(Knowledge(settings)))


def run(live: Live, until: int | None = None) -> Iterator[Tick]:
    """Make and commit all ticks that are due."""
    for now in live.due(until):
        found = live.tick(now)
        live.commit(found, live.settled_knowledge(found))
        yield found


def taken(live: Live, events: Iterable[Event], received: int | None = None) -> Live:
    live.extend([record_of(event) for event in events], received)
    return live


def spelled(ticks: Sequence[Tick]) -> list[Any]:
    """Spell out what ticks told, and when."""
    return [
        (
            (tick.now - START) // SECOND,
            [group_json(group) for group in tick.told],
            [(one.group, one.transition, one.exemplar, one.before, one.into) for one in tick.changes],
            sorted(uid for atom in tick.settled for row in atom.rows for uid in row.members),
            (tick.released - START) // SECOND,
        )
        for tick in ticks
    ]

"""Groups and settings of notifications, made by hand."""

from __future__ import annotations

from typing import Any

from stormcell.config import NotificationsSettings
from stormcell.types import Blame, Event, Group
from tests.unit.features.build import alert, log

SECOND = 10**9
NOON = 1_700_000_000 * SECOND
"""14 November 2023, 22:13:20 UTC, a Tuesday."""


def group(**changes: Any) -> Group:
    """Make a group of a log of cart and an alert; severity 21."""
    medoid: Event = changes.pop("medoid", log(service="cart", text="refused", severity=17, resource={"zone": "a"}))
    down = alert(service="cart", text="CartDown", attributes={"labels.tenant": "acme"})
    made: dict[str, Any] = {
        "id": "g-1",
        "title": "refused · cart",
        "status": "open",
        "medoid": medoid,
        "earliest": medoid,
        "latest": down,
        "most_severe": down,
        "count": 2,
        "signals": {"alert": 1, "log": 1},
        "services": (Blame("redis", 0.75), Blame("shop", 0.25)),
        "first_seen": medoid.time,
        "last_seen": down.time,
        "radius": 0.1,
        "margin": None,
        "fields": (),
        "members": (medoid.uid, down.uid),
        "template": "refused",
        "exemplars": (down, medoid),
        **changes,
    }
    return Group(**made)


def settings(**sections: Any) -> NotificationsSettings:
    return NotificationsSettings.model_validate(sections)


def page(**changes: Any) -> dict[str, Any]:
    return {"name": "page", "kind": "ndjson", "target": "out", **changes}

"""A day without a silence: steady background, odd errors all the time, and incidents of minutes and of hours."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest

from stormcell.config import Settings
from stormcell.pipeline import group
from stormcell.types import Event, Grouping, Signal

pytestmark = pytest.mark.slow

SECOND = 10**9
START = 1_700_006_400 * SECOND
DAY = 86_400
SERVICES = ("cart", "catalogue", "front", "orders", "payment", "shipping", "stock", "users")
WORDS = (
    "amber",
    "birch",
    "coral",
    "delta",
    "ember",
    "flint",
    "grove",
    "hazel",
    "ivory",
    "jasper",
    "koral",
    "lemon",
)
INCIDENTS = {
    "short": (3 * 3600, 600, "payment", "card terminal refused"),
    "long": (8 * 3600, 3 * 3600, "stock", "warehouse database unreachable"),
    "late": (22 * 3600, 900, "users", "session token rejected"),
}


def event(at: float, service: str, text: str, uid: str, severity: int = 9) -> Event:
    return Event(
        uid=uid,
        signal=Signal.LOG,
        time=START + round(at * SECOND),
        service=service,
        severity=severity,
        text=text,
        resource={"k8s.pod.name": f"{service}-0"},
    )


def stream() -> list[Event]:
    rng = random.Random(7)
    events = []
    for service in SERVICES:
        for number, beat in enumerate(range(rng.randrange(20), DAY, 20)):
            events.append(event(beat + rng.random(), service, "request served", f"ok-{service}-{number}"))
    at, number = 0.0, 0
    while at < DAY:
        # Words, not numbers: each odd error is a template of its own.
        text = f"{rng.choice(WORDS)} {rng.choice(WORDS)} {rng.choice(WORDS)} failed"
        events.append(event(at, rng.choice(SERVICES), text, f"odd-{number}", severity=17))
        at, number = at + rng.uniform(30, 240), number + 1
    for name, (start, lasting, service, text) in INCIDENTS.items():
        for number in range(0, lasting, 15):
            events.append(event(start + number + rng.random(), service, text, f"{name}-{number}", severity=17))
    return events


@pytest.fixture(scope="module")
def grouping() -> Grouping:
    return group(stream(), Settings())


def test_there_is_no_silence_in_what_passes_the_gate(grouping: Grouping) -> None:
    kept = sorted(row.event.time for m in grouping.memberships if m.group or m.stray for row in m.rows)
    gaps = [after - before for before, after in pairwise(kept)]
    assert max(gaps) < 300 * SECOND
    assert kept[-1] - kept[0] > 23 * 3600 * SECOND


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_is_one_group_and_hardly_anything_else_is_in_it(grouping: Grouping, name: str) -> None:
    own = Counter(g.id for g in grouping.groups for uid in g.members if uid.startswith(name))
    best, count = own.most_common(1)[0]
    found = next(g for g in grouping.groups if g.id == best)
    assert count >= 0.95 * sum(uid.startswith(f"{name}-") for e in stream() for uid in [e.uid])
    assert count >= 0.8 * found.count
    assert found.services[0].name == INCIDENTS[name][2]


def test_what_is_always_there_is_background(grouping: Grouping) -> None:
    background = grouping.background
    steady = sum(uid.startswith("ok-") for uid in background)
    assert steady > 0.95 * len(SERVICES) * DAY / 20

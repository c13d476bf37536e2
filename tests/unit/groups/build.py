"""The stages before grouping, on events made by hand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stormcell.config import LinksSettings, Settings
from stormcell.distance.fields import Categorical, Numeric
from stormcell.distance.mixed import Field, MixedPoints
from stormcell.features.knowledge import Knowledge
from stormcell.features.links import find_links, join
from stormcell.features.outline import Outline, outline
from stormcell.pipeline import describe
from stormcell.types import Event, IntArray, Rows
from tests.unit.features.build import alert, log, span


def atoms_of(events: Iterable[Event]) -> tuple[Rows, IntArray, Outline]:
    """Return the rows of events, the atom of each and the outline of atoms."""
    knowledge = Knowledge(Settings())
    rows = knowledge.learn(events)
    atom_of = join(len(rows), find_links(rows, LinksSettings()))
    return rows, atom_of, outline(rows, describe(rows, knowledge, Settings()), atom_of)


def flat(count: int, first: list[int] | None = None) -> Outline:
    """Return the outline of atoms of one event each, all at once or at the given seconds."""
    at = np.array(first or [0] * count, dtype=np.int64) * 10**9
    return Outline(
        items=np.ones(count, dtype=np.int64),
        first=at,
        last=at,
        accused=np.zeros(count, dtype=np.int64),
        surprise=np.ones(count),
        alerts=np.zeros(count, dtype=bool),
    )


def line(places: list[float]) -> MixedPoints:
    """Return places on a line, NaN where missing."""
    values = np.array(places)
    return MixedPoints((Field("place", 1.0, Numeric(values, float(np.nanmax(values) - np.nanmin(values)))),))


def labelled(codes: list[int]) -> MixedPoints:
    return MixedPoints((Field("kind", 1.0, Categorical(np.array(codes))),))


def storm() -> list[Event]:
    """Return two incidents at the same time, and background that is always there."""
    events = [log(at * 300, text="heartbeat", service="cron", uid=f"beat-{at:02d}") for at in range(40)]
    for request in range(6):
        at = 6000 + 20 * request
        trace = f"{request + 1:032x}"
        ids = range(10 * request + 1, 10 * request + 4)
        front, back, base = ids
        events += [
            span(front, at=at, ms=90, failed=True, text="GET cart", service="front", trace_id=trace),
            span(back, front, at=at + 0.01, ms=80, failed=True, text="add", service="cart", trace_id=trace),
            span(base, back, at=at + 0.02, ms=70, failed=True, text="query", service="redis", trace_id=trace),
            log(
                at + 0.03,
                text=f"connection {request} refused",
                severity=17,
                service="cart",
                trace_id=trace,
                uid=f"refused-{request}",
            ),
        ]
        events.append(
            log(at + 5, text=f"card {request} declined", severity=17, service="payment", uid=f"card-{request}")
        )
    events += [
        alert(6030, service="cart", text="CartErrors", uid="alert-cart"),
        alert(6031, service="payment", text="PaymentErrors", uid="alert-payment"),
    ]
    return events

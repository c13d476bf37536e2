"""Stores that pages are made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from stormcell.store import SqliteStore
from stormcell.types import Event, Grouping, MemberLink, Membership, Row, Share, Signal
from tests.unit.store.strategies import group_of

_START = 1_700_000_000_000_000_000


def save_large(path: Path, count: int) -> None:
    """Save a group ``g-large`` of so many events ``e-0``, ... in a hundred atoms, each of its own row."""
    rows = [
        Row(_event(at), (f"e-{at}",), f"p{at % 100}", f"worker <num> failed at step {at % 7}")
        for at in range(count)
    ]
    atoms = []
    for at in range(100):
        own = tuple(rows[at::100])
        links = tuple(MemberLink(a.event.uid, b.event.uid, "burst", "worker") for a, b in pairwise(own))
        far = at / 100
        shares = (Share("text", far, 1.0, far / 2), Share("time", far, 1.0, far / 2))
        atoms.append(Membership(own, links, 2.0, "g-large", far, shares, "g-small", far + 0.1, voice=f"p{at}"))
    group = replace(
        group_of("g-large", rows, rows[0].event, _START, "worker failed"), last_seen=rows[-1].event.time
    )
    lone = Row(_event(count), (f"e-{count}",), "lone", "alone")
    small = group_of("g-small", [lone], lone.event, lone.event.time, "alone")
    alone = Membership((lone,), (), 2.0, "g-small", voice="lone")
    with SqliteStore(path, create=True) as store:
        store.save(Grouping(count + 1, 0, (group, small), (*atoms, alone)), [])


def _event(at: int) -> Event:
    return Event(
        uid=f"e-{at}",
        signal=Signal.LOG,
        time=_START + at * 1_000_000,
        service=f"service-{at % 12}",
        severity=17 if at % 5 else 21,
        text=f"worker {at} failed at step {at % 7}",
        attributes={"thread": f"worker-{at}", "code": at},
        resource={"host.name": f"host-{at % 40}"},
    )

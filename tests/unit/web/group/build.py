"""Stores that pages are made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from stormcell.store import SqliteStore
from stormcell.types import AuditEntry, Blame, Event, Grouping, MemberLink, Membership, Row, Share, Signal
from tests.unit.store.strategies import group_of

_START = 1_700_000_000_000_000_000
HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "image": "![pixel](http://evil.example/p.png) [click](javascript:alert(1))",
    "colour": "red \x1b[31malert\x1b[0m \x9b31m \x00",
    "template": "{{ 7*7 }} {% raw %} {# gone #}",
    "formula": "=cmd|' /C calc'!A0",
    "bidi": "user\u202etxt.exe\u202c \u2066isolate\u2069",
    "quote": "\"'><b data-owned>&lt;b&gt;</b>",
    "surrogate": "lone \ud83d",
}


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


def save_hostile(path: Path, odd: str = "") -> dict[str, str]:
    """Save a group ``g-NAME`` of one event ``e-NAME`` for each text that means harm; return the texts by name.

    With an ``odd`` uid there is one group only, ``g-odd``, of an event of that uid.
    """
    groups, atoms = [], []
    for at, (name, text) in enumerate({"odd": "odd"}.items() if odd else HOSTILE.items()):
        event = replace(
            _event(at),
            uid=odd or f"e-{name}",
            service=text,
            text=text,
            attributes={text: text, "labels.x": [text]},
            resource={text: {text: text}},
        )
        row = Row(event, (event.uid,), "print", text)
        groups.append(replace(group_of(f"g-{name}", [row], event, event.time, text), services=(Blame(text, 1.0),)))
        atoms.append(
            Membership((row,), (), 2.0, f"g-{name}", 0.5, (Share(text, 0.5, 1.0, 0.5),), "g-script", 0.51)
        )
    with SqliteStore(path, create=True) as store:
        store.save(Grouping(len(groups), 0, tuple(groups), tuple(atoms)), [])
        store.audit(
            *(
                AuditEntry(1, text, "ack", f"g-{name}", (f"g-{name}",), {"by": text, text: text})
                for name, text in HOSTILE.items()
            )
        )
    return HOSTILE


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

from __future__ import annotations

import numpy as np

from stormcell.groups.alike import link_alike
from stormcell.types import Event
from tests.unit.features.build import SECOND, START, log
from tests.unit.groups.build import atoms_of

# A minute that begins with the stretch.
MINUTE = 60
BASE = -(START // SECOND) % MINUTE


def alike(*events: Event, apart: bool = False) -> list[tuple[str, str, str]]:
    rows, atom_of, atoms = atoms_of(events)
    every = np.arange(len(atoms.items))
    sessions = np.split(every, len(every)) if apart else [every]
    links = link_alike(rows, atom_of, atoms, sessions, MINUTE * SECOND, {})
    return [(rows.events[link.a].text, rows.events[link.b].text, link.reason) for link in links]


def at(seconds: float, text: str, service: str = "shop") -> Event:
    return log(BASE + seconds, text=text, service=service)


def test_links_what_says_the_same_of_the_same_service() -> None:
    assert alike(at(0, "order 1"), at(20, "order 2"), at(59, "order 3")) == [
        ("order 1", "order 2", "alike"),
        ("order 1", "order 3", "alike"),
    ]


def test_leaves_apart_what_differs() -> None:
    assert alike(at(0, "order 1"), at(60, "order 2")) == []
    assert alike(at(0, "order 1"), at(20, "ticket 2")) == []
    assert alike(at(0, "order 1"), at(20, "order 2", "cart")) == []
    assert alike(at(0, "order 1"), at(20, "order 2"), apart=True) == []


def test_atoms_are_alike_by_all_their_templates() -> None:
    pair = (at(0, "a"), at(0.5, "b"), at(20, "a"), at(20.5, "b"))
    assert alike(*pair) == [("a", "a", "alike")]
    assert alike(*pair[:3]) == []


def test_can_be_switched_off() -> None:
    rows, atom_of, atoms = atoms_of([at(0, "order 1"), at(20, "order 2")])
    assert link_alike(rows, atom_of, atoms, [np.arange(2)], 0, {}) == []

"""Which members of a group are listed where there are too many, and what the list says of each."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from stormcell.render.report.storm import severity
from stormcell.text.shorten import shorten
from stormcell.types import Group, Material, Membership, Row

_TEXT = 120


@dataclass(frozen=True, slots=True)
class Member:
    """A row of a group, in the list.

    Attributes
    ----------
    uid : str
    time : int
    signal, severity, service, text : str
    count : int
        Events that it stands for.
    distance, margin : str
        "" where it is not known.
    runner_up : str
        The id of a group, or "".
    role : str
        "exemplar", "earliest", "most severe" or "".
    """

    uid: str
    time: int
    signal: str
    severity: str
    service: str
    text: str
    count: int
    distance: str
    margin: str
    runner_up: str
    role: str


@dataclass(frozen=True, slots=True)
class Members:
    """The list: what is shown, and how many rows and events there are."""

    shown: tuple[Member, ...]
    rows: int
    events: int


def members(material: Material, room: int) -> Members:
    """Return the list of a group's rows, ascending by time, of which at most ``room`` are shown.

    Where there is no room for all, those that the group is told by are shown, then the first of each kind (who
    says what) by how unusual it is, then the second of each kind, and so on.
    """
    group = material.group
    rows = [(row, atom) for atom in material.atoms for row in atom.rows if atom.group in (None, group.id)]
    roles = _roles(group)
    chosen = rows
    if len(rows) > room:
        seen: dict[tuple[str, str, str], int] = {}
        ranked = []
        for row, atom in sorted(rows, key=_by_time):
            kind = (row.event.signal, row.event.service, row.template or row.event.text)
            seen[kind] = seen.get(kind, 0) + 1
            ranked.append(
                ((row.event.uid not in roles, seen[kind], -atom.surprise, *_by_time((row, atom))), row, atom)
            )
        chosen = [(row, atom) for _, row, atom in sorted(ranked, key=lambda each: each[0])[:room]]
    shown = tuple(_member(row, atom, roles.get(row.event.uid, "")) for row, atom in sorted(chosen, key=_by_time))
    return Members(shown, len(rows), sum(len(row.members) for row, _ in rows))


def _by_time(pair: tuple[Row, Membership]) -> tuple[int, str]:
    event = pair[0].event
    return event.time, event.uid


def _roles(group: Group) -> dict[str, str]:
    # What comes later wins.
    return {
        group.most_severe.uid: "most severe",
        group.earliest.uid: "earliest",
        group.medoid.uid: "exemplar",
    }


def _member(row: Row, atom: Membership, role: str) -> Member:
    event, margin = row.event, atom.margin
    known = bool(atom.shares) or atom.dissimilarity > 0 or role == "exemplar"
    return Member(
        uid=event.uid,
        time=event.time,
        signal=event.signal.value,
        severity=severity(event.severity),
        service=event.service,
        text=shorten(event.text, _TEXT),
        count=len(row.members),
        distance=f"{atom.dissimilarity:.3f}" if known else "",
        margin=f"{margin:.3f}" if margin is not None and isfinite(margin) else "",
        runner_up=atom.runner_up or "",
        role=role,
    )

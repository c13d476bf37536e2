"""What people say of groups, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is said of groups."""

    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Mark:
    """One side of what was said, and how it is known again.

    Attributes
    ----------
    uids : tuple of str
        Events. Of an event: itself. Of a group: one event of each atom, the exemplar first.
    fingerprint : str
        What stands for it where none of the uids is: the voice of the event's (the exemplar's) atom, and for a pin
        the event's own fingerprint.
    signal, service, template : str
        What the fingerprint is made of, for people.
    """

    uids: tuple[str, ...]
    fingerprint: str
    signal: str
    service: str
    template: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that a person said of groups.

    Attributes
    ----------
    id : str
    kind : Kind
    marks : tuple of Mark
        merge: the groups, two or more. split: the group, then the events that are not of it. move: the group that
        the event is not of, the event, the group that it is of. pin: the event.
    author : str
        Who said it; "" where nobody was named.
    time : int
        When, ns; 0 where unknown.
    undone : bool
        Whether it was taken back; it no longer counts then.
    """

    id: str
    kind: Kind
    marks: tuple[Mark, ...]
    author: str = ""
    time: int = 0
    undone: bool = False


class State(StrEnum):
    """What became of a feedback in a grouping."""

    HONOURED = "honoured"
    OVERRULED = "overruled"
    IMPOSSIBLE = "impossible"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one feedback in a grouping.

    Attributes
    ----------
    feedback : str
        Its id.
    state : State
        "overruled": something that was said later contradicts it. "impossible": what it speaks of is there, but it
        cannot be done. "absent": what it speaks of is not there, or not in one session.
    why : str
        "" where it is honoured.
    needed : bool
        Whether it would not hold if nothing had been said; for a pin that is not known, and it is needed.
    """

    feedback: str
    state: State
    why: str = ""
    needed: bool = False

"""Why an event is in its group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.errors import NotFoundError
from stormcell.operate.explain import REASONS, template_json
from stormcell.store import SqliteStore
from stormcell.store.browsing import Line
from stormcell.types import Event, Feedback, Group, Kind, Membership
from stormcell.web.group.events import Card, card, cut

_LINKS: Final = 8
_DONE: Final = {
    Kind.MERGE: "merged groups",
    Kind.SPLIT: "split events off",
    Kind.MOVE: "moved an event",
    Kind.PIN: "pinned the exemplar",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What a field adds to a dissimilarity.

    Attributes
    ----------
    name : str
    share : float
        What it adds.
    differs, weight : float
        ``share`` is their product, over the sum of all weights.
    compared : bool
        Whether both sides have a value; else it adds nothing.
    """

    name: str
    share: float
    differs: float
    weight: float
    compared: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """A value in an event's text, and whether it is the same in all members of that template."""

    name: str
    value: str
    constant: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person said that put an event where it is; ``undoable`` is its id, "" where it was taken back."""

    what: str
    who: str
    time: int
    undoable: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why an event is where it is.

    Attributes
    ----------
    uid : str
    card : Card
        The event that its line shows.
    equal : int
        How many equal events of one moment the line tells of.
    group : Group or None
        Its own; None for background.
    surprise : float
    stray : bool
    is_exemplar : bool
        Whether it is the exemplar.
    with_exemplar : bool
        Whether it is one atom with it: the dissimilarity is 0.
    known : bool
        False as long as it is not known how far it is from the exemplar.
    dissimilarity : float
    parts : tuple of Part
        They sum to it; the largest first.
    rival : str
        The id of the runner-up; "" for none.
    rival_group : Group or None
        None where it was grouped anew since.
    rival_dissimilarity, margin : float
        0 without a runner-up.
    others : int
        Events of its atom beside those of its line.
    sure : bool
        Whether they are certainly one thing, not merely alike.
    links : tuple of (str, str)
        What links it to events of its atom, and to which: their uids.
    more_links : int
        How many links of it are left off.
    among : tuple of (str, int)
        What else holds the atom together, and how often.
    template : str
        "" where it has none of the group's.
    template_events : int
        How many events of the group have it.
    slots : tuple of Slot
    said : tuple of Saying
    rules : tuple of str
    """

    uid: str
    card: Card
    equal: int
    group: Group | None
    surprise: float
    stray: bool
    is_exemplar: bool
    with_exemplar: bool
    known: bool
    dissimilarity: float
    parts: tuple[Part, ...]
    rival: str
    rival_group: Group | None
    rival_dissimilarity: float
    margin: float
    others: int
    sure: bool
    links: tuple[tuple[str, str], ...]
    more_links: int
    among: tuple[tuple[str, int], ...]
    template: str
    template_events: int
    slots: tuple[Slot, ...]
    said: tuple[Saying, ...]
    rules: tuple[str, ...]


def why(store: SqliteStore, uid: str) -> Why:
    """Return why an event, by its whole uid, is where it is.

    Raises
    ------
    NotFoundError
        If there is no such event.
    """
    found = store.line_of(uid)
    if found is None:
        raise NotFoundError(
            f"no event {uid!r} in the store: it was forgotten, or never came; look at its group again"
        )
    line, whole = found
    atom, event = line.atom, line.row.event
    group = None if atom.group is None else store.head_of(atom.group)
    rival = None if atom.runner_up is None else store.head_of(atom.runner_up)
    links = [link for link in atom.links if event.uid in (link.a, link.b)]
    rest = Counter(link.reason for link in atom.links if event.uid not in (link.a, link.b))
    told = template_json(line.row, group) or {"text": "", "events": 0, "slots": ()}
    return Why(
        uid=uid,
        card=card(event),
        equal=line.count,
        group=group,
        surprise=atom.surprise,
        stray=atom.stray,
        is_exemplar=group is not None and group.medoid.uid == event.uid,
        with_exemplar=group is not None and _with_exemplar(store, line, group),
        known=bool(atom.shares),
        dissimilarity=atom.dissimilarity,
        parts=parts(atom),
        rival=atom.runner_up or "",
        rival_group=rival,
        rival_dissimilarity=atom.runner_up_dissimilarity or 0.0,
        margin=atom.margin or 0.0,
        others=whole - line.count,
        sure=all(link.reason != "alike" for link in atom.links),
        links=tuple(
            (f"{REASONS.get(link.reason, link.reason)} {cut(link.key, 120)}", _other(event, link.a, link.b))
            for link in links[:_LINKS]
        ),
        more_links=max(len(links) - _LINKS, 0),
        among=tuple(
            (REASONS.get(reason, reason).removesuffix(", in"), count) for reason, count in rest.most_common()
        ),
        template=told["text"],
        template_events=told["events"],
        slots=tuple(
            Slot(slot["name"] or slot["kind"], cut(slot["value"], 200), slot["constant"]) for slot in told["slots"]
        ),
        said=sayings(store, atom.feedback),
        rules=atom.rules,
    )


def parts(atom: Membership) -> tuple[Part, ...]:
    """Return what the fields add to the dissimilarity of an atom, the largest part first."""
    found = (
        Part(share.name, share.share, share.dissimilarity, share.weight, share.weight > 0) for share in atom.shares
    )
    return tuple(sorted(found, key=lambda part: (not part.compared, -part.share, part.name)))


def sayings(store: SqliteStore, ids: Sequence[str]) -> tuple[Saying, ...]:
    """Return what people said, by the ids of it."""
    wanted: list[Feedback] = [one for one in store.feedback() if one.id in ids] if ids else []
    return tuple(Saying(_DONE[one.kind], one.author, one.time, "" if one.undone else one.id) for one in wanted)


def _with_exemplar(store: SqliteStore, line: Line, group: Group) -> bool:
    held = store.line_of(group.medoid.uid)
    return held is not None and held[0].number == line.number


def _other(event: Event, a: str, b: str) -> str:
    return b if a == event.uid else a

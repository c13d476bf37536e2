"""What is around a group: who calls whom in it, groups that are like it, and what became of one that is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stormcell.config import Settings
from stormcell.operate.recalling import recalled
from stormcell.render import RUNBOOK
from stormcell.render.calls import Place, called
from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.types import AuditEntry, Group, Share
from stormcell.web.group.events import title_of
from stormcell.web.group.history import Happened, happened

_SIMILAR: Final = 5
_CALLS: Final = 12
_HISTORY: Final = 200


@dataclass(frozen=True, slots=True)
class Past:
    """A group that is like another.

    Attributes
    ----------
    group : Group
    title, level : str
    dissimilarity : float
        In [0, 1].
    parts : tuple of Share
        What it is made of, largest first, and what adds to it only.
    family : bool
        Whether both are of one family.
    runbook : bool
        Whether a runbook was drafted for it.
    resolved : str
        Who resolved it; "" where it is not resolved.
    """

    group: Group
    title: str
    level: str
    dissimilarity: float
    parts: tuple[Share, ...]
    family: bool
    runbook: bool
    resolved: str


@dataclass(frozen=True, slots=True)
class Around:
    """What is around a group.

    Attributes
    ----------
    similar : tuple of Past
        Nearest first.
    known : bool
        Whether it is known by what to compare it.
    family : str
        The id of its family; "" where it is of none.
    family_size : int
    calls : tuple of Call
        Between the services of its spans, the most frequent first.
    """

    similar: tuple[Past, ...]
    known: bool
    family: str
    family_size: int
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """How often a service was seen to call another in a group's spans, and how often the called span failed."""

    caller: str
    callee: str
    count: int
    failed: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A group that is no more.

    Attributes
    ----------
    id : str
    into : tuple of Group
        The groups that it is part of now, as far as that is known.
    how : str
        "merged", "split", "regrouped" or "forgotten".
    who : str
        Who did it.
    time : int
        ns.
    history : tuple of Happened
        Newest first.
    """

    id: str
    into: tuple[Group, ...] = ()
    how: str = "forgotten"
    who: str = ""
    time: int = 0
    history: tuple[Happened, ...] = ()


def around(store: SqliteStore, group: Group, settings: Settings) -> Around:
    """Return what is around a group."""
    from stormcell.groups.recurrence import compare, similar

    past, _ = recalled(store, settings)
    known = any(each.id == group.id for each in past)
    found = similar(compare(past, settings.recurrence), group.id, _SIMILAR) if known else []
    families = store.families()
    own = next((f for f in families if any(member.group == group.id for member in f.members)), None)
    members = {member.group for member in own.members} if own is not None else set()
    shown = []
    for each in found:
        other = store.head_of(each.group)
        if other is None:
            continue
        shown.append(
            Past(
                group=other,
                title=title_of(other, 160),
                level=severity_name(other.most_severe.severity),
                dissimilarity=each.dissimilarity,
                parts=tuple(sorted((s for s in each.shares if s.share > 0), key=lambda s: (-s.share, s.name))),
                family=other.id in members,
                runbook=any(draft.kind == RUNBOOK for draft in store.drafts(other.id)),
                resolved=_resolver(store, other),
            )
        )
    return Around(tuple(shown), known, own.id if own else "", len(members), calls(store, group.id))


def calls(store: SqliteStore, group: str) -> tuple[Call, ...]:
    """Return who calls whom in the spans of a group, as far as both spans are in it."""
    spans = store.spans_of(group)
    found = [
        Call(*edge, sum(one.count for _, one in pairs), sum(one.count for _, one in pairs if one.failed))
        for edge, pairs in called(
            (Place(one.trace, one.id, one.parent, one.service), one) for one in spans
        ).items()
    ]
    return tuple(sorted(found, key=lambda call: (-call.count, call.caller, call.callee))[:_CALLS])


def gone(store: SqliteStore, id: str) -> Gone | None:
    """Return what is known of a group that is no more, by its whole id; None where nothing is."""
    entries = store.newest_entries(group=id, limit=_HISTORY)
    if not entries:
        return None
    ending = next((entry for entry in entries if _ended(entry, id)), None)
    names = _followed(store, id, ending)
    said = {one.id for one in store.feedback() if not one.undone}
    how = "forgotten" if ending is None else {"merge": "merged", "split": "split"}.get(ending.action, "regrouped")
    return Gone(
        id=id,
        into=tuple(group for name in names if (group := store.head_of(name)) is not None),
        how=how,
        who="" if ending is None else ending.person,
        time=entries[0].time if ending is None else ending.time,
        history=happened(entries, set(store.statuses()), said, id),
    )


def _ended(entry: AuditEntry, id: str) -> bool:
    """Whether an entry tells that a group ended."""
    ended = entry.detail.get("gone")
    return (isinstance(ended, list) and id in ended) or (entry.target == id and bool(entry.detail.get("into")))


def _followed(store: SqliteStore, id: str, ending: AuditEntry | None) -> list[str]:
    """Return the ids of the groups that a group went into; what went on into another is followed."""
    names: list[str] = []
    seen = {id}
    waiting = _into(ending)
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if store.head_of(name) is not None:
            names.append(name)
            continue
        ends = (entry for entry in store.newest_entries(group=name, limit=_HISTORY) if _ended(entry, name))
        waiting += _into(next(ends, None))
    return names


def _into(ending: AuditEntry | None) -> list[str]:
    if ending is None:
        return []
    into = ending.detail.get("into")
    ended = ending.detail.get("gone")
    gone = ended if isinstance(ended, list) else []
    return [str(into)] if into else [id for id in ending.groups if id not in gone]


def _resolver(store: SqliteStore, group: Group) -> str:
    if group.status != "resolved":
        return ""
    [*entries] = store.newest_entries(group=group.id, action="resolve", limit=1)
    return entries[0].person if entries else "somebody"

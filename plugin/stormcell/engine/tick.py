"""One tick: what is held, judged by what is known, and who lives on in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stormcell.config import LiveSettings, Settings
from stormcell.engine.horizon import release_at
from stormcell.features.knowledge import Knowledge
from stormcell.groups.assemble import assemble_groups, background
from stormcell.groups.identity import match, renamed
from stormcell.groups.lifecycle import Life, Status, Transition, advance, begin, end
from stormcell.groups.solution import Solution
from stormcell.pipeline import solve
from stormcell.types import Event, Feedback, Group, Membership, Rows, Signal, UidSet


@dataclass(frozen=True, slots=True)
class Living:
    """A group that lives.

    Attributes
    ----------
    group : Group
        As it was told last, with the status and the revision of ``life``.
    life : Life
    final : bool
        Whether its events are put away: it changes no more but for its status.
    """

    group: Group
    life: Life
    final: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a group: a transition, or another exemplar.

    Attributes
    ----------
    group : str
    transition : Transition or None
    exemplar, before : str
        The uids of the exemplars now and before, where that changed; else "".
    into : str
        The group that it was merged into, if it was.
    """

    group: str
    transition: Transition | None = None
    exemplar: str = ""
    before: str = ""
    into: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """What a tick found.

    Attributes
    ----------
    now : int
        Event time up to which events were looked at, ns.
    solution : Solution
    knowledge : Knowledge
        What was known, those events included.
    memberships : tuple of Membership
        Of the atoms in groups, in the order of the solution's sessions.
    living : mapping of str to Living
        All that go on.
    told : tuple of Group
        Those that changed, and those that are no more, as they are to be told of.
    changes : tuple of Change
    released : int
        Everything before this is settled, ns.
    settled : tuple of Membership
        The background that is.
    resolved : frozenset of str
        Alerts that were put away and are resolved now.
    stragglers : tuple of Event
        What came too late, or from the future, to be grouped.
    said : mapping of str to str
        The statuses that the store had.
    """

    now: int
    solution: Solution
    knowledge: Knowledge
    memberships: tuple[Membership, ...]
    living: Mapping[str, Living]
    told: tuple[Group, ...]
    changes: tuple[Change, ...]
    released: int
    settled: tuple[Membership, ...]
    resolved: frozenset[str]
    stragglers: tuple[Event, ...]
    said: Mapping[str, str]


def tick(
    now: int,
    rows: Rows,
    knowledge: Knowledge,
    living: Mapping[str, Living],
    released: int,
    settings: Settings,
    *,
    taken: Sequence[str] = (),
    statuses: Mapping[str, str] | None = None,
    feedback: Sequence[Feedback] = (),
    resolved: frozenset[str] = frozenset(),
    stragglers: tuple[Event, ...] = (),
    everything: bool = False,
) -> Tick:
    """Find the groups in what is held, and let those that lived go on in them.

    Parameters
    ----------
    now : int
        Event time, ns.
    rows : Rows
        All events before it that are held.
    knowledge : Knowledge
        Has learned them.
    living : mapping of str to Living
        What lived at the tick before.
    released : int
        What was settled by then, ns.
    settings : Settings
    taken : sequence of str
        The ids of groups that lived once.
    statuses : mapping of str to str, optional
        What the store says, which people may have changed.
    feedback : sequence of Feedback
        What people said of groups, oldest first.
    resolved : frozenset of str
        Alerts, by uid, that were resolved after they had been put away.
    stragglers : tuple of Event
    everything : bool
        Whether ``settled`` is to hold all of the background, for there may be no tick after this one.
    """
    solution = solve(rows, knowledge, settings, gate=True, feedback=feedback)
    groups, memberships = assemble_groups(solution, settings)
    lived = {id: one.group.members for id, one in living.items() if not one.final}
    matching = match(groups, lived, [*taken, *living])
    groups, memberships = renamed(groups, memberships, matching.ids)
    settled = release_at(now, released, groups, rows, settings)
    said = statuses or {}
    firing = _alerts(memberships)
    going: dict[str, Living] = {}
    told: list[Group] = []
    changes: list[Change] = []

    def note(id: str, transition: Transition | None, group: Group, before: Living | None, into: str = "") -> None:
        if transition is not None:
            changes.append(Change(id, transition, into=into))
        if before is not None and not into and before.life.exemplar != group.medoid.uid:
            changes.append(Change(id, None, group.medoid.uid, before.life.exemplar))

    for group in groups:
        before = living.get(group.id)
        seen = _seen(group, *firing.get(group.id, (frozenset(), 0)))
        life, transition = _next(before, seen, said.get(group.id), now, settings.live)
        group, life = _revised(group, life, before)
        note(group.id, transition, group, before)
        if before is None or life.revision != before.life.revision:
            told.append(group)
        final = group.first_seen < settled
        going[group.id] = Living(_put_away(group) if final else group, life, final)
    for id, before in living.items():
        if id in going:
            continue
        if before.final:
            seen = replace(before.life, firing=before.life.firing - resolved)
            life, transition = _next(before, seen, said.get(id), now, settings.live)
        else:
            into = matching.merged.get(id, "")
            life, transition = end(before.life, now, "merged" if into else "gone")
        group, life = _revised(before.group, life, before)
        note(id, transition, group, None, "" if before.final else matching.merged.get(id, ""))
        if life.revision != before.life.revision:
            told.append(group)
        if before.final and life.status is not Status.RESOLVED:
            going[id] = Living(group, life, final=True)
    going = {id: one for id, one in going.items() if not (one.final and one.life.status is Status.RESOLVED)}
    apart: list[Membership] = []
    if everything:
        apart = background(solution)
    elif settled > released:
        old = np.zeros(len(solution.surprise), dtype=bool)
        old[solution.atom_of[rows.first < settled]] = True
        apart = background(solution, old)
    return Tick(
        now,
        solution,
        knowledge,
        tuple(memberships),
        going,
        tuple(told),
        tuple(changes),
        settled,
        tuple(apart),
        resolved,
        stragglers,
        said,
    )


def _next(
    before: Living | None, seen: Life, said: str | None, now: int, settings: LiveSettings
) -> tuple[Life, Transition | None]:
    if before is None:
        return begin(now, seen)
    return advance(before.life, seen, said or before.life.status, now, settings)


def _revised(group: Group, life: Life, before: Living | None) -> tuple[Group, Life]:
    """Return both with the next revision if anything that people see changed."""
    group = replace(group, status=str(life.status))
    old = None if before is None else before.group
    changed = old is None or any(
        getattr(old, name) != getattr(group, name) for name in ("members", "status", "title", "medoid")
    )
    life = replace(life, revision=life.revision + changed)
    return replace(group, revision=life.revision), life


def _put_away(group: Group) -> Group:
    """Return a group that holds on to nothing of what is held no more."""
    return replace(group, members=group.members.alone()) if isinstance(group.members, UidSet) else group


def _seen(group: Group, firing: frozenset[str], ended: int) -> Life:
    return Life(
        status=Status.OPEN,
        since=0,
        last_seen=max(group.last_seen, ended),
        firing=firing,
        alerted=bool(group.signals.get(Signal.ALERT.value)),
        exemplar=group.medoid.uid,
    )


def _alerts(memberships: Sequence[Membership]) -> dict[str, tuple[frozenset[str], int]]:
    """Return for each group the uids of its alerts that fire, and when the last of the others was resolved, ns."""
    firing: dict[str, set[str]] = {}
    ended: dict[str, int] = {}
    for one in memberships:
        if one.group is None:
            continue
        for row in one.rows:
            event = row.event
            if event.signal is not Signal.ALERT:
                continue
            if event.status == "firing":
                firing.setdefault(one.group, set()).update(row.members)
            else:
                ended[one.group] = max(ended.get(one.group, 0), event.time + event.duration)
    return {id: (frozenset(firing.get(id, ())), ended.get(id, 0)) for id in {*firing, *ended}}

"""Identity: which of the groups found now is which of those that lived before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from stormcell.types import Group, Membership, UidSet


@dataclass(frozen=True, slots=True)
class Matching:
    """Who is who.

    Attributes
    ----------
    ids : mapping of str to str
        The id that each group found now goes by, by the id that it was found with.
    merged : mapping of str to str
        Of groups that lived before and are gone, the one that holds most of their events now.
    """

    ids: Mapping[str, str]
    merged: Mapping[str, str]


def match(groups: Sequence[Group], lived: Mapping[str, Sequence[str]], taken: Collection[str] = ()) -> Matching:
    """Give each group the id of the one that it goes on from.

    A group goes on from the one before with which it shares most events. Where two go on from one (it was
    split), the one that shares more keeps the id, of equals the one seen first. Where one goes on from several
    (they were merged), the others are gone into it. Whoever goes on from none has a new id: the one that it
    was found with, if no other ever had it.

    Parameters
    ----------
    groups : sequence of Group
    lived : mapping of str to sequence of str
        The uids of the events of each group before, by its id; no event was in two.
    taken : collection of str
        All ids that a new group cannot have, beside those in ``lived``.
    """
    shared = _shared(groups, lived)
    seen = {group.id: (group.first_seen, group.id) for group in groups}
    ids: dict[str, str] = {}
    kept: dict[str, str] = {}
    for found, old in sorted(shared, key=lambda pair: (-shared[pair], seen[pair[0]], pair[1])):
        if found not in ids and old not in kept:
            ids[found], kept[old] = old, found
    used = {*ids.values(), *lived, *taken}
    for group in sorted(groups, key=lambda group: seen[group.id]):
        if group.id not in ids:
            ids[group.id] = _free(group.id, used)
            used.add(ids[group.id])
    merged: dict[str, str] = {}
    for found, old in sorted(shared, key=lambda pair: (-shared[pair], seen[pair[0]])):
        if old not in kept:
            merged.setdefault(old, ids[found])
    return Matching(ids, merged)


def _shared(groups: Sequence[Group], lived: Mapping[str, Sequence[str]]) -> Counter[tuple[str, str]]:
    """Count the events that groups share with those before; event by event only where parts changed."""
    # Where a part is, for all of them at hand would take much memory.
    parts: dict[tuple[int, int], tuple[str, int]] = {}
    sets: dict[str, UidSet] = {}
    before: dict[str, str] = {}
    for id, members in lived.items():
        if isinstance(members, UidSet):
            sets[id] = members
            parts.update({(part.size, part.mark): (id, at) for at, part in enumerate(members.parts)})
        else:
            before.update(dict.fromkeys(members, id))
    shared: Counter[tuple[str, str]] = Counter()
    changed: list[tuple[str, Sequence[str]]] = []
    for group in groups:
        for part in group.members.parts if isinstance(group.members, UidSet) else (group.members,):
            known = parts.pop((part.size, part.mark), None) if isinstance(part, UidSet) else None
            if known is None:
                changed.append((group.id, part))
            else:
                shared[group.id, known[0]] += len(part)
    before.update((uid, id) for id, at in parts.values() for uid in sets[id].parts[at])
    if before:
        shared.update((id, before[uid]) for id, part in changed for uid in part if uid in before)
    return shared


def renamed(
    groups: Sequence[Group], memberships: Sequence[Membership], ids: Mapping[str, str]
) -> tuple[list[Group], list[Membership]]:
    """Return groups, ascending by (first_seen, id), and memberships under other ids."""
    named = [replace(group, id=ids[group.id]) for group in groups]
    named.sort(key=lambda group: (group.first_seen, group.id))
    return named, [
        replace(
            one,
            group=None if one.group is None else ids[one.group],
            runner_up=None if one.runner_up is None else ids[one.runner_up],
        )
        for one in memberships
    ]


def _free(id: str, used: Collection[str]) -> str:
    """Return an id that nobody has, the given one if possible."""
    number = 0
    free = id
    while free in used:
        number += 1
        free = "g-" + hashlib.blake2b(f"{id}\0{number}".encode(), digest_size=6).hexdigest()
    return free

"""Identity: which of the groups found now is which of those that lived before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stormcell.features.compact import Members
from stormcell.types import BoolArray, Group, IntArray, Membership, UidSet

_NONE: Final = np.zeros(0, dtype=np.int64)


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
    old, now = _Parts(lived), _Parts({group.id: group.members for group in groups})
    stood = old.places_of(now)
    same = stood >= 0
    shared: Counter[tuple[str, str]] = Counter()
    owners = zip(now.owner[same].tolist(), old.owner[stood[same]].tolist(), now.sizes[same].tolist(), strict=True)
    for found, before, size in owners:
        shared[now.ids[found], old.ids[before]] += size
    gone = np.ones(len(old.marks), dtype=bool)
    gone[stood[same]] = False
    place = {uid: id for id, uids in old.rest(gone) for uid in uids}
    if place:
        shared.update((id, place[uid]) for id, uids in now.rest(~same) for uid in uids if uid in place)
    return shared


class _Parts:
    """The parts of some sets of uids, as columns: all of them at hand would take much memory.

    Parameters
    ----------
    sets : mapping of str to sequence of str
        By the ids of their groups; those that are no UidSet have no parts.

    Attributes
    ----------
    ids : list of str
    owner, sizes, marks : array
        Of each part.
    """

    def __init__(self, sets: Mapping[str, Sequence[str]]) -> None:
        self.ids, self._sets = list(sets), list(sets.values())
        columns = [_columns(one) for one in self._sets]
        self._starts = np.cumsum([0, *(len(sizes) for sizes, _ in columns)])
        self.owner = np.repeat(np.arange(len(columns)), np.diff(self._starts))
        self.sizes = np.concatenate([_NONE, *(sizes for sizes, _ in columns)])
        self.marks = np.concatenate([_NONE.astype(np.uint64), *(marks for _, marks in columns)])

    def places_of(self, others: _Parts) -> IntArray:
        """Return for each part of others the place of the same one here, -1 where it is not found."""
        if not len(self.marks):
            return np.full(len(others.marks), -1)
        order = np.argsort(self.marks, kind="stable")
        place = order[np.searchsorted(self.marks, others.marks, sorter=order).clip(max=len(order) - 1)]
        same = (self.marks[place] == others.marks) & (self.sizes[place] == others.sizes)
        return np.where(same, place, -1)

    def rest(self, wanted: BoolArray) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the parts that are wanted, and what has no parts, with the ids of their groups."""
        for id, uids, start, end in zip(self.ids, self._sets, self._starts[:-1], self._starts[1:], strict=True):
            if isinstance(uids, UidSet):
                for at in np.flatnonzero(wanted[start:end]).tolist():
                    yield id, uids.parts[at]
            else:
                yield id, uids


def _columns(uids: Sequence[str]) -> tuple[IntArray, NDArray[np.uint64]]:
    """Return the sizes and marks of the parts of a set."""
    parts = uids.parts if isinstance(uids, UidSet) else ()
    if isinstance(parts, Members):
        return parts.sizes, parts.marks
    sizes, marks = [part.size for part in parts], [part.mark for part in parts]
    return np.array(sizes, dtype=np.int64), np.array(marks, dtype=np.uint64)


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

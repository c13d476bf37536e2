"""Past groups that are like one: what stored groups are known again by, made where it is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.types import Group, Past, Profile, Related

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_MOST = 3


def recalled(store: SqliteStore, settings: Settings) -> tuple[list[Past], dict[str, Profile]]:
    """Return every group with a profile, and those profiles that had to be computed of what is stored."""
    past = store.past()
    made = {each.id: _made(store, each.id, settings) for each in past if each.profile is None}
    return [each if each.profile else replace(each, profile=made[each.id]) for each in past], made


def related(store: SqliteStore, group: str, settings: Settings) -> Sequence[Related]:
    """Return the few earlier groups that are most like one, by its whole id, nearest first, however far."""
    from stormcell.groups.recurrence import compare, similar

    past, _ = recalled(store, settings)
    if all(each.id != group for each in past):
        return ()
    families = family_ids(store)
    return [
        related_to(group, other, each.dissimilarity, families)
        for each in similar(compare(past, settings.recurrence), group, _MOST, earlier=True)
        if (other := store.group(each.group)) is not None
    ]


def related_to(group: str, other: Group, dissimilarity: float, families: Mapping[str, str]) -> Related:
    """Return a group that is like another, which is named by its id; both may be of one family."""
    own = families.get(group)
    return Related(other, float(dissimilarity), own is not None and families.get(other.id) == own)


def family_ids(store: SqliteStore) -> dict[str, str]:
    """Return the id of its family for each group that is of one."""
    return {member.group: family.id for family in store.families() for member in family.members}


def _made(store: SqliteStore, group: str, settings: Settings) -> Profile:
    from stormcell.features.knowledge import Knowledge
    from stormcell.groups.recall import recall

    found = store.group(group)
    try:
        knowledge = Knowledge(settings, store.learned())
    except ValueError as error:
        raise StoreError(f"{store.path} holds knowledge that cannot be used: {error}; group again") from error
    return recall(store.memberships(group), found.services if found else (), settings, knowledge.miner)

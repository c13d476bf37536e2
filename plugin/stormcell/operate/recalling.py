"""Past groups that are like one: what stored groups are known again by, made where it is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.types import Past, Profile, Related

if TYPE_CHECKING:
    from collections.abc import Sequence


_MOST = 3


def recalled(store: SqliteStore, settings: Settings) -> tuple[list[Past], dict[str, Profile]]:
    """Return every group with a profile, and those profiles that had to be computed of what is stored."""
    past = store.past()
    made = {each.id: _made(store, each.id, settings) for each in past if each.profile is None}
    return [each if each.profile else replace(each, profile=made[each.id]) for each in past], made


def related(store: SqliteStore, group: str, settings: Settings) -> Sequence[Related]:
    """Return the few groups that are most like one, by its whole id, nearest first.

    Later ones are left out, and what is farther than ``recurrence.radius``: that is another thing.
    """
    from stormcell.groups.recurrence import compare, similar

    past, _ = recalled(store, settings)
    began = {each.id: each.first_seen for each in past}
    if group not in began:
        return ()
    families = [{member.group for member in family.members} for family in store.families()]
    found = []
    for each in similar(compare(past, settings.recurrence), group, len(past)):
        if began[each.group] >= began[group] or (other := store.group(each.group)) is None:
            continue
        together = any({group, each.group} <= members for members in families)
        found.append(Related(other, each.dissimilarity, together))
        if len(found) == _MOST:
            break
    return found


def _made(store: SqliteStore, group: str, settings: Settings) -> Profile:
    from stormcell.features.knowledge import Knowledge
    from stormcell.groups.recall import recall

    found = store.group(group)
    try:
        knowledge = Knowledge(settings, store.learned())
    except ValueError as error:
        raise StoreError(f"{store.path} holds knowledge that cannot be used: {error}; group again") from error
    return recall(store.memberships(group), found.services if found else (), settings, knowledge.miner)

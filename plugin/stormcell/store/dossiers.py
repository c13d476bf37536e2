"""Groups with all that is stored of them, one after the other: what is held at a time is one group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stormcell.features.portrait import portrait
from stormcell.store.sqlite import SqliteStore
from stormcell.types import Dossier


def dossier(store: SqliteStore, id: str) -> Dossier | None:
    """Return a group, by its whole id, with all that is stored of it; None if there is none.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    with store.looking():
        group = store.group(id)
        if group is None or group.id != id:
            return None
        found = Dossier(group, store.memberships(id), store.drafts(id), store.audit_log(id))
    return found if group.profile is None else replace(found, portrait=portrait(group.profile).tolist())


def dossiers(store: SqliteStore, ids: Iterable[str] | None = None) -> Iterator[Dossier]:
    """Yield groups, by their whole ids or all, ascending by id; those that are gone meanwhile are left out.

    Raises
    ------
    StoreError
        If they cannot be read.
    """
    for id in sorted(store.statuses() if ids is None else ids):
        found = dossier(store, id)
        if found is not None:
            yield found

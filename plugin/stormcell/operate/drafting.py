"""Drafts of stored groups."""

from __future__ import annotations

from functools import lru_cache

from stormcell.config import DraftsSettings, Settings
from stormcell.operate.find import group_of
from stormcell.operate.recalling import related
from stormcell.render import Drafter
from stormcell.store import SqliteStore
from stormcell.types import Draft, Material


def material(store: SqliteStore, group: str, settings: Settings) -> Material:
    """Return all that a draft of a group can be made of.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such group, or there are several.
    """
    found = group_of(store, group)
    return Material(
        group=found,
        atoms=store.memberships(found.id),
        history=store.audit_log(found.id),
        related=related(store, found.id, settings),
    )


def draft(store: SqliteStore, group: str, kind: str, settings: Settings) -> Draft:
    """Return a draft of a group, written now of what the store holds.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such group, or there are several.
    TemplateError
        If a template is broken.
    """
    return _drafter(settings.drafts).draft(kind, material(store, group, settings))


@lru_cache(maxsize=4)
def _drafter(settings: DraftsSettings) -> Drafter:
    return Drafter(settings)

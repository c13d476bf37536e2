"""Drafts of stored groups."""

from __future__ import annotations

from stormcell.config import DraftsSettings, Settings
from stormcell.operate.find import group_of
from stormcell.operate.recalling import related
from stormcell.render import Drafter
from stormcell.store import SqliteStore
from stormcell.types import Draft, Material

_KEPT = 4
_DRAFTERS: dict[str, Drafter] = {}
"""By their settings as JSON, which can hold what has no hash: reading templates takes longer than filling one."""


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


def draft(store: SqliteStore, group: str, kind: str, settings: Settings, template: str = "") -> Draft:
    """Return a draft of a group, written now of what the store holds.

    Parameters
    ----------
    store : SqliteStore
    group : str
        Its id, or the start of it.
    kind : str
        "runbook" or "postmortem".
    settings : Settings
    template : str
        The name of the template to use; "" for the first that fits the group.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such group, or there are several.
    TemplateError
        If there is no such template, or it is broken.
    """
    return drafter(settings.drafts).draft(kind, material(store, group, settings), template)


def drafter(settings: DraftsSettings) -> Drafter:
    """Return the one that writes drafts by some settings; it reads its templates once."""
    key = settings.model_dump_json()
    if key not in _DRAFTERS:
        if len(_DRAFTERS) >= _KEPT:
            _DRAFTERS.clear()
        _DRAFTERS[key] = Drafter(settings)
    return _DRAFTERS[key]

"""A report of what a store holds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.features.calls import LEARNED, CallGraph
from stormcell.features.likeness import likeness
from stormcell.operate.recalling import recalled
from stormcell.render.report import Storm
from stormcell.render.report.storm import worst_first
from stormcell.store import SqliteStore
from stormcell.types import FloatArray, Group, Material, Related

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIKE = 3
_SHOWN = 3
"""Decimals."""


def storm(store: SqliteStore, settings: Settings, *, title: str, most: int, now: int) -> Storm:
    """Return what a report of a store is made of.

    Parameters
    ----------
    store : SqliteStore
    settings : Settings
    title : str
        "" for what the store holds.
    most : int
        Groups that are shown: the most severe, of those the ones with most events.
    now : int
        ns.
    """
    profiles = {each.id: each.profile for each in recalled(store, settings)[0] if each.profile is not None}
    # Another process may have changed what is stored since.
    every = [group for group in store.groups() if group.id in profiles]
    chosen = {group.id for group in sorted(every, key=worst_first)[:most]}
    shown = np.flatnonzero([group.id in chosen for group in every])
    families = {member.group: family.id for family in store.families() for member in family.members}
    points = likeness([profiles[group.id] for group in every], settings.recurrence)
    far = points.take(shown).cross(points)
    totals = store.totals(now)
    return Storm(
        title=title,
        made=now,
        events=totals.events,
        background=totals.background,
        statuses=Counter(group.status for group in every),
        left_out=(len(every) - len(chosen), sum(group.count for group in every if group.id not in chosen)),
        materials=tuple(
            Material(
                every[at],
                store.memberships(every[at].id),
                store.audit_log(every[at].id),
                _alike(every, at, row, families),
            )
            for at, row in zip(shown.tolist(), far, strict=True)
        ),
        far=far[:, shown],
        calls=_calls(store, settings),
        families=families,
    )


def _alike(groups: Sequence[Group], at: int, far: FloatArray, families: Mapping[str, str]) -> tuple[Related, ...]:
    """Return the groups most like one, nearest first; of those equally near, to what is shown, the earliest."""
    nearest = np.argsort(np.round(far, _SHOWN), kind="stable")[: _ALIKE + 1].tolist()
    own = families.get(groups[at].id)
    return tuple(
        Related(groups[to], float(far[to]), own is not None and families.get(groups[to].id) == own)
        for to in nearest
        if to != at
    )[:_ALIKE]


def _calls(store: SqliteStore, settings: Settings) -> Mapping[tuple[str, str], float]:
    """Return which services are known to call which."""
    calls, learned = CallGraph(settings.background), store.learned()
    try:
        if LEARNED in learned:
            calls.restore(learned[LEARNED])
    except ValueError as error:
        raise StoreError(f"{store.path} holds knowledge that cannot be used: {error}; group again") from error
    return calls.between()

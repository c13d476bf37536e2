"""A report of what a store holds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.operate.recalling import recalled
from stormcell.render.report import Storm
from stormcell.render.report.storm import worst_first
from stormcell.store import SqliteStore
from stormcell.types import FloatArray, Group, Material, Related

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIKE = 3


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
    every = store.groups()
    chosen = {group.id for group in sorted(every, key=worst_first)[:most]}
    shown = [group for group in every if group.id in chosen]
    families = {member.group: family.id for family in store.families() for member in family.members}
    far, alike = _compared(store, settings, shown, every, families)
    totals = store.totals(now)
    return Storm(
        title=title,
        made=now,
        events=totals.events,
        background=totals.background,
        statuses=Counter(group.status for group in every),
        left_out=(len(every) - len(shown), sum(group.count for group in every if group.id not in chosen)),
        materials=tuple(
            Material(group, store.memberships(group.id), store.audit_log(group.id), related)
            for group, related in zip(shown, alike, strict=True)
        ),
        far=far,
        calls=_calls(store, settings),
        families=families,
    )


def _compared(
    store: SqliteStore,
    settings: Settings,
    shown: Sequence[Group],
    every: Sequence[Group],
    families: Mapping[str, str],
) -> tuple[FloatArray, list[tuple[Related, ...]]]:
    """Return how unlike the shown groups are, and which of all are most like each."""
    if not shown:
        return np.zeros((0, 0), dtype=np.float32), []
    from stormcell.features.likeness import likeness

    past, _ = recalled(store, settings)
    profiles = {each.id: each.profile for each in past if each.profile is not None}
    others = [group for group in every if group.id in profiles]
    points = likeness([profiles[group.id] for group in others], settings.recurrence)
    column = {group.id: number for number, group in enumerate(others)}
    far = points.take(np.array([column[group.id] for group in shown])).cross(points)
    related = []
    for row, group in zip(far, shown, strict=True):
        nearest = sorted(
            (round(float(row[column[other.id]]), 3), other.id) for other in others if other is not group
        )
        related.append(
            tuple(
                Related(
                    others[column[id]],
                    value,
                    families.get(id) is not None and families.get(id) == families.get(group.id),
                )
                for value, id in nearest[:_ALIKE]
            )
        )
    return far[:, [column[group.id] for group in shown]], related


def _calls(store: SqliteStore, settings: Settings) -> Mapping[tuple[str, str], float]:
    """Return which services are known to call which."""
    from stormcell.features.calls import LEARNED, CallGraph

    calls, learned = CallGraph(settings.background), store.learned()
    try:
        if LEARNED in learned:
            calls.restore(learned[LEARNED])
    except ValueError as error:
        raise StoreError(f"{store.path} holds knowledge that cannot be used: {error}; group again") from error
    return calls.between()

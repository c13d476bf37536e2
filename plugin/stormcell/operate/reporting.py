"""A report of what a store holds."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.features.calls import LEARNED, CallGraph
from stormcell.groups.recurrence import compare, nearest
from stormcell.operate.recalling import family_ids, recalled, related_to
from stormcell.render.report import Storm
from stormcell.render.report.storm import worst_first
from stormcell.store import SqliteStore
from stormcell.types import FloatArray, Group, Material, Past, Related

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
    past = {each.id: each for each in recalled(store, settings)[0] if each.profile is not None}
    # Another process may have changed what is stored since.
    every = {group.id: group for group in store.groups() if group.id in past}
    chosen = {group.id for group in sorted(every.values(), key=worst_first)[:most]}
    compared = compare((past[id] for id in every), settings.recurrence)
    place = {each.id: at for at, each in enumerate(compared.incidents)}
    shown = np.array([place[id] for id in every if id in chosen], dtype=np.int64)
    far = compared.points.take(shown).cross(compared.points)
    families = family_ids(store)
    totals = store.totals(now)
    return Storm(
        title=title,
        made=now,
        events=totals.events,
        background=totals.background,
        statuses=Counter(group.status for group in every.values()),
        left_out=(len(every) - len(chosen), sum(one.count for one in every.values() if one.id not in chosen)),
        materials=tuple(
            Material(
                every[compared.incidents[at].id],
                store.memberships(compared.incidents[at].id),
                store.audit_log(compared.incidents[at].id),
                _alike(every, compared.incidents, at, row, families),
            )
            for at, row in zip(shown.tolist(), far, strict=True)
        ),
        far=far[:, shown],
        calls=_calls(store, settings),
        families=families,
    )


def _alike(
    groups: Mapping[str, Group], past: Sequence[Past], at: int, far: FloatArray, families: Mapping[str, str]
) -> tuple[Related, ...]:
    """Return the groups most like one, nearest first."""
    others = (to for to in nearest(past, far.tolist()) if to != at)
    return tuple(related_to(past[at].id, groups[past[to].id], far[to], families) for to in islice(others, _ALIKE))


def _calls(store: SqliteStore, settings: Settings) -> Mapping[tuple[str, str], float]:
    """Return which services are known to call which."""
    calls, learned = CallGraph(settings.background), store.learned()
    try:
        if LEARNED in learned:
            calls.restore(learned[LEARNED])
    except ValueError as error:
        raise StoreError(f"{store.path} holds knowledge that cannot be used: {error}; group again") from error
    return calls.between()

"""Blame: how much each event accuses each service, and the call graph learned from parent and child spans."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

from stormcell.types import DoubleArray, FloatArray, IntArray, Rows, Signal

# What an accusation weighs: the deepest failing span knows best; a log or an alert speaks for its own service.
_ERROR_LEAF, _LEAF, _INNER = 1.0, 0.3, 0.1
_ERROR_LOG, _LOG, _ALERT = 1.0, 0.7, 1.0
_PRIOR = 0.05
_MAX_HOPS = 4
_MAX_SERVICES = 1024
# Masks are no names either: there are services called "email".
_NOT_NAME = re.compile(r"(?:<[a-z]+>|[^a-z0-9])+")


@dataclass(frozen=True, slots=True, eq=False)
class Accusations:
    """Who is accused by each row, and how much.

    Attributes
    ----------
    services : tuple of str
        Ascending.
    accused : IntArray, shape (n,)
        Index into ``services``, -1 where no service is known.
    amount : DoubleArray, shape (n,)
    hops : FloatArray, shape (services, services)
        Hops in the call graph, at most 4, divided by 4; NaN where a service is not in it.
    """

    services: tuple[str, ...]
    accused: IntArray
    amount: DoubleArray
    hops: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    """What each span event is in its trace, as columns aligned with Rows.spans."""

    parent_row: IntArray
    exclusive_ms: DoubleArray
    has_child: IntArray
    has_failed_child: IntArray


def accuse(rows: Rows, surprise: DoubleArray) -> Accusations:
    """Return the accusations of ``rows``.

    A span accuses by ``w (surprise + .05) (1 + ln(1 + exclusive ms))``, with w = 1 for a failed span without
    a failed child, .3 for another without a child, .1 otherwise. It accuses the service it calls: the one
    learned from its template's child spans, else one that its operation names, else its own. A log or an alert
    accuses its own service by its surprise.
    """
    services = _vocabulary(rows)
    number = {service: at for at, service in enumerate(services)}
    own = np.array([number.get(t.service, -1) for t in rows.templates], dtype=np.int64)
    failed = np.array([event.is_error for event in rows.events], dtype=bool)
    tree = _tree(rows, failed)
    callee, edges = _calls(rows, tree, own, number)

    weight = np.zeros(len(rows))
    at = rows.spans.row
    leaf = np.where(
        failed[at] & (tree.has_failed_child == 0), _ERROR_LEAF, np.where(tree.has_child == 0, _LEAF, _INNER)
    )
    np.add.at(weight, at, leaf * (1.0 + np.log1p(tree.exclusive_ms)))
    for row, event in enumerate(rows.events):
        if event.signal is Signal.LOG:
            weight[row] = rows.weight[row] * (_ERROR_LOG if failed[row] else _LOG)
        elif event.signal is Signal.ALERT:
            weight[row] = rows.weight[row] * _ALERT
    return Accusations(services, callee[rows.template], weight * (surprise + _PRIOR), _hops(len(services), edges))


def _vocabulary(rows: Rows) -> tuple[str, ...]:
    """Return the services, ascending; of very many (a pod's name sent as the service's) those with most events."""
    events: Counter[str] = Counter()
    for template, weight in zip(rows.template.tolist(), rows.weight.tolist(), strict=True):
        events[rows.templates[template].service] += weight
    del events[""]
    ranked = sorted(events.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(name for name, _ in ranked[:_MAX_SERVICES]))


def _tree(rows: Rows, failed: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Tree:
    """Find each span's parent, by id, and what is left of its duration without its children."""
    spans = rows.spans
    count = len(spans.span)
    order = np.argsort(spans.span, kind="stable")
    at = np.searchsorted(spans.span[order], spans.parent)
    parent = order[np.minimum(at, count - 1)]
    known = (spans.parent != 0) & (spans.parent != spans.span) & (spans.span[parent] == spans.parent)
    child_time = np.zeros(count)
    has_child, has_failed_child = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.add.at(child_time, parent[known], spans.duration[known])
    np.add.at(has_child, parent[known], 1)
    np.add.at(has_failed_child, parent[known], failed[spans.row[known]].astype(np.int64))
    # Children that run side by side can take longer than their parent.
    exclusive = np.maximum(spans.duration - child_time, 0.0) / 1e6
    return _Tree(np.where(known, spans.row[parent], -1), exclusive, has_child, has_failed_child)


def _calls(
    rows: Rows, tree: _Tree, own: IntArray, number: dict[str, int]
) -> tuple[IntArray, Counter[tuple[int, int]]]:
    """Learn which service each template calls, and the edges of the call graph."""
    called: dict[int, Counter[int]] = {}
    edges: Counter[tuple[int, int]] = Counter()
    child_template = rows.template[rows.spans.row]
    for parent_row, template in zip(tree.parent_row.tolist(), child_template.tolist(), strict=True):
        if parent_row < 0:
            continue
        parent_template = int(rows.template[parent_row])
        caller, callee = int(own[parent_template]), int(own[template])
        if caller >= 0 and callee >= 0 and caller != callee:
            called.setdefault(parent_template, Counter())[callee] += 1
            edges[caller, callee] += 1
    names = sorted(
        ((_NOT_NAME.sub("", name.lower()), at) for name, at in number.items()), key=lambda n: -len(n[0])
    )
    accused = own.copy()
    for at, template in enumerate(rows.templates):
        if template.signal is not Signal.SPAN:
            continue
        if at in called:
            # The most frequent callee; ties go to the first by name.
            accused[at] = max(called[at].items(), key=lambda item: (item[1], -item[0]))[0]
            continue
        operation = _NOT_NAME.sub("", template.text.lower())
        named = next((s for name, s in names if len(name) > 3 and name in operation), None)
        if named is not None:
            accused[at] = named
    return accused, edges


def _hops(count: int, edges: Counter[tuple[int, int]]) -> FloatArray:
    """Return the hops between services, either way along the calls, by breadth-first search."""
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    hops = np.full((count, count), np.nan, dtype=np.float32)
    graph = sorted(near)
    hops[np.ix_(graph, graph)] = _MAX_HOPS
    for start in graph:
        hops[start, start] = 0
        queue, seen = deque([(start, 0)]), {start}
        while queue:
            service, far = queue.popleft()
            hops[start, service] = far
            if far < _MAX_HOPS:
                fresh = near[service] - seen
                seen |= fresh
                queue.extend((other, far + 1) for other in sorted(fresh))
    hops[np.arange(count), np.arange(count)] = 0
    return hops / np.float32(_MAX_HOPS)

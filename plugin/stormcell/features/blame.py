"""Blame: how much each event accuses each service."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stormcell.config import ServicesSettings
from stormcell.features.calls import CallGraph
from stormcell.features.peers import find_peers
from stormcell.features.resolve import Resolver
from stormcell.features.spans import Tree, tree
from stormcell.features.surprise import Surprise
from stormcell.types import DoubleArray, FloatArray, IntArray, Rows, Signal

# What an accusation weighs: the deepest failing span knows best; a log or an alert speaks for its own service.
_ERROR_LEAF, _LEAF, _INNER = 1.0, 0.3, 0.1
_ERROR_LOG, _LOG, _ALERT = 1.0, 0.7, 1.0
_PRIOR = 0.05
_MAX_SERVICES: Final = 1024
# Masks are no names either: there are services called "email".
_NOT_NAME: Final = re.compile(r"(?:<[a-z]+>|[^a-z0-9])+")
_SHORTEST_NAME: Final = 4


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


def accuse(rows: Rows, surprise: Surprise, calls: CallGraph, settings: ServicesSettings) -> Accusations:
    """Return the accusations of ``rows``.

    A span accuses by ``w (surprise + .05) (1 + ln(1 + exclusive ms))``, with w = 1 for a failed span without a
    failed child, .3 for another without a child, .1 otherwise. It accuses the service it calls: the one learned
    from its operation's child spans, else the peer that it names itself where it failed, else one that its
    operation names, else its own. A peer is accused by how unusual it is that this call fails. A log accuses its
    own service by its surprise, an alert the service that its labels resolve to.
    """
    own, spans = _own(rows, settings), tree(rows)
    peers = find_peers(rows, calls, spans, frozenset(own))
    services = _vocabulary(rows, own, peers)
    number = {service: at for at, service in enumerate(services)}
    code = {service: number.get(service, -1) for service in set(own)}
    judged = surprise.value.copy()
    # A peer says nothing itself: that it fails those who call it is all there is to judge it by.
    judged[list(peers)] = surprise.failure[list(peers)]
    amount = _weights(rows, spans) * (judged + _PRIOR)
    accused = np.fromiter(map(code.__getitem__, own), dtype=np.int64, count=len(own))
    callee = _callees(rows, calls, number)[rows.template]
    accused = np.where(callee >= 0, callee, accused)
    for row, name in peers.items():
        accused[row] = number.get(name, accused[row])
    return Accusations(services, accused, amount, calls.hops(services))


def _own(rows: Rows, settings: ServicesSettings) -> list[str]:
    """Return the service that each row speaks for."""
    heard = {template.service for template in rows.templates if template.signal is not Signal.ALERT}
    resolver = Resolver(settings, heard)
    services = [template.service for template in rows.templates]
    own = [services[template] for template in rows.template.tolist()]
    for row in np.flatnonzero(rows.of(Signal.ALERT)).tolist():
        own[row] = resolver.service(rows.events[row])
    return own


def _vocabulary(rows: Rows, own: Sequence[str], peers: Mapping[int, str]) -> tuple[str, ...]:
    """Return the services, ascending; of very many (a pod's name sent as the service's) those with most events."""
    events: dict[str, int] = {}
    for service, weight in zip(own, rows.weight.tolist(), strict=True):
        events[service] = events.get(service, 0) + weight
    for row, peer in peers.items():
        events[peer] = events.get(peer, 0) + int(rows.weight[row])
    events.pop("", None)
    ranked = sorted(events.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(name for name, _ in ranked[:_MAX_SERVICES]))


def _weights(rows: Rows, spans: Tree) -> DoubleArray:
    """Return what the word of each row weighs."""
    weight, failed = np.zeros(len(rows)), rows.failed
    at = rows.spans.row
    leaf = np.where(
        failed[at] & (spans.has_failed_child == 0), _ERROR_LEAF, np.where(spans.has_child == 0, _LEAF, _INNER)
    )
    np.add.at(weight, at, leaf * (1.0 + np.log1p(spans.exclusive_ms)))
    logs, alerts = rows.of(Signal.LOG), rows.of(Signal.ALERT)
    weight[logs] = (rows.weight * np.where(failed, _ERROR_LOG, _LOG))[logs]
    weight[alerts] = rows.weight[alerts] * _ALERT
    return weight


def _callees(rows: Rows, calls: CallGraph, number: dict[str, int]) -> IntArray:
    """Return the service that each template's operation calls; -1 where none is known, and for all but spans."""
    names = sorted(
        ((_NOT_NAME.sub("", name.lower()), at) for name, at in number.items()), key=lambda n: -len(n[0])
    )
    callees = np.full(len(rows.templates), -1)
    for at, template in enumerate(rows.templates):
        if template.signal is not Signal.SPAN:
            continue
        callee = calls.callee(template.service, template.text)
        if callee is not None:
            # Of one that was never heard of here there is nothing to accuse: the caller answers for it.
            callees[at] = number.get(callee, -1)
            continue
        operation = _NOT_NAME.sub("", template.text.lower())
        callees[at] = next((to for name, to in names if len(name) >= _SHORTEST_NAME and name in operation), -1)
    return callees

"""The call graph: which service calls which, learned from parent and child spans."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import numpy as np

from stormcell.config import BackgroundSettings
from stormcell.features.pairs import distinct_pairs
from stormcell.features.spans import tree
from stormcell.types import FloatArray, Rows

FORMAT: Final = "stormcell.calls/1"
LEARNED: Final = "calls"
"""What it is called among all that is learned."""

MAX_HOPS: Final = 4
_DAY: Final = 86_400 * 10**9
_LEAST: Final = 1 / 16
"""A call seen less often than this, after it has faded, is forgotten."""


class CallGraph:
    """How often each operation was seen to call each other service.

    Calls fade: their number halves with every ``half_life_days``. Of more than ``max_templates`` operations those
    with the fewest calls are forgotten.

    Parameters
    ----------
    settings : BackgroundSettings
    """

    def __init__(self, settings: BackgroundSettings) -> None:
        self._settings = settings
        self._half_life = settings.half_life_days
        self._most = settings.max_templates
        self._day = 0
        # Of a service and an operation: how often each service was called.
        self._calls: dict[tuple[str, str], dict[str, float]] = {}

    def learn(self, rows: Rows) -> None:
        """Count the calls between services in the spans of ``rows``."""
        spans = tree(rows)
        known = spans.parent_row >= 0
        if not known.any():
            return
        self._fade(int(rows.first.max()) // _DAY)
        parents = rows.template[spans.parent_row[known]]
        children = rows.template[rows.spans.row[known]]
        callers, callees, place = distinct_pairs(parents, children)
        counts = np.bincount(place)
        for parent, child, count in zip(callers.tolist(), callees.tolist(), counts.tolist(), strict=True):
            caller, callee = rows.templates[parent], rows.templates[child].service
            if caller.service and callee and caller.service != callee:
                operation = (caller.service, caller.text)
                # A new one: what a copy shares is left alone.
                held = self._calls.get(operation, {})
                self._calls[operation] = {**held, callee: held.get(callee, 0.0) + count}
        surplus = len(self._calls) - self._most
        if surplus > 0:
            for key in sorted(self._calls, key=lambda key: (sum(self._calls[key].values()), key))[:surplus]:
                del self._calls[key]

    def callee(self, service: str, operation: str) -> str | None:
        """Return the service that an operation calls most, of equals the first by name; None if it calls none."""
        held = self._calls.get((service, operation))
        return None if held is None else min(held, key=lambda name: (-held[name], name))

    def between(self) -> dict[tuple[str, str], float]:
        """Return how often each service was seen to call each other one, as far as it has not faded."""
        found: dict[tuple[str, str], float] = {}
        for (caller, _), callees in sorted(self._calls.items()):
            for callee, count in callees.items():
                found[caller, callee] = found.get((caller, callee), 0.0) + count
        return found

    def hops(self, services: Sequence[str]) -> FloatArray:
        """Return the hops between services, either way along the calls, by breadth-first search.

        Returns
        -------
        FloatArray, shape (services, services)
            At most 4, divided by 4; NaN where a service is not in the graph.
        """
        near: dict[str, set[str]] = {}
        for (caller, _), callees in self._calls.items():
            for callee in callees:
                near.setdefault(caller, set()).add(callee)
                near.setdefault(callee, set()).add(caller)
        number = {service: at for at, service in enumerate(services)}
        hops = np.full((len(services), len(services)), np.nan, dtype=np.float32)
        known = [at for at, service in enumerate(services) if service in near]
        hops[np.ix_(known, known)] = MAX_HOPS
        for at in known:
            queue, seen = deque([(services[at], 0)]), {services[at]}
            while queue:
                service, far = queue.popleft()
                if service in number:
                    hops[at, number[service]] = far
                if far < MAX_HOPS:
                    fresh = near[service] - seen
                    seen |= fresh
                    queue.extend((other, far + 1) for other in sorted(fresh))
        np.fill_diagonal(hops, 0)
        return hops / np.float32(MAX_HOPS)

    def copy(self) -> Self:
        """Return one that knows the same and learns on its own."""
        other = type(self)(self._settings)
        other._day, other._calls = self._day, dict(self._calls)
        return other

    def snapshot(self) -> dict[str, Any]:
        """Return all that was learned as JSON values; ``restore`` goes on from there."""
        calls = [[*key, sorted(callees.items())] for key, callees in sorted(self._calls.items())]
        return {"format": FORMAT, "day": self._day, "calls": calls}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Learn what a snapshot tells.

        Raises
        ------
        ValueError
            If it is no snapshot.
        """
        if snapshot.get("format") != FORMAT:
            raise ValueError(f"expected a snapshot of the format {FORMAT}, found {snapshot.get('format')!r}")
        try:
            self._day = int(snapshot["day"])
            self._calls = {
                (str(service), str(operation)): {str(name): float(count) for name, count in callees}
                for service, operation, callees in snapshot["calls"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a snapshot of calls: {error!r}") from error

    def _fade(self, day: int) -> None:
        """Let what was counted fade to a day; one before does nothing."""
        if self._day and day > self._day:
            left = 0.5 ** ((day - self._day) / self._half_life)
            for key, callees in list(self._calls.items()):
                kept = {name: count * left for name, count in callees.items() if count * left >= _LEAST}
                if kept:
                    self._calls[key] = kept
                else:
                    del self._calls[key]
        self._day = max(self._day, day)

"""From a batch of spans or log records to a request that is kept."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from stormcell.errors import DeliveryError, RefusedError
from stormcell.sdk.encode import encode
from stormcell.sdk.hub import Hub
from stormcell.sdk.own import without_own_logs, without_own_spans
from stormcell.sdk.patience import Patience
from stormcell.types import RequestKind

log: Final = logging.getLogger("stormcell.sdk")

_OTHERS: Final[dict[RequestKind, Callable[[Sequence[Any]], list[Any]]]] = {
    RequestKind.TRACES: without_own_spans,
    RequestKind.LOGS: without_own_logs,
}


class Taker:
    """Takes batches of one kind.

    Parameters
    ----------
    kind : RequestKind
        ``TRACES`` or ``LOGS``.
    hub : Hub
    """

    def __init__(self, kind: RequestKind, hub: Hub) -> None:
        self._kind, self._hub = kind, hub
        self._problem = ""

    def take(self, items: Sequence[Any], patience: Patience) -> Counter[str]:
        """Hand a batch over, and return how many of it were dropped, by why."""
        found = _OTHERS[self._kind](items)
        lost = Counter(own=len(items) - len(found))
        if not found:
            return lost
        body, broken = encode(self._kind, found)
        lost["broken"] = broken
        if not body:
            return lost
        try:
            patience.tried(lambda: self._hub.send(self._kind, body))
        except (DeliveryError, RefusedError) as error:
            lost["refused"] = len(found) - broken
            self._say(str(error))
        else:
            self._say("")
        return lost

    def _say(self, problem: str) -> None:
        """Log what goes wrong, once until it is another or goes well."""
        if problem and problem != self._problem:
            log.warning("%s are dropped: %s", self._kind.value, problem)
        self._problem = problem

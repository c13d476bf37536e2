"""From a batch of spans or log records to a request that is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from stormcell.errors import DeliveryError, RefusedError
from stormcell.sdk.encode import Piece, pieces
from stormcell.sdk.hub import Hub
from stormcell.sdk.own import without_own_logs, without_own_spans
from stormcell.sdk.patience import Patience
from stormcell.sdk.saying import Trouble
from stormcell.types import RequestKind

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
        self._trouble = Trouble(f"{kind.value} are dropped")

    def take(self, items: Sequence[Any], patience: Patience) -> Counter[str]:
        """Hand a batch over, and return how many of it were dropped, by why."""
        found = _OTHERS[self._kind](items)
        lost = Counter(own=len(items) - len(found))
        if not found:
            return lost
        for piece in pieces(self._kind, found):
            lost["broken"] += piece.broken
            if piece.body and (refused := self._refused(piece, patience)):
                lost["refused"] += refused
        return lost

    def _refused(self, piece: Piece, patience: Patience) -> int:
        """Send a piece, and return how many of it were refused for good."""
        try:
            patience.tried(lambda: self._hub.send(self._kind, piece.body))
        except (DeliveryError, RefusedError) as error:
            self._trouble.is_(str(error))
            return piece.items
        self._trouble.is_("")
        return 0

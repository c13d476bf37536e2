"""Bodies of requests, read without holding too much."""

from __future__ import annotations

from starlette.requests import Request

from stormcell.errors import RefusedError
from stormcell.sidecar.counts import Reason
from stormcell.sidecar.intake import RejectedError, too_large

_RETRY_AFTER = 1.0
"""Seconds after which requests that were under way at once should be done."""


class Budget:
    """How many bytes of requests are held, over all connections; used in the event loop alone.

    Parameters
    ----------
    limit : int
        The most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    def hold(self, size: int) -> None:
        """Count ``size`` bytes more.

        Raises
        ------
        RefusedError
            If they are too many; they are not counted then.
        """
        if self.held + size > self._limit:
            raise RefusedError(
                "too much is being received at once (receivers.max_pending_bytes); send it again",
                retry_after=_RETRY_AFTER,
            )
        self.held += size

    def release(self, size: int) -> None:
        """Count ``size`` bytes less."""
        self.held -= size


class Body:
    """The body of one request; what it holds is counted until it is closed.

    Parameters
    ----------
    request : Request
    budget : Budget
    limit : int
        Its largest size, in bytes.
    """

    def __init__(self, request: Request, budget: Budget, limit: int) -> None:
        self._request = request
        self._budget = budget
        self._limit = limit
        self._held = 0

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.release(self._held)

    async def read(self) -> bytes:
        """Return it whole.

        Raises
        ------
        RejectedError
            If it is too large, or says so; the rest is not read.
        RefusedError
            If too much is being received at once.
        starlette.requests.ClientDisconnect
            If it ends before its end.
        """
        self._fits(int(self._request.headers.get("content-length", "0")))
        pieces: list[bytes] = []
        async for piece in self._request.stream():
            self._budget.hold(len(piece))
            self._held += len(piece)
            self._fits(self._held)
            pieces.append(piece)
        return b"".join(pieces)

    def _fits(self, size: int) -> None:
        if size > self._limit:
            raise RejectedError(Reason.SIZE, too_large(self._limit))

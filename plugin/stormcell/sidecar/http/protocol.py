"""Connections that cannot be held open for nothing.

uvicorn bounds how long a connection may be idle after a response, but neither how long a request may take to
arrive nor how long a response may take to be fetched, nor how many connections there are.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from stormcell.config.receivers import ReceiversSettings


class State(Enum):
    """What is waited for."""

    IDLE = "a request"
    RECEIVING = "the rest of a request"
    WORKING = "us"
    SENDING = "the other side, to fetch a response"


class BoundedProtocol(H11Protocol):
    """HTTP/1 with a time limit for each thing that the other side can keep us waiting for.

    A limit begins when the state does, and single bytes do not renew it.
    """

    settings: ReceiversSettings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._state: State | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, and close the one that has been idle longest if there are too many."""
        super().connection_made(transport)
        self._enter(State.IDLE)
        if len(self.connections) > self.settings.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._unset_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        try:
            super().data_received(data)
        except h11.LocalProtocolError:
            # Garbage in a body that was answered already: there is nothing left to say.
            self.transport.abort()
            return
        self._enter(self._now())

    def on_response_complete(self) -> None:
        """Go on with what comes next."""
        super().on_response_complete()
        self._enter(self._now())

    def pause_writing(self) -> None:
        """Wait for the other side to fetch what is there."""
        super().pause_writing()
        self._enter(State.SENDING)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._enter(self._now())

    @property
    def idle(self) -> bool:
        """Whether closing it costs no request."""
        return self._state is State.IDLE

    def _now(self) -> State:
        if self.flow.write_paused:
            return State.SENDING
        if self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            return State.WORKING
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            return State.IDLE
        return State.RECEIVING

    def _enter(self, state: State) -> None:
        if state is self._state:
            return
        self._state = state
        self._unset_timer()
        if state is State.WORKING or self.transport.is_closing():
            return
        seconds = self.settings.idle_seconds if state is State.IDLE else self.settings.request_seconds
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _unset_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _make_room(self) -> None:
        # All are of this class, and idle for the same time at most: the first to be due has rested longest.
        connections = cast("set[BoundedProtocol]", self.connections)
        idle = (connection for connection in connections if connection.idle)
        oldest = min(idle, key=lambda connection: connection.deadline, default=self)
        # Many may come before the loop gets to closing it: it must not be found a second time.
        connections.discard(oldest)
        oldest.transport.abort()

    @property
    def deadline(self) -> float:
        """When it is closed, on the clock of the loop."""
        return self._timer.when() if self._timer else float("inf")


def bounded(settings: ReceiversSettings) -> type[BoundedProtocol]:
    """Return the protocol with its limits."""
    return type("Bounded", (BoundedProtocol,), {"settings": settings})

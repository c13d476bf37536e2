"""Who is logged in: in memory, by the hash of what their browser keeps, for as long as they do something."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stormcell.access import ANONYMOUS, Principal
from stormcell.web.answers import Toast

MOST: Final = 1000
"""Sessions at a time; the one that was idle longest gives way."""
_TOASTS: Final = 5
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks.

    Attributes
    ----------
    key : bytes
        Hash of what the browser keeps.
    principal : Principal
    csrf : str
        What every form must carry.
    by : str
        Who they say they are.
    """

    key: bytes
    principal: Principal
    csrf: str
    by: str = ""


@dataclass(slots=True)
class _State:
    principal: Principal
    seen: float
    by: str = ""
    toasts: list[Toast] = field(default_factory=list)


class Sessions:
    """All sessions; for any thread.

    Where no tokens are asked for, everyone is anonymous: what their browser keeps then says nothing but which
    forms are theirs, and takes no memory until they have something to be remembered.

    Parameters
    ----------
    asks : bool
        Whether there are tokens.
    idle_seconds : float
        How long a session lasts without a request.
    clock : callable
        Seconds that never go back.
    still : callable
        Says who somebody is now who was let in before; None ends their session.
    """

    def __init__(
        self,
        asks: bool,
        idle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        still: Callable[[Principal], Principal | None] = lambda principal: principal,
    ) -> None:
        self._asks = asks
        self._idle = idle_seconds
        self._clock = clock
        self._still = still
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._states: OrderedDict[bytes, _State] = OrderedDict()

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, which lasts anew from now; None where nobody is logged in by it."""
        key = _digest(cookie)
        with self._lock:
            state = self._living(key)
            if state is None:
                return None if self._asks or not cookie else self._session(key, _State(ANONYMOUS, 0.0))
            return self._session(key, state)

    def begin(self, principal: Principal) -> tuple[str, Session]:
        """Begin a session; return what the browser is to keep, and the session."""
        cookie = secrets.token_urlsafe(32)
        key = _digest(cookie)
        with self._lock:
            state = _State(principal, self._clock())
            if self._asks:
                self._keep(key, state)
            return cookie, self._session(key, state)

    def end(self, session: Session) -> None:
        """End a session; ending it again is harmless."""
        with self._lock:
            self._states.pop(session.key, None)

    def call(self, session: Session, by: str) -> None:
        """Remember who they say they are."""
        with self._lock:
            self._state(session).by = by.strip()[:_LONGEST_NAME]

    def tell(self, session: Session, toast: Toast) -> None:
        """Keep a message for their next page."""
        with self._lock:
            toasts = self._state(session).toasts
            toasts.append(toast)
            del toasts[:-_TOASTS]

    def told(self, session: Session) -> list[Toast]:
        """Return the messages for this page, which are then no longer kept."""
        with self._lock:
            state = self._states.get(session.key)
            if state is None:
                return []
            toasts, state.toasts = state.toasts, []
            return toasts

    def __len__(self) -> int:
        return len(self._states)

    def _state(self, session: Session) -> _State:
        state = self._states.get(session.key)
        if state is None:
            state = _State(session.principal, self._clock(), session.by)
            if not self._asks:  # who is logged out meanwhile stays so
                self._keep(session.key, state)
        return state

    def _living(self, key: bytes) -> _State | None:
        state = self._states.get(key)
        if state is None:
            return None
        now = self._clock()
        principal = self._still(state.principal)
        if principal is None or now - state.seen > self._idle:
            del self._states[key]
            return None
        state.principal = principal
        state.seen = now
        self._states.move_to_end(key)
        return state

    def _keep(self, key: bytes, state: _State) -> None:
        self._states[key] = state
        while len(self._states) > MOST:
            self._states.popitem(last=False)

    def _session(self, key: bytes, state: _State) -> Session:
        csrf = hmac.new(self._secret, key, hashlib.sha256).hexdigest()
        return Session(key, state.principal, csrf, state.by)


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()

"""Logging in: a token becomes a session, and who guesses is slowed down."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from stormcell.access import Scope
from stormcell.errors import StormcellError
from stormcell.web.context import Auth
from stormcell.web.problems import Problem
from stormcell.web.sessions import Session, Sessions

FAILURES: Final = 10
"""Wrong tokens that an address may send within ``PAUSE``."""
PAUSE: Final = 60.0
"""Seconds."""
_ADDRESSES: Final = 10_000


class Door:
    """Lets in who has a token.

    Parameters
    ----------
    auth : Auth
    sessions : Sessions
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, auth: Auth, sessions: Sessions, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth = auth
        self._sessions = sessions
        self._clock = clock
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def enter(self, address: str, token: str) -> tuple[str, Session]:
        """Return what the browser is to keep, and the session.

        Raises
        ------
        Problem
            If the address sent too many wrong tokens of late.
        UnauthenticatedError, ForbiddenError
            If the token is none, or not good for looking.
        """
        recent = [at for at in self._failed.get(address, ()) if self._clock() - at < PAUSE]
        if len(recent) >= FAILURES:
            wait = int(PAUSE - (self._clock() - recent[0])) + 1
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many wrong tokens came from here; try again in {wait} s",
                retry_after=wait,
            )
        try:
            principal = self._auth.check(f"Bearer {token.strip()}", Scope.READ)
        except StormcellError:
            self._failed[address] = [*recent, self._clock()]
            self._failed.move_to_end(address)
            while len(self._failed) > _ADDRESSES:
                self._failed.popitem(last=False)
            raise
        self._failed.pop(address, None)
        return self._sessions.begin(principal)

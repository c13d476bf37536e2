"""Knows the tokens, by their hashes alone, and reads them again as they change."""

from __future__ import annotations

import hmac
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from stormcell.access import file
from stormcell.access.principals import (
    ANONYMOUS,
    ForbiddenError,
    Principal,
    Scope,
    UnauthenticatedError,
    scopes_of,
)
from stormcell.access.tokens import Known, digest, known
from stormcell.config.receivers import ReceiversSettings, TokenSettings
from stormcell.errors import SettingsError
from stormcell.protocols import Clock
from stormcell.times import SystemClock

log: Final = logging.getLogger("stormcell.access")

LOOKS: Final = 1.0
"""Seconds after which it is looked again whether the file of tokens has changed."""


class Authenticator:
    """Says who shows which token; for any thread.

    Tokens of ``receivers.tokens`` are read once, here. The file ``receivers.tokens_file`` is read again when it
    changes; while it cannot be, what was read last stays, and the log says why.

    Parameters
    ----------
    settings : ReceiversSettings
    clock : Clock
        By which tokens expire.
    monotonic : callable
        Seconds that never go back.

    Raises
    ------
    SettingsError
        If a token is missing, empty, not of visible ASCII characters, or there twice; or if the file of tokens
        cannot be used.
    """

    def __init__(
        self,
        settings: ReceiversSettings,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._configured = [_configured(token) for token in settings.tokens]
        self._path = Path(settings.tokens_file) if settings.tokens_file else None
        self._lock = threading.Lock()
        self._looked = monotonic()
        self._problem = ""
        self._seen = file.signature(self._path) if self._path else None
        self._known = self._read()

    @property
    def asks(self) -> bool:
        """Whether tokens are asked for; so it is, too, where the file of tokens holds none."""
        return bool(self._configured) or self._path is not None

    def check(self, authorization: str | None, scope: Scope) -> Principal:
        """Return who asks.

        Parameters
        ----------
        authorization : str or None
            The header of that name, as it came.
        scope : Scope
            What it takes.

        Raises
        ------
        UnauthenticatedError
            If there is no token, none that is known, or one that has expired.
        ForbiddenError
            If the token is good for other things only.
        """
        if not self.asks:
            return ANONYMOUS
        principal = self._find(_presented(authorization))
        if scope not in principal.scopes:
            raise ForbiddenError(f"this token is not good for this: its scopes lack {scope.value}")
        return principal

    def still(self, principal: Principal) -> Principal | None:
        """Return who that is now, whose token was checked before; None where it is no longer good."""
        if not self.asks:
            return principal
        for one in self._current():
            if hmac.compare_digest(one.principal.key, principal.key):
                return None if self._ended(one) else one.principal
        return None

    def _find(self, token: str) -> Principal:
        # Hashes are of one length and nothing about them tells of the token; all are compared, whichever it is.
        key = digest(token)
        found = [one for one in self._current() if hmac.compare_digest(one.principal.key, key)]
        if not found:
            raise UnauthenticatedError("this token is not known here")
        if self._ended(found[0]):
            raise UnauthenticatedError("this token has expired or was rotated; ask for another")
        return found[0].principal

    def _ended(self, one: Known) -> bool:
        return one.until is not None and self._clock.now() >= one.until

    def _current(self) -> Sequence[Known]:
        if (
            self._path is not None
            and self._monotonic() - self._looked >= LOOKS
            and self._lock.acquire(blocking=False)
        ):
            # Whoever comes meanwhile takes what is known.
            try:
                self._look(self._path)
            finally:
                self._lock.release()
        return self._known

    def _look(self, path: Path) -> None:
        # Before the file is read: if it is written meanwhile, it is read again.
        seen = file.signature(path)
        self._looked = self._monotonic()
        if seen == self._seen:
            return
        try:
            self._known = self._read()
        except SettingsError as error:
            # It is read again until it can be: it may be good, and only we cannot read it now.
            if str(error) != self._problem:
                log.error("tokens stay as they were: %s", error)
            self._problem = str(error)
            return
        self._seen, self._problem = seen, ""
        names = sorted({one.principal.name for one in self._known})
        log.info("the tokens were read again; known are now: %s", ", ".join(names) or "none")

    def _read(self) -> tuple[Known, ...]:
        kept = file.read(self._path) if self._path is not None else {}
        found: dict[bytes, str] = {}
        names = [one.principal.name for one in self._configured] + list(kept)
        for name in names:
            if names.count(name) > 1:
                raise SettingsError(f"receivers.tokens: there are two of the name {name}; give each its own")
        every = (*self._configured, *known(kept))
        for one in every:
            name, key = one.principal.name, one.principal.key
            if key in found:
                raise SettingsError(
                    f"receivers.tokens: {found[key]} and {name} are the same token;"
                    " give each its own, or one of them all the scopes"
                )
            found[key] = name
        return every


def _presented(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if not authorization:
        raise UnauthenticatedError("a token is asked for: send it as `Authorization: Bearer TOKEN`")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("expected `Authorization: Bearer TOKEN`, found another scheme or no token")
    return token.strip()


def _configured(token: TokenSettings) -> Known:
    return Known(Principal(token.name, scopes_of(token.granted), digest(_token_of(token))))


def _token_of(token: TokenSettings) -> str:
    """Return the token, of which no message says more than where it was looked for."""
    if token.variable:
        place, text = f"the variable {token.variable}", os.environ.get(token.variable)
        if text is None:
            raise SettingsError(f"receivers.tokens: {place} of {token.name} is not set; expected the token in it")
    else:
        place, text = f"the file {token.file}", _contents(token)
    text = text.strip()
    if not text:
        raise SettingsError(f"receivers.tokens: {place} of {token.name} is empty; expected the token in it")
    if not all("!" <= character <= "~" for character in text):
        raise SettingsError(
            f"receivers.tokens: {place} of {token.name} holds more than one line of visible ASCII characters;"
            " expected the token alone"
        )
    return text


def _contents(token: TokenSettings) -> str:
    try:
        return Path(token.file).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"receivers.tokens: cannot read the file {token.file} of {token.name}: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"receivers.tokens: the file {token.file} of {token.name} is no text") from error

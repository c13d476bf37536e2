"""Who may do what: bearer tokens with scopes."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from stormcell.config.receivers import ReceiversSettings, TokenSettings
from stormcell.errors import SettingsError, StormcellError

CHALLENGE = 'Bearer realm="stormcell"'
"""What WWW-Authenticate says to who is not known."""


class Scope(StrEnum):
    """What a token is good for."""

    INGEST = "ingest"
    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes
    ----------
    name : str
        That of the token, or "anonymous" where none are asked for.
    scopes : frozenset of Scope
    """

    name: str
    scopes: frozenset[Scope]


class UnauthenticatedError(StormcellError):
    """It is not known who asks (401)."""


class ForbiddenError(StormcellError):
    """It is known, and not allowed (403)."""


ANONYMOUS = Principal("anonymous", frozenset(Scope))


def is_ours(host: str, names: Collection[str]) -> bool:
    """Whether a ``Host`` header names us.

    A page of another site may give its own name our address, and would then be of one origin with us: an address,
    ``localhost`` and the names that are configured cannot be had so.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or name in map(str.lower, names):
            return True
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class Authenticator:
    """Knows the tokens by their hashes alone.

    Parameters
    ----------
    settings : ReceiversSettings
        Its ``tokens`` say where each is kept; they are read once, here.

    Raises
    ------
    SettingsError
        If a token is missing, empty, not of visible ASCII characters, or there twice.
    """

    def __init__(self, settings: ReceiversSettings) -> None:
        known: dict[bytes, Principal] = {}
        names: set[str] = set()
        for token in settings.tokens:
            digest = _digest(_read(token))
            if digest in known:
                raise SettingsError(
                    f"receivers.tokens: {known[digest].name} and {token.name} are the same token;"
                    " give each its own, or one of them all the scopes"
                )
            if token.name in names:
                raise SettingsError(f"receivers.tokens: there are two of the name {token.name}; give each its own")
            names.add(token.name)
            known[digest] = Principal(token.name, frozenset(map(Scope, token.scopes)))
        self._known = tuple(known.items())

    @property
    def asks(self) -> bool:
        """Whether there are tokens at all."""
        return bool(self._known)

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
            If there is no token, or none that is known.
        ForbiddenError
            If the token is good for other things only.
        """
        if not self._known:
            return ANONYMOUS
        principal = self._find(_presented(authorization))
        if scope not in principal.scopes:
            raise ForbiddenError(f"this token is not good for this: its scopes lack {scope.value}")
        return principal

    def _find(self, token: str) -> Principal:
        # Hashes are of one length and nothing about them tells of the token; all are compared, whichever it is.
        digest = _digest(token)
        found = [principal for known, principal in self._known if hmac.compare_digest(known, digest)]
        if not found:
            raise UnauthenticatedError("this token is not known here")
        return found[0]


def _presented(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if not authorization:
        raise UnauthenticatedError("a token is asked for: send it as `Authorization: Bearer TOKEN`")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("expected `Authorization: Bearer TOKEN`, found another scheme or no token")
    return token.strip()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _read(token: TokenSettings) -> str:
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

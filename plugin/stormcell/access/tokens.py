"""Tokens that are kept by their hashes: made, rotated, revoked. No I/O, no clock, and no token is kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, ValidationError

from stormcell.access.principals import Principal, scopes_of
from stormcell.config.base import Section
from stormcell.config.receivers import Granted, TokenName
from stormcell.errors import InputError, SettingsError

PREFIX: Final = "sct_"
"""How every token that we make begins, so that scanners for secrets and our own masks know one."""
LONGEST: Final = 3660 * 86_400 * 10**9
"""ns; nothing is good for longer, unless it is so without end."""

_SECRET_BYTES: Final = 32
_LISTED: Final = 5

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Previous(Section):
    """The token that was rotated out last, as long as it is still good."""

    sha256: Hash
    until: AwareDatetime


class StoredToken(Granted):
    """A token as it is kept."""

    sha256: Hash
    created: AwareDatetime
    expires: AwareDatetime | None = None
    rotated: AwareDatetime | None = None
    previous: Previous | None = None


class _Document(Section):
    schema_: Annotated[Literal["stormcell.tokens/1"], Field(alias="schema")]
    tokens: dict[TokenName, StoredToken]


@dataclass(frozen=True, slots=True)
class Known:
    """A token that is known.

    Attributes
    ----------
    principal : Principal
        Whose it is; ``key`` is its hash.
    until : int or None
        ns since 1970 from which on it is good for nothing; None for never.
    """

    principal: Principal
    until: int | None = None


def digest(token: str) -> bytes:
    """Return the hash of a token.

    A fast one is enough: slow ones protect passwords that can be guessed, and a token of ours is 256 random bits.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def loads(data: bytes, name: str) -> dict[str, StoredToken]:
    """Return the tokens of a file, by name.

    Parameters
    ----------
    data : bytes
    name : str
        Of the file, for messages.

    Raises
    ------
    SettingsError
        If it is not as ``dumps`` writes it.
    """
    try:
        found = dict(_Document.model_validate_json(data).tokens)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, one['loc'])) or 'the document'}: {one['msg']}"
            for one in error.errors(include_url=False, include_context=False, include_input=False)[:_LISTED]
        ]
        raise SettingsError(
            f"{name} is no file of tokens as `stormcell token` writes it: {'; '.join(wrong)};"
            " mend it, or name another as receivers.tokens_file"
        ) from error
    for key in found:
        if found[key].role is None and found[key].scopes is None:
            raise SettingsError(f"{name}: tokens.{key} has neither a role nor scopes; give it one of them")
    return found


def dumps(tokens: Mapping[str, StoredToken]) -> bytes:
    """Return the file that holds some tokens."""
    held = {name: token.model_dump(mode="json", exclude_none=True) for name, token in sorted(tokens.items())}
    return (json.dumps({"schema": "stormcell.tokens/1", "tokens": held}, indent=1) + "\n").encode("ascii")


def known(tokens: Mapping[str, StoredToken]) -> list[Known]:
    """Return the tokens that a file makes known, those included that were rotated out."""
    found = []
    for name, token in tokens.items():
        scopes = scopes_of(token.granted)
        ends = None if token.expires is None else nanoseconds(token.expires)
        found.append(Known(Principal(name, scopes, bytes.fromhex(token.sha256)), ends))
        if token.previous is not None:
            key = bytes.fromhex(token.previous.sha256)
            found.append(Known(Principal(name, scopes, key), nanoseconds(token.previous.until)))
    return found


def made(granted: Granted, now: int, lifetime: int | None) -> tuple[str, StoredToken]:
    """Return a new token, and what is kept of it.

    Parameters
    ----------
    granted : Granted
        What it is good for.
    now : int
        ns since 1970.
    lifetime : int or None
        ns; None for without end.
    """
    token = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    return token, StoredToken(
        role=granted.role,
        scopes=granted.scopes,
        sha256=digest(token).hex(),
        created=moment(now),
        expires=None if lifetime is None else moment(now + lifetime),
    )


def rotated(old: StoredToken, now: int, grace: int, lifetime: int | None) -> tuple[str, StoredToken]:
    """Return the token that takes the place of another, and what is kept of both.

    Parameters
    ----------
    old : StoredToken
    now : int
        ns since 1970.
    grace : int
        ns for which the old one stays good, unless it expires before.
    lifetime : int or None
        ns of the new one; None for without end.
    """
    token, new = made(old, now, lifetime)
    until = moment(now + grace) if old.expires is None else min(old.expires, moment(now + grace))
    previous = Previous(sha256=old.sha256, until=until) if until > moment(now) else None
    return token, new.model_copy(
        update={"created": old.created, "rotated": moment(now), "previous": previous},
    )


def lifetime_of(token: StoredToken) -> int | None:
    """Return for how long a token is good from when it was made or rotated, ns; None for without end."""
    if token.expires is None:
        return None
    return nanoseconds(token.expires) - nanoseconds(token.rotated or token.created)


def named(tokens: Mapping[str, StoredToken], name: str) -> StoredToken:
    """Return the token of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        return tokens[name]
    except KeyError:
        there = ", ".join(sorted(tokens)) or "none"
        raise InputError(f"there is no token of the name {name}; there are: {there}") from None


def moment(time: int) -> datetime:
    """Return a time in ns since 1970 as files hold it, to the second."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time // 1_000_000_000)


def nanoseconds(moment: datetime) -> int:
    """Return a time that a file holds in ns since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000

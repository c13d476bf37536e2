"""Who asks, what they may, and under which names we are asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from stormcell.errors import StormcellError

CHALLENGE = 'Bearer realm="stormcell"'
"""What WWW-Authenticate says to who is not known."""


class Scope(StrEnum):
    """What a token is good for."""

    INGEST = "ingest"
    READ = "read"
    OPERATE = "operate"
    TRAIN = "train"
    ADMINISTER = "administer"


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of some names; who may administer may train, too."""
    found = frozenset(map(Scope, names))
    return found | {Scope.TRAIN} if Scope.ADMINISTER in found else found


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes
    ----------
    name : str
        That of the token, or "anonymous" where none are asked for.
    scopes : frozenset of Scope
    key : bytes
        Hash of the token, by which it is looked up whether it is still good; b"" where none are asked for.
    """

    name: str
    scopes: frozenset[Scope]
    key: bytes = field(default=b"", compare=False, repr=False)


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

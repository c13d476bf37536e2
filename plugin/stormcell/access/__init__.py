"""Who may do what: bearer tokens, and what each is good for."""

from stormcell.access.authenticator import Authenticator
from stormcell.access.principals import (
    ANONYMOUS,
    CHALLENGE,
    ForbiddenError,
    Principal,
    Scope,
    UnauthenticatedError,
    is_ours,
)

__all__ = [
    "ANONYMOUS",
    "CHALLENGE",
    "Authenticator",
    "ForbiddenError",
    "Principal",
    "Scope",
    "UnauthenticatedError",
    "is_ours",
]

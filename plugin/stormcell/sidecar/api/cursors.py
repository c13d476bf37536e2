"""Where a page ends, as a text that means nothing to who hands it back."""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus

from stormcell.sidecar.api.problems import Problem

_LARGEST = 2**63 - 1


def cursor(kind: str, *parts: int | str) -> str:
    """Return a cursor of a kind of page."""
    return base64.urlsafe_b64encode(json.dumps([kind, *parts]).encode()).decode().rstrip("=")


def parts(text: str, kind: str, *types: type[int] | type[str]) -> list[int | str]:
    """Return what ``cursor`` was given.

    Raises
    ------
    Problem
        If it is none of this kind of page.
    """
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        found = None
    fits = (
        isinstance(found, list)
        and len(found) == len(types) + 1
        and found[0] == kind
        and all(type(part) is wanted for part, wanted in zip(found[1:], types, strict=True))
        and all(-_LARGEST <= part <= _LARGEST for part in found[1:] if isinstance(part, int))
    )
    if not fits:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "the cursor is not one of these pages; hand back `next` of the page before, with the same `sort`",
        )
    values: list[int | str] = found[1:]
    return values

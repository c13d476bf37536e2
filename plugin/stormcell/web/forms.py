"""Taking a request apart, and whether it may come from where it comes."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from stormcell.access import is_ours
from stormcell.web.call import Fields, first
from stormcell.web.problems import Problem
from stormcell.web.sessions import Session

MAX_FORM: Final = 2 << 20
"""Bytes; a draft has room, written in letters that take nine bytes each."""
SMALL_FORM: Final = 16 << 10
"""Bytes of one that anybody may send."""
_MAX_FIELDS: Final = 2000
_FORM: Final = "application/x-www-form-urlencoded"


def fields(text: str) -> Fields:
    """Return the fields of a query or a form.

    Raises
    ------
    Problem
        If there are too many.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"more than {_MAX_FIELDS} fields were sent; send fewer") from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


async def form(request: Request, most: int = MAX_FORM) -> Fields:
    """Return the fields of the form that a request brings, of so many bytes at most.

    Raises
    ------
    Problem
        If it is too large, or no form.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _FORM:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected a form ({_FORM}), found {media or 'nothing'}")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the form is larger than {most} bytes")
    return fields(content.decode("utf-8", "replace"))


def check_host(host: str, names: frozenset[str]) -> None:
    """Make sure that a page is asked for by a name that is ours.

    Raises
    ------
    Problem
        If it is not.
    """
    if not is_ours(host, names):
        raise Problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            "these pages ask for no token, so they are shown under an address or localhost only; open them so,"
            " or name this host in the setting web.hosts",
        )


def check_origin(request: Request) -> None:
    """Make sure that no page of another site sends a form through somebody's browser.

    Raises
    ------
    Problem
        If one does.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    foreign = site not in ("same-origin", "none")
    try:
        foreign |= origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    except ValueError:
        foreign = True
    if foreign:
        raise Problem(HTTPStatus.FORBIDDEN, "changes are not taken from pages of other sites")


def check_csrf(sent: Fields, session: Session) -> None:
    """Make sure that a form is one that we gave to this very session.

    Raises
    ------
    Problem
        If it is not.
    """
    given = first(sent, "csrf")
    if not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "this page is of an earlier session and nothing was changed; load it again, then repeat what you did",
        )

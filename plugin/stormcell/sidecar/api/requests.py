"""Taking a request apart: its parameters, its body, and whether it may come from where it comes."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from stormcell.sidecar.api.problems import Problem, invalid

MAX_BODY: Final = 256 * 1024
"""Bytes; a thousand uids have room."""
MAX_TEXT_BODY: Final = 4 * 1024 * 1024
"""Bytes; the largest draft has room, as JSON in which its line breaks and quotes are escaped."""

MAX_VALUES: Final = 2_000_000
"""Values of a body; a codebook of as many codewords as there may be has room."""

Asked = TypeVar("Asked", bound=BaseModel)


def query(request: Request, model: type[Asked]) -> Asked:
    """Return the parameters of a request.

    Raises
    ------
    Problem
        If there is one that is unknown, wrong, or there twice.
    """
    given = request.query_params.multi_items()
    twice = [name for name, count in Counter(name for name, _ in given).items() if count > 1]
    if twice:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"the parameter {twice[0]!r} is there twice; send it once")
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise invalid(error, "parameters") from error


def no_query(request: Request) -> None:
    """Make sure that a request has no parameters.

    Raises
    ------
    Problem
        If it has: whoever sent one believes that it does something.
    """
    for name in request.query_params:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"there is no parameter {name!r} here; leave it out")


async def content(request: Request, largest: int) -> bytearray:
    """Return the body of a request as it was sent.

    Raises
    ------
    Problem
        If it is larger than so many bytes, or of another media type.
    """
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > largest:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {largest} bytes; send less at once"
            )
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found and media_type != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected a body of Content-Type: application/json; send it so"
        )
    return found


def body(content: bytearray, model: type[Asked]) -> Asked:
    """Return what a body says; one that may be empty and is stands for all its defaults.

    It may take a while: not for the event loop.

    Raises
    ------
    Problem
        If it holds too much, is no JSON, or not what is expected.
    """
    # Three bytes of JSON may become a hundred of memory, and telemetry waits while they do.
    if content.count(b",") + content.count(b"[") + content.count(b"{") > MAX_VALUES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body holds more than {MAX_VALUES} values; send less at once"
        )
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        raise invalid(error, "body") from error


def same_origin(request: Request) -> None:
    """Make sure that no page of another site sends a request through somebody's browser.

    Raises
    ------
    Problem
        If one does. Programs send no ``Origin``.
    """
    origin = request.headers.get("origin")
    if origin is not None and _place(origin) != request.headers.get("host", ""):
        raise Problem(HTTPStatus.FORBIDDEN, "changes are not taken from pages of other sites; call the API itself")


def _place(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def from_here(request: Request) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it."""
    if request.client is None or any(name in request.headers for name in ("forwarded", "x-forwarded-for")):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False

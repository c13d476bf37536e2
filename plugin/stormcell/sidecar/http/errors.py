"""How requests that fail are answered."""

from __future__ import annotations

import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from stormcell.access import CHALLENGE
from stormcell.errors import RefusedError
from stormcell.sidecar import answers
from stormcell.sidecar.counts import Reason
from stormcell.sidecar.intake import RejectedError

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

STATUSES = {
    Reason.UNAUTHENTICATED: 401,
    Reason.FORBIDDEN: 403,
    Reason.UNSUPPORTED: 404,
    Reason.SIZE: 413,
    Reason.TYPE: 415,
    Reason.ENCODING: 415,
    Reason.FAILURE: 500,
}
"""The statuses of reasons; of others 400. No sender tries again after any of them."""

# 429 would do by OTLP, but Alertmanager tries again after 5xx only, and so do older exporters.
REFUSED = 503

_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 11, 415: 3, 500: 13, 503: 14}
"""google.rpc.Code of HTTP statuses; of others 2, unknown."""


def rejected(error: RejectedError, media: str) -> Response:
    """Return the answer to what can never be taken in, in the encoding of the request."""
    headers = {}
    if error.reason is Reason.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = CHALLENGE
    if error.reason is Reason.FORBIDDEN:
        headers["WWW-Authenticate"] = f'{CHALLENGE}, error="insufficient_scope"'
    if error.reason is Reason.ENCODING:
        headers["Accept-Encoding"] = "gzip, zstd"
    bad = error.reason is Reason.CONTENT
    return _status(STATUSES.get(error.reason, 400), str(error), media, headers, bad=bad)


def refused(error: RefusedError, media: str) -> Response:
    """Return the answer to what is to be sent again."""
    seconds = max(1, math.ceil(error.retry_after))
    return _status(REFUSED, str(error), media, {"Retry-After": str(seconds)}, retry_after=error.retry_after)


def unknown(request: Request, error: Exception) -> Response:
    """Return the answer to what no route takes, or takes by another method."""
    assert isinstance(error, HTTPException)
    messages = {404: "there is nothing at this address", 405: "this address takes other methods only"}
    message = messages.get(error.status_code, error.detail)
    return _status(error.status_code, message, JSON, dict(error.headers or {}))


def _status(
    status: int,
    message: str,
    media: str,
    headers: dict[str, str],
    *,
    bad: bool = False,
    retry_after: float | None = None,
) -> Response:
    code = _CODES.get(status, 2)
    if media == PROTOBUF:
        body = answers.status(code, message, bad=bad, retry_after=retry_after)
        return Response(body, status, headers, PROTOBUF)
    # Whatever else the request said it was: never a type that a browser would render.
    return Response(answers.status_json(code, message, bad=bad), status, headers, JSON)

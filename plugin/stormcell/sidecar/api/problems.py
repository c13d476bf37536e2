"""What goes wrong, as problem details (RFC 9457): what was found, what was expected, what to do."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from stormcell.access import CHALLENGE, ForbiddenError, UnauthenticatedError
from stormcell.errors import (
    ConflictError,
    InputError,
    NoTemplateError,
    NotFoundError,
    SettingsError,
    StoreError,
    StormcellError,
)
from stormcell.sidecar.api.answer import encoded

MEDIA_TYPE: Final = "application/problem+json"
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_LISTED: Final = 10
_LOG = logging.getLogger(__name__)


class Problem(StormcellError):  # noqa: N818  what RFC 9457 calls it
    """A request that cannot be answered, with the HTTP status that says why."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors
        self.headers = dict(headers or {})


def invalid(error: ValidationError, where: str) -> Problem:
    """Return what is wrong with the body or the parameters of a request."""
    errors = [
        {"field": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
        for one in error.errors(include_url=False, include_context=False, include_input=False)[:_LISTED]
    ]
    told = "; ".join(f"{one['field'] or where}: {one['message']}" for one in errors)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"wrong {where}: {told}; GET /api/v1/openapi.json says what is expected",
        errors=errors,
    )


def problem_of(error: Exception, store: str) -> Problem:
    """Return any error as a problem; ``store`` is the path that is nobody's business."""
    told = str(error).replace(store, "the store")
    match error:
        case Problem():
            return error
        case UnauthenticatedError():
            return Problem(HTTPStatus.UNAUTHORIZED, told, headers={"WWW-Authenticate": CHALLENGE})
        case ForbiddenError():
            return Problem(HTTPStatus.FORBIDDEN, told)
        case NotFoundError():
            return Problem(HTTPStatus.NOT_FOUND, told)
        case ConflictError() | SettingsError():
            return Problem(HTTPStatus.CONFLICT, told)
        case InputError() | NoTemplateError():
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, told)
        case StoreError():
            _LOG.warning("the store cannot be used: %s", error)
            cause = error.__cause__
            busy = isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _BUSY
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, told, headers={"Retry-After": "1"} if busy else None)
        case StormcellError():
            _LOG.warning("a request could not be answered: %s", error)
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, told)
        case _:
            _LOG.error("a request failed", exc_info=error)
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a mistake of ours; its log says more")


def as_response(problem: Problem) -> Response:
    """Return a problem as it is sent."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": str(problem),
    }
    if problem.errors:
        document["errors"] = list(problem.errors)
    return Response(encoded(document), int(problem.status), headers=problem.headers, media_type=MEDIA_TYPE)

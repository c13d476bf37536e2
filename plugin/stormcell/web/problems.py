"""What went wrong, as people are told."""

from __future__ import annotations

import logging
import sqlite3
from http import HTTPStatus
from typing import Final

from stormcell.access import ForbiddenError, UnauthenticatedError
from stormcell.errors import ConflictError, InputError, NotFoundError, StoreError, StormcellError

_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_LOG = logging.getLogger(__name__)


class Problem(StormcellError):  # noqa: N818  what the API calls it, too
    """A request that cannot be answered, with the HTTP status that says why."""

    def __init__(self, status: HTTPStatus, told: str, *, retry_after: int = 0) -> None:
        super().__init__(told)
        self.status = status
        self.retry_after = retry_after


def problem_of(error: Exception, store: str) -> Problem:
    """Return any error as a problem; ``store`` is the path that is nobody's business."""
    told = str(error).replace(store, "the store")
    match error:
        case Problem():
            return error
        case UnauthenticatedError():
            return Problem(HTTPStatus.UNAUTHORIZED, told)
        case ForbiddenError():
            return Problem(HTTPStatus.FORBIDDEN, told)
        case NotFoundError():
            return Problem(HTTPStatus.NOT_FOUND, told)
        case ConflictError():
            return Problem(HTTPStatus.CONFLICT, told)
        case InputError():
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, told)
        case StoreError():
            _LOG.warning("the store cannot be used: %s", error)
            cause = error.__cause__
            busy = isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _BUSY
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, told, retry_after=1 if busy else 0)
        case StormcellError():
            _LOG.warning("a page could not be shown: %s", error)
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, told)
        case _:
            _LOG.error("a page failed", exc_info=error)
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a mistake of ours; the log says more")

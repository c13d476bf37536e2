"""Sending documents in bulk: in batches, each of which is sent until every document is taken or will never be."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from stormcell.errors import DeliveryError
from stormcell.wire.backoff import Backoff
from stormcell.wire.http import TRANSIENT
from stormcell.wire.said import shorten
from stormcell_exporters.elasticsearch.failures import missing_privilege
from stormcell_exporters.elasticsearch.roles import WRITER

if TYPE_CHECKING:
    from elastic_transport import ApiResponse
    from elasticsearch import ApiError, Elasticsearch, TransportError

MOST_BYTES: Final = 5_000_000
"""Of a batch; a document that is larger goes alone."""
MOST_ACTIONS: Final = 5_000
"""In a batch."""
PATIENCE: Final = 60.0
"""Seconds that a server which takes nothing is waited for, where whoever sends can wait."""

_OVERHEAD: Final = 120
"""Bytes of what stands before each document, about."""
_FIRST, _LONGEST = 0.25, 8.0
_BLOCKED: Final = "cluster_block_exception"
_BUSY: Final = "es_rejected_execution_exception"
_FORBIDDEN: Final = (401, 403)
_TOO_LARGE: Final = 413

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class Version(NamedTuple):
    """Which writing of a document it is, by which one finds out whether another came in between."""

    seq_no: int
    primary_term: int


class Action(NamedTuple):
    """What is to be done with one document.

    Attributes
    ----------
    what : str
        "index" (whatever is there), "create" (unless one is there) or "delete".
    place, id : str
        The index, alias or data stream, and the ``_id``.
    source : bytes
        JSON on one line; empty to delete.
    at : Version or None
        Only if what is there is still this.
    """

    what: str
    place: str
    id: str
    source: bytes = b""
    at: Version | None = None

    def lines(self) -> bytes:
        """Return it as a bulk request says it."""
        if self.at is None and self.id.isalnum() and self.id.isascii():  # as nearly all are, and much faster
            head = f'{{"{self.what}":{{"_index":"{self.place}","_id":"{self.id}"}}}}'
        else:
            about: dict[str, Any] = {"_index": self.place, "_id": self.id}
            if self.at is not None:
                about["if_seq_no"], about["if_primary_term"] = self.at
            head = json.dumps({self.what: about})
        return b"%b\n%b\n" % (head.encode(), self.source) if self.source else b"%b\n" % head.encode()


class Outcome(StrEnum):
    """What came of an action."""

    DONE = "done"
    CONFLICT = "conflict"
    """Another is there than was expected, or one where none was."""
    DEAD = "dead"
    """It is not taken, and never will be as it is."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an action, and why it is dead if it is."""

    action: Action
    outcome: Outcome
    reason: str = ""


class Caller:
    """Calls a server: again, after a wait, where another try may do.

    Parameters
    ----------
    explained : callable
        Returns what to raise for an error of the client's.
    patience : float
        Seconds to wait in all, as long as nothing is taken; 0 for one try.
    pause : callable
        Waits for so many seconds.
    """

    def __init__(
        self,
        explained: Callable[[ApiError | TransportError], DeliveryError],
        patience: float = 0.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._explained, self._patience, self._pause = explained, patience, pause
        self._backoff = Backoff(first=_FIRST, longest=_LONGEST)
        self._waited = 0.0

    def call(self, function: Callable[[], _Answer]) -> _Answer:
        """Return what a function of the client's returns.

        Raises
        ------
        DeliveryError
            If it fails, and goes on to where another try may do.
        """
        from elasticsearch import ApiError, TransportError

        while True:
            try:
                found = function()
            except (ApiError, TransportError) as error:
                if isinstance(error, ApiError) and error.meta.status == _TOO_LARGE:
                    raise
                reason = self._explained(error)
                if not _transient(error):
                    raise reason from error
                self.failed(reason)
            else:
                self.succeeded()
                return found

    def failed(self, error: DeliveryError) -> None:
        """Wait before another try; raise the error instead where it was tried long enough."""
        wait = self._backoff.failed(error.retry_after)
        if self._waited + wait > self._patience:
            raise error
        if not self._waited:
            _log.warning("%s (trying again for up to %.0f s)", error, self._patience)
        self._waited += wait
        self._pause(wait)

    def succeeded(self) -> None:
        """Begin to count anew."""
        self._backoff.succeeded()
        self._waited = 0.0


def send(client: Elasticsearch, actions: Iterable[Action], caller: Caller) -> Iterator[Told]:
    """Send actions, and yield what came of those that were not simply done.

    What is taken is not sent again: of a batch that was taken in part only the rest is.

    Raises
    ------
    DeliveryError
        If some could not be sent at all; those before them were, and any may come again.
    """
    for batch in _batches(actions):
        yield from _sent(client, batch, caller)


def _batches(actions: Iterable[Action]) -> Iterator[list[Action]]:
    batch: list[Action] = []
    size = 0
    for action in actions:
        more = len(action.source) + _OVERHEAD
        if batch and (size + more > MOST_BYTES or len(batch) >= MOST_ACTIONS):
            yield batch
            batch, size = [], 0
        batch.append(action)
        size += more
    if batch:
        yield batch


def _sent(client: Elasticsearch, batch: list[Action], caller: Caller) -> Iterator[Told]:
    while batch:
        try:
            answer = _posted(client, batch, caller)
        except _TooLargeError as error:
            if len(batch) == 1:
                yield Told(batch[0], Outcome.DEAD, _named(batch[0], str(error)))
            else:
                half = len(batch) // 2
                yield from _sent(client, batch[:half], caller)
                yield from _sent(client, batch[half:], caller)
            return
        if not answer["errors"]:
            return
        rest: list[Action] = []
        problem: dict[str, Any] = {}
        for action, item in zip(batch, answer["items"], strict=True):
            [found] = item.values()
            told = _judged(action, found)
            if told is None:
                rest.append(action)
                problem = found["error"]
            elif told.outcome is not Outcome.DONE:
                yield told
        if rest:
            caller.failed(_busy(rest, problem))
        batch = rest


class _TooLargeError(Exception):
    """A request that the server, or what stands before it, finds too large."""


def _posted(client: Elasticsearch, batch: list[Action], caller: Caller) -> ApiResponse[Any]:
    from elasticsearch import ApiError

    body: Any = b"".join(action.lines() for action in batch)
    try:
        return caller.call(lambda: client.bulk(operations=body, filter_path="errors,items.*.status,items.*.error"))
    except ApiError as error:
        raise _TooLargeError(f"{len(body):,} bytes are too much for the server") from error


def _judged(action: Action, item: dict[str, Any]) -> Told | None:
    """Return what came of an action; None where another try may do."""
    status, error = item["status"], item.get("error")
    if status < 300 or (status == 404 and action.what == "delete" and error is None):
        return Told(action, Outcome.DONE)
    kind = error.get("type") if isinstance(error, dict) else ""
    if status in TRANSIENT or status >= 500 or kind in (_BLOCKED, _BUSY):
        return None
    if status == 409:
        return Told(action, Outcome.CONFLICT)
    reason = f"{kind}: {error.get('reason')}" if isinstance(error, dict) else str(error)
    if isinstance(error, dict) and isinstance(cause := error.get("caused_by"), dict):
        reason += f" ({cause.get('reason')})"
    if status in _FORBIDDEN:
        # No fault of the document: with the right privileges it is taken.
        lacking = missing_privilege(reason, WRITER)
        said = f"the user lacks {lacking}" if lacking else shorten(reason)
        raise DeliveryError(f"{action.place} cannot be written: {said}", retryable=True)
    if kind == "index_not_found_exception":
        raise DeliveryError(f"there is no {action.place}; run `stormcell elasticsearch setup`", retryable=True)
    return Told(action, Outcome.DEAD, _named(action, reason))


def _named(action: Action, reason: str) -> str:
    return f"{action.place}/{shorten(action.id)}: {shorten(reason)}"


def _busy(rest: list[Action], problem: dict[str, Any]) -> DeliveryError:
    said = shorten(f"{problem.get('type')}: {problem.get('reason')}")
    return DeliveryError(f"{len(rest):,} documents are not taken for now: {said}", retryable=True)


def _transient(error: ApiError | TransportError) -> bool:
    """Tell whether another try, soon, may do."""
    from elasticsearch import ApiError

    from stormcell_exporters.elasticsearch.failures import reason_of, transient

    if isinstance(error, ApiError) and (error.meta.status in TRANSIENT or reason_of(error.body)[0] == _BLOCKED):
        return True
    return transient(error)

"""JSON over HTTP, asked for again where that may do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from stormcell.errors import DeliveryError
from stormcell.wire.backoff import Backoff
from stormcell.wire.endpoint import Endpoint, Tls
from stormcell.wire.headers import Headers, current
from stormcell.wire.http import TRANSIENT, HttpClient, retry_after
from stormcell.wire.said import shorten

TRIES: Final = 6
"""How often something is asked, at most: with the waits between them half a minute, more than a restart takes."""
TIMEOUT: Final = 60.0
"""Seconds for an answer."""
MOST: Final = 256 << 20
"""Bytes of an answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer.

    Attributes
    ----------
    status : int
    content : bytes
    """

    status: int
    content: bytes

    @property
    def good(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300

    def document(self) -> Any:
        """Return the JSON that it is.

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            return json.loads(self.content)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def told(self, name: str) -> str:
        """Return what it says in a field of its JSON, on one line; "" where it says nothing there."""
        try:
            found = self.document()
        except ValueError:
            return ""
        value = found.get(name) if isinstance(found, dict) else None
        return shorten(value) if isinstance(value, str) else ""


class JsonApi:
    """A server that is asked and told in JSON.

    Parameters
    ----------
    endpoint : Endpoint
        What its path holds comes before the paths that are asked.
    headers : callable
        See ``Headers``; asked before each try.
    tls : Tls
    timeout : float
        Seconds for an answer.
    tries : int
        How often something is asked, at most.
    sleep : callable, optional
        Waits so many seconds.
    seed : bytes, optional
        Of the waits; see ``Backoff``.

    Attributes
    ----------
    shown : str
        Its address, for messages.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        headers: Headers = dict,
        *,
        tls: Tls | None = None,
        timeout: float = TIMEOUT,
        tries: int = TRIES,
        sleep: Callable[[float], None] | None = None,
        seed: bytes | None = None,
    ) -> None:
        self.shown = endpoint.shown
        self._base = endpoint.path.rstrip("/")
        self._headers = headers
        self._http = HttpClient(endpoint, timeout=timeout, tls=tls or Tls())
        self._tries, self._sleep, self._seed = tries, sleep or time.sleep, seed

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Said:
        """Return the answer to a request, whatever it is; what may be asked again is, a few times.

        It must therefore be harmless where it is done twice: of one that was not answered nobody knows.

        Raises
        ------
        DeliveryError
            If there is no answer, or still one that says to try again.
        """
        backoff = Backoff(self._seed)
        while True:
            try:
                return self._once(method, path, body, headers or {})
            except DeliveryError as error:
                wait = backoff.failed(error.retry_after)
                if not error.retryable or backoff.failures >= self._tries:
                    raise
            self._sleep(wait)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Said:
        sent = {"user-agent": "stormcell", "accept": "application/json", **headers, **current(self._headers)}
        if body is not None:
            sent.setdefault("content-type", "application/json")
        answer = self._http.ask(method, self._base + path, body, sent, most=MOST + 1)
        if len(answer.content) > MOST:
            raise DeliveryError(
                f"{self.shown} answered with more than {MOST >> 20} MiB; expected less", retryable=False
            )
        if answer.status in TRANSIENT:
            asked = retry_after(answer.headers.get("retry-after"), answer.headers.get("date"))
            said = Said(answer.status, answer.content)
            why = said.told("detail") or said.told("message")
            raise DeliveryError(
                f"{self.shown} answered {answer.status}{f': {why}' if why else ''}",
                retryable=True,
                retry_after=asked,
                status=answer.status,
            )
        return Said(answer.status, answer.content)


def phrase(status: int) -> str:
    """Return a status with its name, such as ``404 Not Found``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)

"""Requests over HTTP, and what an answer means for the next try."""

from __future__ import annotations

import gzip
import time
from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, NamedTuple

import urllib3

from stormcell.errors import DeliveryError
from stormcell.wire.endpoint import Endpoint, Tls
from stormcell.wire.said import shorten

RETRYABLE: Final = frozenset((429, 502, 503, 504))
"""Answers after which OTLP wants another try."""

TRANSIENT: Final = RETRYABLE | {408, 425, 500}
"""Answers of other servers after which another try may do."""

_MOST_READ: Final = 65_536
_GZIP_LEVEL: Final = 1  # for speed: levels beyond take far longer and save little


class Answer(NamedTuple):
    """What a server answered.

    Attributes
    ----------
    status : int
    headers : mapping of str to str
        Of any case.
    content : bytes
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


class HttpClient:
    """One connection to one place, kept open.

    Parameters
    ----------
    endpoint : Endpoint
        Of which scheme, host and port count.
    timeout : float
        Seconds for connecting, and for each wait for an answer.
    tls : Tls
    """

    def __init__(self, endpoint: Endpoint, *, timeout: float, tls: Tls) -> None:
        self._shown = endpoint.shown
        self._pool = _pool(endpoint, urllib3.Timeout(connect=timeout, read=timeout), tls)

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        compress: bool,
        retryable: Collection[int] = RETRYABLE,
        most: int = _MOST_READ,
    ) -> bytes:
        """Post, and return the content of the answer, of which at most so many bytes are read.

        Raises
        ------
        DeliveryError
            If there is no answer, or another than that all is well.
        """
        return self.send(path, body, headers, compress=compress, retryable=retryable, most=most).content

    def send(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        compress: bool,
        retryable: Collection[int] = RETRYABLE,
        most: int = _MOST_READ,
    ) -> Answer:
        """Post, and return the answer with its headers; see ``post``."""
        sent = {"user-agent": "stormcell", **headers}
        if compress:
            sent["content-encoding"] = "gzip"
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        answer = self.ask("POST", path, body, sent, most=most)
        if 200 <= answer.status < 300:
            return answer
        asked = retry_after(answer.headers.get("retry-after"), answer.headers.get("date"))
        said = _said(answer.content, answer.headers.get("content-type", ""))
        raise DeliveryError(
            f"{self._shown} answered {answer.status} {_name(answer.status)}{f': {said}' if said else ''}",
            retryable=answer.status in retryable,
            retry_after=asked,
            status=answer.status,
        )

    def ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], *, most: int = _MOST_READ
    ) -> Answer:
        """Make a request, and return the answer, whatever it is.

        Parameters
        ----------
        method, path : str
        body : bytes or None
        headers : mapping of str to str
        most : int
            Bytes of the content that are read; what is longer is cut.

        Raises
        ------
        DeliveryError
            If there is no answer.
        """
        try:
            answer = self._pool.urlopen(method, path, body, dict(headers), redirect=False, preload_content=False)
            try:
                content = answer.read(most)
            finally:
                answer.close() if answer.length_remaining else answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise DeliveryError(f"{self._shown} cannot be reached ({_reason(error)})", retryable=True) from error
        return Answer(answer.status, answer.headers, content)

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


def _pool(endpoint: Endpoint, timeout: urllib3.Timeout, tls: Tls) -> urllib3.HTTPConnectionPool:
    host, port = endpoint.host, endpoint.port
    if endpoint.tls:
        return urllib3.HTTPSConnectionPool(host, port, timeout, retries=False, ssl_context=tls.context())
    return urllib3.HTTPConnectionPool(host, port, timeout, retries=False)


def retry_after(value: str | None, date: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait; None where it asks for nothing.

    Parameters
    ----------
    value : str or None
        Seconds, or a date.
    date : str or None
        When it was said, by the clock of who said it: the ``Date`` header. Ours without it.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isdecimal() and value.isascii():
        return float(value[:9])
    try:
        until = parsedate_to_datetime(value).timestamp()
        said = time.time() if date is None else parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(until - said, 0.0)


def _reason(error: Exception) -> str:
    """Return why there was no answer, in words where people meet it often."""
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "no such host"
    if isinstance(error.__cause__ or error.__context__, ConnectionRefusedError):
        return "connection refused"
    # What could not connect counts as a timeout there, too.
    if isinstance(error, urllib3.exceptions.TimeoutError) and not isinstance(
        error, urllib3.exceptions.NewConnectionError
    ):
        return "no answer in time"
    return type(error).__name__.removesuffix("Error")


def _said(content: bytes, kind: str) -> str:
    if "protobuf" in kind:
        from google.protobuf.message import DecodeError
        from google.rpc.status_pb2 import Status

        try:
            return shorten(Status.FromString(content).message)
        except DecodeError:
            return ""
    return shorten(content.decode("utf-8", "replace"))


def _name(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(unknown)"

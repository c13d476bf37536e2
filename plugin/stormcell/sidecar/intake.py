"""What both servers do with a request once it is here: decompress, check, journal, count."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Protocol

from stormcell.access import Authenticator, ForbiddenError, Scope, UnauthenticatedError
from stormcell.config import Settings
from stormcell.config.webhooks import WebhooksSettings
from stormcell.decode.report import BrokenFileError
from stormcell.decode.streams import READ, gunzip, unzstd
from stormcell.errors import DecodeError, RefusedError, StormcellError
from stormcell.protocols import Clock, Inbox
from stormcell.sidecar.counts import Reason, ReceiverCounts, Signal
from stormcell.types.live import Request, RequestKind

LOG = logging.getLogger("stormcell.sidecar")

MESSAGE = 1000
"""Longest message of an error that is sent back, in characters."""

SIGNALS = {
    RequestKind.LOGS: Signal.LOGS,
    RequestKind.LOGS_JSON: Signal.LOGS,
    RequestKind.TRACES: Signal.TRACES,
    RequestKind.TRACES_JSON: Signal.TRACES,
    RequestKind.ALERTMANAGER: Signal.ALERTS,
    RequestKind.GRAFANA: Signal.ALERTS,
    RequestKind.KIBANA: Signal.ALERTS,
    RequestKind.GENERIC: Signal.ALERTS,
}


class CheckedRequest(Protocol):
    """What a check found."""

    @property
    def items(self) -> int:
        """Log records, spans or alerts that can be used."""
        ...

    @property
    def rejected(self) -> int:
        """Those that cannot."""
        ...

    @property
    def message(self) -> str:
        """Why, or a warning; "" if there is nothing to say."""
        ...


class Check(Protocol):
    """Tells cheaply whether a request is what it says; raises DecodeError where it is not at all."""

    def __call__(self, request: Request, settings: WebhooksSettings, /) -> CheckedRequest:
        """Return what was found."""
        ...


class RejectedError(StormcellError):
    """A request can never be taken in as it is.

    Attributes
    ----------
    reason : Reason
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Intake:
    """The way from a server to the journal; any thread may use it.

    Parameters
    ----------
    settings : Settings
    inbox : Inbox
        Where requests are kept.
    auth : Authenticator
    check : Check
        Of a request, before it is kept.
    clock : Clock

    Attributes
    ----------
    counts : ReceiverCounts
    limit : int
        Largest request, in bytes, as sent and decompressed.
    """

    def __init__(self, settings: Settings, inbox: Inbox, auth: Authenticator, check: Check, clock: Clock) -> None:
        self.counts = ReceiverCounts()
        self.limit = settings.receivers.max_request_bytes
        self._webhooks = settings.webhooks
        self._inbox = inbox
        self._auth = auth
        self._check = check
        self._clock = clock

    def admit(self, signal: Signal, authorization: str | None) -> None:
        """Let in who may send.

        Raises
        ------
        RejectedError
            If it is not known who asks, or that one may not.
        """
        try:
            self._auth.check(authorization, Scope.INGEST)
        except UnauthenticatedError as error:
            raise self.rejected(signal, Reason.UNAUTHENTICATED, str(error)) from error
        except ForbiddenError as error:
            raise self.rejected(signal, Reason.FORBIDDEN, str(error)) from error

    def take(self, kind: RequestKind, body: bytes, encoding: str = "") -> CheckedRequest:
        """Return once a request is kept.

        Parameters
        ----------
        kind : RequestKind
        body : bytes
        encoding : str
            How it is compressed: "", "identity", "gzip" or "zstd".

        Raises
        ------
        RejectedError
            If it can never be taken in.
        RefusedError
            If it is to be sent again.
        """
        signal = SIGNALS[kind]
        try:
            request = Request(kind, inflate(body, encoding, self.limit), self._clock.now())
            checked = self._check(request, self._webhooks)
            self._inbox.accept(request)
        except RejectedError as error:
            raise self.rejected(signal, error.reason, str(error)) from error
        except DecodeError as error:
            raise self.rejected(signal, Reason.CONTENT, str(error)) from error
        except RefusedError:
            self.counts.refuse(signal, Reason.OVERLOAD)
            raise
        except Exception as error:
            # Whatever it is, it would be the same next time: senders are told not to try again.
            LOG.exception("a request of %s failed", kind.value)
            raise self.rejected(signal, Reason.FAILURE, "the request failed here; the log says why") from error
        self.counts.accept(signal, checked.items, checked.rejected)
        return checked

    def rejected(self, signal: Signal, reason: Reason, message: str) -> RejectedError:
        """Count a request that is not taken in, and return what to raise."""
        self.counts.reject(signal, reason)
        return RejectedError(reason, message[:MESSAGE])

    def refused(self, signal: Signal, message: str, retry_after: float) -> RefusedError:
        """Count a request that is to be sent again, and return what to raise."""
        self.counts.refuse(signal, Reason.OVERLOAD)
        return RefusedError(message, retry_after=retry_after)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Decompress a body, holding little more than ``limit`` bytes whatever it would grow to.

    Raises
    ------
    RejectedError
        If it is larger than that, damaged, cut, or compressed in another way.
    """
    pieces: Iterator[bytes]
    if encoding in ("", "identity"):
        pieces = iter((body,))
    elif encoding in ("gzip", "x-gzip"):
        pieces = gunzip(body[start : start + READ] for start in range(0, len(body), READ))
    elif encoding == "zstd":
        pieces = unzstd((body,))
    else:
        raise RejectedError(Reason.ENCODING, "expected Content-Encoding gzip, zstd or identity, found another")
    held: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise RejectedError(Reason.SIZE, too_large(limit))
            held.append(piece)
    except BrokenFileError as error:
        raise RejectedError(Reason.CONTENT, f"the body {error}") from error
    return held[0] if len(held) == 1 else b"".join(held)


def too_large(limit: int) -> str:
    """Return what senders of too much are told."""
    return f"the request is larger than {limit:,} bytes (receivers.max_request_bytes); send less at a time"

"""Requests as they go on: each record with what is known of it, and only those that are passed on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from google.protobuf.message import DecodeError as ProtobufError

from stormcell.decode import otlp_proto
from stormcell.decode.proto_schema import LogsParts, TracesParts
from stormcell.decode.report import Report, Scribe
from stormcell.protocols import Assigner
from stormcell.semconv import OWN_SERVICE
from stormcell.sidecar.forward.attributes import Additions
from stormcell.types import Packed, Record, Request, RequestKind
from stormcell.wire.otlp import SignalName

if TYPE_CHECKING:
    from stormcell.sidecar.forward.sampling import Candidate, Sampler

_SIGNALS: Final[dict[RequestKind, SignalName]] = {
    RequestKind.LOGS: "logs",
    RequestKind.LOGS_JSON: "logs",
    RequestKind.TRACES: "traces",
    RequestKind.TRACES_JSON: "traces",
}
_log = logging.getLogger(__name__)
_AS_JSON: Final = frozenset((RequestKind.LOGS_JSON, RequestKind.TRACES_JSON))


class Rewritten(NamedTuple):
    """A request as it goes on.

    Attributes
    ----------
    signal : str
        "logs" or "traces".
    body : bytes
        Protobuf; empty where nothing goes on.
    seen, kept : int
        Records that came and that go on.
    broken : int
        Records that could not be read, and so do not go on.
    """

    signal: SignalName
    body: bytes
    seen: int
    kept: int
    broken: int


class Rewriter:
    """Adds what is known of each record, and samples.

    Parameters
    ----------
    assigner : Assigner
    sampler : Sampler, optional
        Without one all records go on.
    """

    def __init__(self, assigner: Assigner, sampler: Sampler | None = None) -> None:
        self._assigner, self._sampler = assigner, sampler
        self._additions = {"logs": Additions(logs=True), "traces": Additions(logs=False)}
        self._senders: otlp_proto.Senders = {}

    def rewrite(self, request: Request) -> Rewritten | None:
        """Return a request as it goes on; None for what is not telemetry, such as alerts.

        Raises
        ------
        ValueError
            If it cannot be read at all.
        """
        signal = _SIGNALS.get(request.kind)
        if signal is None:
            return None
        body, broken = request.body, 0
        if request.kind in _AS_JSON:
            from stormcell.sidecar.forward.json_request import to_protobuf  # few requests are

            body, broken = to_protobuf(body, logs=signal == "logs")
        try:
            message = (LogsParts if signal == "logs" else TracesParts).FromString(body)
        except ProtobufError as error:
            raise ValueError("no protobuf message") from error
        try:
            return self._rewritten(signal, message, body, request.received, broken)
        except Exception:  # telemetry goes on whatever we fail at
            _log.exception("records are forwarded as they came")
            count = sum(map(len, _lists(signal, message)))
            return Rewritten(signal, body, count + broken, count, broken)

    def _rewritten(self, signal: SignalName, message: Any, body: bytes, received: int, broken: int) -> Rewritten:
        lists = list(_lists(signal, message))
        wire = [data for records in lists for data in records]
        additions = self._additions[signal]
        assign = self._assigner.assign
        sampler = self._sampler
        made: list[bytes | None] = []
        candidates: list[Candidate | None] = []
        for data, record in _aligned(wire, otlp_proto.records(body, _silent(), self._senders)):
            candidate = None
            if record is not None and record.service != OWN_SERVICE:
                assignment = assign(record)
                data, sampled = additions.without(data)
                data += additions.assigned(assignment)
                if sampler is not None and not sampled:
                    candidate = sampler.candidate(record, assignment)
            made.append(data)
            candidates.append(candidate)
        if sampler is not None:
            weights = sampler.weigh(candidates, received)
            made = [_weighed(*each, additions) for each in zip(made, candidates, weights, strict=True)]
        kept = len(made) - made.count(None)
        _replace(lists, made)
        if kept < len(made):
            _prune(signal, message)
        return Rewritten(signal, message.SerializeToString() if kept else b"", len(wire) + broken, kept, broken)


def halves(made: Rewritten) -> list[Rewritten]:
    """Return a request as two, each with half of its records; of one with a single record none."""
    parts = []
    for half in range(2):
        message = (LogsParts if made.signal == "logs" else TracesParts).FromString(made.body)
        lists = list(_lists(made.signal, message))
        wire: list[bytes | None] = [data for records in lists for data in records]
        middle = len(wire) // 2
        if not middle:
            return []
        keep = range(middle, len(wire)) if half else range(middle)
        _replace(lists, [data if at in keep else None for at, data in enumerate(wire)])
        _prune(made.signal, message)
        parts.append(made._replace(body=message.SerializeToString(), seen=len(keep), kept=len(keep), broken=0))
    return parts


def _weighed(data: bytes | None, candidate: Candidate | None, weight: int, additions: Additions) -> bytes | None:
    """Return a record with for how many it stands, if it might have been left out; None if it was."""
    if data is None or candidate is None:
        return data
    return data + additions.counted(weight) if weight else None


def _aligned(wire: list[bytes], records: Iterator[Record]) -> Iterator[tuple[bytes, Record | None]]:
    """Yield the bytes of each record with what was read of them; None for what is no event.

    The records come in the order of the bytes, and whether there is one follows from these alone: the next record
    is that of the next bytes, if these are the ones that it was read from.
    """
    ahead = next(records, None)
    for data in wire:
        if ahead is not None and isinstance(ahead.whole, Packed) and ahead.whole.data == data:
            yield data, ahead
            ahead = next(records, None)
        else:
            yield data, None


def _silent() -> Scribe:
    """Return what takes note of problems that are told elsewhere: whoever decodes the request meets them too."""
    return Scribe(Report(), strict=False)


def _lists(signal: SignalName, message: Any) -> Iterator[Any]:
    """Yield the lists of records, as bytes, of a request."""
    if signal == "logs":
        return (scope.log_records for holder in message.resource_logs for scope in holder.scope_logs)
    return (scope.spans for holder in message.resource_spans for scope in holder.scope_spans)


def _replace(lists: list[Any], records: list[bytes | None]) -> None:
    start = 0
    for held in lists:
        end = start + len(held)
        new = [data for data in records[start:end] if data is not None]
        del held[:]
        held.extend(new)
        start = end


def _prune(signal: SignalName, message: Any) -> None:
    """Take out scopes without records, and resources without scopes."""
    logs = signal == "logs"
    holders = message.resource_logs if logs else message.resource_spans
    for at in reversed(range(len(holders))):
        scopes = holders[at].scope_logs if logs else holders[at].scope_spans
        for scope in reversed(range(len(scopes))):
            if not (scopes[scope].log_records if logs else scopes[scope].spans):
                del scopes[scope]
        if not scopes:
            del holders[at]

"""Requests as they come over the wire: looked over before they are acknowledged, and read afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stormcell.config import Settings, WebhooksSettings
from stormcell.decode import generic, kibana, otlp_json
from stormcell.decode.documents import events_of
from stormcell.decode.json_text import Trouble, parse
from stormcell.decode.json_values import Object
from stormcell.decode.report import JsonPath, Report, Scribe, show
from stormcell.errors import DecodeError
from stormcell.types import Event, Record, Request, RequestKind, record_of

if TYPE_CHECKING:
    from stormcell.decode.otlp_proto import Senders

_BOM: Final = b"\xef\xbb\xbf"
_PROTOBUF: Final = frozenset((RequestKind.LOGS, RequestKind.TRACES))
_Time = Callable[[Object, JsonPath, Scribe], int | None]
_JSON: Final[dict[RequestKind, tuple[str, tuple[str, str, str], _Time]]] = {
    RequestKind.LOGS_JSON: ("logs", otlp_json.LOGS, otlp_json.log_time),
    RequestKind.TRACES_JSON: ("traces", otlp_json.TRACES, otlp_json.span_time),
}
_FOUND: Final = {
    "": "bytes that are no protobuf message",
    "logs": "logs; send them to /v1/logs",
    "traces": "traces; send them to /v1/traces",
    "metrics": "metrics, which are not grouped; leave them out",
}
_SENT: Final = {"resourceLogs": "logs", "resourceSpans": "traces", "resourceMetrics": "metrics"}
_WEBHOOKS: Final = {
    RequestKind.ALERTMANAGER: "a webhook of Alertmanager's, version 4",
    RequestKind.GRAFANA: "a webhook of Grafana's, of unified alerting",
    RequestKind.KIBANA: "alert documents of Kibana's, as our templates for its connectors write them",
    RequestKind.GENERIC: "a document that a mapping under webhooks.generic fits",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request holds.

    Attributes
    ----------
    items : int
        Log records, spans or alerts.
    rejected : int
        Of these, how many can never be grouped, for nobody knows when they happened.
    message : str
        Says so; "" where there are none.
    """

    items: int
    rejected: int = 0
    message: str = ""


def check(request: Request, settings: WebhooksSettings) -> Checked:
    """Look a request over, so that it can be acknowledged or refused; far cheaper than reading it.

    Parameters
    ----------
    request : Request
    settings : WebhooksSettings

    Raises
    ------
    DecodeError
        If it is no such request; the message says what was expected and what was found, and is safe to print.
    """
    if request.kind in _PROTOBUF:
        return _check_protobuf(request)
    value = parse(request.body.removeprefix(_BOM))
    if isinstance(value, Trouble):
        raise DecodeError(value.message)
    if request.kind in _JSON:
        return _check_json(value, request.kind)
    return _check_webhook(value, request, settings)


class Requests:
    """Reads requests; holds what comes again in each.

    What is read is what ``read`` gives for a file of the same bytes; only documents of shapes that mappings of the
    settings describe it does not know.

    Parameters
    ----------
    settings : Settings
    report : Report
        Filled in on the way.
    """

    def __init__(self, settings: Settings, report: Report) -> None:
        self._webhooks = settings.webhooks
        self._scribe = Scribe(report, strict=False)
        self._senders: Senders = {}

    def records(self, request: Request) -> Iterator[Record]:
        """Yield the records of a request; whatever is broken is told of in the report and passed over."""
        scribe = self._scribe
        scribe.file, scribe.line = f"a request ({request.kind})", 0
        scribe.report.bytes += len(request.body)
        for record in self._records(request, scribe):
            scribe.report.events += 1
            yield record

    def _records(self, request: Request, scribe: Scribe) -> Iterator[Record]:
        if request.kind in _PROTOBUF:
            from stormcell.decode import otlp_proto  # protobuf takes a while to load

            yield from otlp_proto.records(request.body, scribe, self._senders)
            return
        value = parse(request.body.removeprefix(_BOM))
        if isinstance(value, Trouble):
            scribe.problem(value.message)
            return
        yield from map(record_of, _events(value, request, self._webhooks, scribe))


def _events(value: object, request: Request, settings: WebhooksSettings, scribe: Scribe) -> Iterator[Event]:
    if request.kind is RequestKind.GENERIC:
        return generic.events(value, settings, request.received, scribe)
    return events_of(value, scribe)


def _check_protobuf(request: Request) -> Checked:
    from stormcell.decode import otlp_proto

    logs = request.kind is RequestKind.LOGS
    name = "logs" if logs else "traces"
    found, items, rejected = otlp_proto.count(request.body, logs=logs)
    if found != name:
        raise DecodeError(f"expected an OTLP request of {name} as protobuf, found {_FOUND[found]}")
    return _checked(items, rejected, "log records" if logs else "spans")


def _check_json(value: object, kind: RequestKind) -> Checked:
    name, (outer, middle, inner), time_of = _JSON[kind]
    expected = f"expected an OTLP request of {name} as JSON"
    if not isinstance(value, dict):
        raise DecodeError(f"{expected}, found {show(value)}")
    others = [sent for key, sent in _SENT.items() if key in value and key != outer]
    if others or (value and outer not in value):
        raise DecodeError(f"{expected}, found {_FOUND[others[0]] if others else show(value)}")
    scribe = Scribe(Report(), strict=False)
    items = rejected = 0
    for holder in _all(value, outer):
        for scope in _all(holder, middle):
            for record in _all(scope, inner):
                items += 1
                rejected += not (isinstance(record, dict) and time_of(record, (), scribe))
    return _checked(items, rejected, "log records" if kind is RequestKind.LOGS_JSON else "spans")


def _all(holder: object, key: str) -> list[Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def _check_webhook(value: object, request: Request, settings: WebhooksSettings) -> Checked:
    sent = _sent(value, request.kind, settings)
    if sent is None:
        raise DecodeError(f"expected {_WEBHOOKS[request.kind]}, found {show(value)}")
    # They are small, so that they are read to be looked over.
    report = Report()
    read = sum(1 for _ in _events(value, request, settings, Scribe(report, strict=False)))
    first = report.problems[0].message if report.problems else ""
    return Checked(
        sent, sent - read, f"{sent - read} of {sent} alerts cannot be read: {first}" if read < sent else ""
    )


def _sent(value: object, kind: RequestKind, settings: WebhooksSettings) -> int | None:
    """Return how many alerts a webhook brings; None where it is none of its kind."""
    if kind is RequestKind.GENERIC:
        return generic.count(value, settings)
    if kind is RequestKind.KIBANA:
        documents = value if isinstance(value, list) else [value]
        if all(isinstance(document, dict) and kibana.is_kibana(document) for document in documents):
            return sum(map(kibana.count, documents))
        return None
    return len(_all(value, "alerts")) if isinstance(value, dict) and "alerts" in value else None


def _checked(items: int, rejected: int, what: str) -> Checked:
    message = f"{rejected} of {items} {what} carry no time that can be used, and cannot be grouped"
    return Checked(items, rejected, message if rejected else "")

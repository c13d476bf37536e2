"""A storm in a shop of many services, as OTLP requests: what is usual, and then an incident on top of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from _log_lines import lines, system, systems
from _otlp import attribute, hashed, resource
from stormcell.types import Request, RequestKind

SECOND = 10**9
TRACES = 8.0
"""Requests of users a second; each is a trace."""

SERVICES = tuple(systems())
"""Each logs as a system that log statements are known of."""

_FRONTS = 6
"""Services that users call."""
_FAILING = (11, 23)
"""Services that fail in the incident, deep among the others."""
_VERBS = ("GET", "POST", "SELECT", "publish", "consume", "authorise", "render", "list")
_USUAL = 25
"""Statements of a service that log all the time; the rest only where something is wrong."""
_LEVELS = {"debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
_POOL = 4000


@dataclass(slots=True)
class Span:
    """A span of a trace, and those that it calls."""

    service: int
    operation: str
    start: int
    failed: bool = False
    end: int = 0
    calls: list[Span] = field(default_factory=list)


def requests(start: int, seconds: float, seed: int, *, incident: bool) -> Iterator[Request]:
    """Yield what the services send, a second at a time, in order of time.

    Parameters
    ----------
    start : int
        ns.
    seconds : float
    seed : int
    incident : bool
        Whether two of the services fail, and with them whoever calls them.
    """
    chance = Random(seed)  # noqa: S311
    for at in range(round(seconds)):
        logs, spans = _Logs(chance), _Spans(chance)
        begin = start + at * SECOND
        for number in range(_count(TRACES, chance)):
            trace = hashed(f"trace {seed} {at}", number, 16)
            root = _called(chance.randrange(_FRONTS), begin + chance.randrange(SECOND), 0, chance)
            if incident:
                _fail(root, chance)
            for number_of, (span, parent) in enumerate(_walk(root)):
                spans.add(trace, span, parent, number_of)
                logs.of_span(trace, span)
        for service in range(len(SERVICES)):
            if chance.random() < 0.03:
                logs.add(service, _line(service, chance), begin + chance.randrange(SECOND))
        yield Request(RequestKind.TRACES, spans.request.SerializeToString(), begin + SECOND)
        yield Request(RequestKind.LOGS, logs.request.SerializeToString(), begin + SECOND)


def _count(mean: float, chance: Random) -> int:
    return int(mean) + (chance.random() < mean % 1)


def _called(service: int, start: int, depth: int, chance: Random) -> Span:
    """Return a call of a service, with the calls that it makes of others behind it."""
    operation = f"{chance.choices(_VERBS, cum_weights=(4, 7, 9, 10, 11, 12, 13, 14))[0]} {SERVICES[service]}"
    span = Span(service, operation, start)
    at = start + chance.randrange(10**5, 10**6)
    for step in (3, 5, 8):
        other = service + step
        if other < len(SERVICES) and chance.random() < 0.5 - 0.1 * depth:
            called = _called(other, at, depth + 1, chance)
            span.calls.append(called)
            at = called.end
    span.end = at + chance.randrange(10**5, 2 * 10**7)
    return span


def _fail(span: Span, chance: Random) -> bool:
    """Let a call of a failing service fail, and with it most of those that wait for it."""
    below = [_fail(one, chance) for one in span.calls]
    span.failed = (span.service in _FAILING and chance.random() < 0.7) or (any(below) and chance.random() < 0.8)
    return span.failed


def _walk(span: Span, parent: Span | None = None) -> Iterator[tuple[Span, Span | None]]:
    yield span, parent
    for one in span.calls:
        yield from _walk(one, span)


class _Requests:
    """A request in the making: records by service, each in a resource of its own."""

    def __init__(self, chance: Random) -> None:
        self.request: Any = self.made()
        self._chance = chance
        self._held: dict[tuple[int, int], Any] = {}

    def made(self) -> Any:
        raise NotImplementedError

    def holder(self, service: int) -> Any:
        """Return where records of a pod of a service go."""
        pod = self._chance.randrange(3)
        if (service, pod) not in self._held:
            self._held[service, pod] = self._added(SERVICES[service], pod)
        return self._held[service, pod]

    def _added(self, name: str, pod: int) -> Any:
        raise NotImplementedError


class _Logs(_Requests):
    def made(self) -> Any:
        return ExportLogsServiceRequest()

    def _added(self, name: str, pod: int) -> Any:
        return resource(self.request.resource_logs.add(), name, pod).scope_logs.add().log_records

    def of_span(self, trace: bytes, span: Span) -> None:
        """Add what is logged while a span goes on."""
        if self._chance.random() < 0.3:
            self.add(span.service, _line(span.service, self._chance), span.start, trace)
        if span.failed and self._chance.random() < 0.8:
            self.add(span.service, _line(span.service, self._chance, usual=False), span.end, trace)

    def add(self, service: int, line: tuple[str, int], time: int, trace: bytes = b"") -> None:
        text, severity = line
        record = self.holder(service).add(
            time_unix_nano=time,
            observed_time_unix_nano=time + 1000,
            severity_number=severity,
            severity_text="ERROR" if severity >= 17 else "INFO",
            trace_id=trace,
        )
        record.body.string_value = text
        attribute(record, "log.record.uid", f"{self._chance.getrandbits(104):026x}")
        attribute(record, "thread.name", f"worker-{self._chance.randrange(16)}")
        attribute(record, "code.function.name", f"handle{severity}")


class _Spans(_Requests):
    def made(self) -> Any:
        return ExportTraceServiceRequest()

    def _added(self, name: str, pod: int) -> Any:
        return resource(self.request.resource_spans.add(), name, pod).scope_spans.add().spans

    def add(self, trace: bytes, span: Span, parent: Span | None, number: int) -> None:
        record = self.holder(span.service).add(
            trace_id=trace,
            span_id=_id(trace, span),
            parent_span_id=b"" if parent is None else _id(trace, parent),
            name=span.operation,
            start_time_unix_nano=span.start,
            end_time_unix_nano=span.end,
            kind=2,
        )
        record.status.code = 2 if span.failed else 0
        attribute(record, "http.route", f"/api/{SERVICES[span.service]}/{{id}}")
        attribute(record, "url.path", f"/api/{SERVICES[span.service]}/{self._chance.randrange(10**6)}")
        code = 500 if span.failed else 200
        record.attributes.add(key="http.response.status_code").value.int_value = code


def _id(trace: bytes, span: Span) -> bytes:
    return hashed(f"{trace.hex()} {span.service}", span.start, 8)


def _line(service: int, chance: Random, *, usual: bool = True) -> tuple[str, int]:
    """Return a line of a service, and its severity."""
    often, seldom = _pools(SERVICES[service])
    return chance.choice(often if usual else seldom)


@cache
def _pools(name: str) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Return lines of a system: those of its most frequent statements, and the others as errors."""
    made, held = lines(name, _POOL, 0), system(name).statements
    most = {number for number, _ in Counter(number for _, number in made).most_common(_USUAL)}
    often = [(text, _LEVELS.get(held[at].level.lower(), 9)) for text, at in made if at in most]
    return often, [(text, 17) for text, at in made if at not in most]

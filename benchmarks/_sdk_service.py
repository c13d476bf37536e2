"""A service as the SDK sees it: requests of which each ends spans and emits log records."""

from __future__ import annotations

import time
from collections import Counter
from itertools import accumulate, cycle
from random import Random

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

from _log_lines import lines, system

SPANS = 5
LOGS = 5
"""Spans and log records of one request."""

SYSTEMS = ("celery", "cinder", "nova", "octavia")
STATEMENTS = 50
"""Of each system as many statements, those that log most."""

_LEVELS = {"debug": 5, "info": 9, "warn": 13, "warning": 13, "error": 17, "exception": 17, "fatal": 21}
_ROUTES = ("GET /api/orders/{id}", "POST /api/orders", "GET /api/cart", "PUT /api/cart", "GET /api/items/{id}")
_CALLS = (
    ("SELECT orders", "db"),
    ("SELECT items", "db"),
    ("UPDATE stock", "db"),
    ("GET session", "cache"),
    ("POST /charge", "http"),
    ("publish order.created", "queue"),
)
_SHARES = tuple(accumulate((6, 5, 2, 4, 1, 1)))
_FAILED = 0.02
_SECOND = 10**9

Said = tuple[str, int, str]
"""A line, its severity number and the system that says it."""


def said(count: int) -> list[Said]:
    """Return lines of ``SYSTEMS`` in turn, of ``STATEMENTS`` templates each, as often as each would be logged."""
    share = -(-count // len(SYSTEMS))
    held = []
    for name in SYSTEMS:
        statements = system(name).statements
        made = lines(name, 2 * share + 500, 0)
        most = {at for at, _ in Counter(at for _, at in made).most_common(STATEMENTS)}
        own = [(text, _LEVELS.get(statements[at].level.lower(), 9), name) for text, at in made if at in most]
        held.append([own[at % len(own)] for at in range(share)])
    return [line for row in zip(*held, strict=True) for line in row][:count]


class Service:
    """Serves requests, through providers of the SDK with one processor each.

    Parameters
    ----------
    ending : SpanProcessor
    emitting : LogRecordProcessor
    lines : int
        How many different log lines it has; it says them over and over.
    spans, logs : bool
        Whether requests end spans and emit records.
    """

    def __init__(
        self,
        ending: SpanProcessor,
        emitting: LogRecordProcessor,
        *,
        lines: int,
        spans: bool = True,
        logs: bool = True,
    ) -> None:
        resource = Resource.create(
            {"service.name": "shop", "service.version": "1.4.2", "service.instance.id": "shop-7d9c5bf8-x2k4q"}
        )
        self._tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracing.add_span_processor(ending)
        logging = LoggerProvider(resource=resource, shutdown_on_exit=False)
        logging.add_log_record_processor(emitting)
        self._tracer = self._tracing.get_tracer("shop.instrumentation", "1.0")
        self._loggers = {name: logging.get_logger(f"shop.{name}") for name in SYSTEMS}
        self._lines = cycle(said(lines))
        self._chance = Random(0)  # noqa: S311
        self._spans, self._logs = spans, logs

    def request(self, at: int | None = None) -> None:
        """Serve a request that began at a time, now unless one is given."""
        began = time.time_ns() if at is None else at
        chance, within = self._chance, Context()
        failed, number = chance.random() < _FAILED, chance.randrange(10**6)
        if self._spans:
            name = chance.choice(_ROUTES)
            method, _, route = name.partition(" ")
            root = self._tracer.start_span(
                name,
                Context(),
                kind=SpanKind.SERVER,
                attributes={
                    "http.request.method": method,
                    "http.route": route,
                    "url.path": route.replace("{id}", str(number)),
                    "server.address": "shop.example.com",
                    "http.response.status_code": 500 if failed else 200,
                },
                start_time=began,
            )
            within = set_span_in_context(root)
            for at in range(1, SPANS):
                self._call(within, began + at * _SECOND // 1000, number, failed=failed and at == SPANS - 1)
        if self._logs:
            for at in range(LOGS):
                self._say(within, began + at * _SECOND // 1000)
        if self._spans:
            if failed:
                root.set_status(StatusCode.ERROR)
            root.end(began + 7 * _SECOND // 1000)

    def _call(self, within: Context, began: int, number: int, *, failed: bool) -> None:
        name, system = self._chance.choices(_CALLS, cum_weights=_SHARES)[0]
        span = self._tracer.start_span(
            name,
            within,
            kind=SpanKind.CLIENT,
            attributes={
                f"{system}.operation.name": name.partition(" ")[0],
                f"{system}.query.text": f"{name} of {number}",
                "server.address": f"10.0.0.{number % 20}",
                "server.port": 5432,
            },
            start_time=began,
        )
        if failed:
            span.record_exception(TimeoutError(f"no answer to {name} within 3 s"), timestamp=began)
            span.set_status(StatusCode.ERROR, f"TimeoutError: no answer to {name} within 3 s")
        span.end(began + self._chance.randrange(10**6, 10**8))

    def _say(self, within: Context, at: int) -> None:
        text, severity, name = next(self._lines)
        self._loggers[name].emit(
            timestamp=at,
            context=within,
            severity_number=SeverityNumber(severity),
            severity_text="ERROR" if severity >= 17 else "INFO",
            body=text,
            attributes={
                "code.file.path": f"/app/shop/{name}.py",
                "code.function.name": f"handle_{severity}",
                "code.line.number": severity * 10,
            },
        )


class Kept(SpanProcessor, LogRecordProcessor):
    """Keeps what it gets in ``spans`` and ``records``."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self.records: list[ReadWriteLogRecord] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span."""
        self.spans.append(span)

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Keep a record."""
        self.records.append(log_record)

    def shutdown(self) -> None:
        """Do nothing."""

    def force_flush(self, timeout_millis: int | None = None) -> bool:
        """Do nothing."""
        return True


def prepared(requests: int) -> Kept:
    """Return the spans and records of so many requests, of now."""
    kept = Kept()
    service = Service(kept, kept, lines=LOGS * requests)
    for _ in range(requests):
        service.request()
    return kept

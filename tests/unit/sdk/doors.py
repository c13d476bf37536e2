"""The doors of `stormcell.sdk`, each behind a real provider of the SDK, and a hub that keeps what it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

from stormcell.config import Settings
from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.sdk import (
    Hub,
    StormcellLogRecordExporter,
    StormcellLogRecordProcessor,
    StormcellSpanExporter,
    StormcellSpanProcessor,
)
from stormcell.types import Event, Request, RequestKind

SHOP = Resource({"service.name": "shop"})
DOORS = ("span-processor", "log-processor", "span-exporter", "log-exporter")
PROCESSORS = DOORS[:2]
EXPORTERS = DOORS[2:]

Door = StormcellSpanProcessor | StormcellLogRecordProcessor | StormcellSpanExporter | StormcellLogRecordExporter

_NEVER = 10**9
"""Milliseconds: nothing is exported before somebody flushes."""


def settings(data: Path | str = "never-made", **sections: dict[str, Any]) -> Settings:
    """Settings under which batches are handed on when they are full or flushed, and not otherwise."""
    sdk = {"delay_seconds": 3600, **sections.pop("sdk", {})}
    live = {"data": data, **sections.pop("live", {})}
    return Settings.model_validate({"live": live, "sdk": sdk, **sections})


class Keeping(Hub):
    """Keeps what it is sent, unless it is told to fail."""

    def __init__(self, found: Settings | None = None, answer: Callable[[], None] = lambda: None) -> None:
        super().__init__(found or settings())
        self.answer = answer
        self.requests: list[Request] = []
        self.held = self.released = 0

    def send(self, kind: RequestKind, body: bytes) -> None:
        self.answer()
        self.requests.append(Request(kind, body, time.time_ns()))

    def acquire(self) -> None:
        self.held += 1

    def release(self, seconds: float) -> bool:
        self.released += 1
        return True

    def events(self) -> list[Event]:
        """What came, as a sidecar reads it."""
        reader = Requests(settings(), Report())
        return [record.event() for request in self.requests for record in reader.records(request)]

    def texts(self) -> list[str]:
        return [event.text for event in self.events()]


@dataclass
class Service:
    """A service that speaks through one of the doors."""

    door: Any
    provider: Any

    def say(self, text: Any, attributes: Mapping[str, Any] | None = None, scope: Any = "shop") -> None:
        """End a span of this name, or emit a record of this body."""
        if isinstance(self.provider, TracerProvider):
            self.provider.get_tracer(scope).start_span(text, attributes=attributes).end()
        else:
            self.provider.get_logger(scope).emit(
                LogRecord(
                    timestamp=time.time_ns(),
                    body=text,
                    severity_number=SeverityNumber.ERROR,
                    attributes=attributes,
                )
            )

    def flush(self) -> bool:
        """Let all that was said be handed over."""
        done: bool = self.provider.force_flush()
        return done

    def dropped(self) -> dict[str, int]:
        """Why how many were dropped, where any were."""
        return {why: count for why, count in self.door.counts().items() if count and why != "processed"}

    def processed(self) -> int:
        count: int = self.door.counts()["processed"]
        return count


def made(name: str, hub: Hub | None, **options: Any) -> Door:
    """Make a door."""
    kinds: dict[str, Callable[..., Door]] = {
        "span-processor": StormcellSpanProcessor,
        "log-processor": StormcellLogRecordProcessor,
        "span-exporter": StormcellSpanExporter,
        "log-exporter": StormcellLogRecordExporter,
    }
    return kinds[name](hub, **options)


def behind(door: Any, *, simple: bool = False) -> Service:
    """Put a door behind a provider, an exporter behind the SDK's own batch processor, or its simple one."""
    if isinstance(door, SpanExporter):
        processor = SimpleSpanProcessor(door) if simple else BatchSpanProcessor(door, schedule_delay_millis=_NEVER)
        return Service(door, _tracers(processor))
    if isinstance(door, SpanProcessor):
        return Service(door, _tracers(door))
    loggers = LoggerProvider(resource=SHOP, shutdown_on_exit=False)
    if isinstance(door, LogRecordExporter):
        loggers.add_log_record_processor(
            SimpleLogRecordProcessor(door)
            if simple
            else BatchLogRecordProcessor(door, schedule_delay_millis=_NEVER)
        )
    else:
        loggers.add_log_record_processor(door)
    return Service(door, loggers)


def _tracers(processor: SpanProcessor) -> TracerProvider:
    provider = TracerProvider(resource=SHOP, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


@contextmanager
def serving(name: str, hub: Hub | None, **options: Any) -> Iterator[Service]:
    """Make a door behind a provider, and shut the provider down at the end."""
    service = behind(made(name, hub, **options))
    try:
        yield service
    finally:
        service.provider.shutdown()

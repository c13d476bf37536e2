"""A service that keeps orders in Elasticsearch, and groups its own telemetry; the groups go to Elasticsearch too.

It does what each line of its input says: "work", or nothing. Then it says how many spans and log records its work
has made so far, and how many were made besides.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError, helpers
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler, LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from stormcell.config import Settings
from stormcell.sdk import (
    Hub,
    StormcellLogRecordExporter,
    StormcellLogRecordProcessor,
    StormcellSpanExporter,
    StormcellSpanProcessor,
)
from stormcell.types import Group

log = logging.getLogger("shop")
tracer = trace.get_tracer("shop")


class IndexExporter:
    """Puts groups into Elasticsearch, with the client that the service has."""

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self._client, self._index = client, index

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        actions = [
            {"_index": self._index, "_id": group.id, "status": group.status, "title": group.title}
            for group in groups
        ]
        helpers.bulk(self._client, actions, refresh=True)
        log.info("indexed %d groups", len(groups))


class Witness(SpanProcessor, LogRecordProcessor):
    """Counts what work makes, in the thread that made this, and what else there is."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._at_work = False
        self._thread = threading.current_thread()

    @contextmanager
    def work(self) -> Iterator[None]:
        self._at_work = True
        yield
        self._at_work = False

    def on_end(self, span: ReadableSpan) -> None:
        self._saw("spans")

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        self._saw("logs")

    def _saw(self, what: str) -> None:
        whose = "own" if self._at_work and threading.current_thread() is self._thread else "other"
        self.seen[f"{whose} {what}"] += 1

    def shutdown(self) -> None:
        """Nothing is to be done."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def work(client: Elasticsearch) -> None:
    """Keep an order, and fail to find others."""
    with tracer.start_as_current_span("POST /orders"):
        client.index(index="shop-orders", document={"sold": "a chair"})
        log.info("an order was kept")
    for _ in range(3):
        with tracer.start_as_current_span("GET /invoices"):
            try:
                client.search(index="shop-invoices")
            except NotFoundError:
                log.exception("invoices cannot be found")


def settings(given: dict[str, Any]) -> Settings:
    """Return settings under which groups come and end within seconds."""
    hasty = {"tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 1, "quiet_seconds": 2, "settle_seconds": 1}
    return Settings.model_validate(
        {
            **given,
            "rows": {"bucket_seconds": 1},
            "grouping": {"silence_seconds": 2},
            "live": {**hasty, **given.get("live", {})},
        }
    )


def main(url: str, index: str, by: str, sampler: str, given: dict[str, Any]) -> None:
    """Work as told.

    Parameters
    ----------
    url : str
        Of Elasticsearch.
    index : str
        Where groups go.
    by : str
        Which hand telemetry over: our "processors", or our "exporters" within those of the SDK.
    sampler : str
        "default" or "always_on".
    given : dict
        Further settings of Stormcell.
    """
    tracers = TracerProvider() if sampler == "default" else TracerProvider(sampler=ALWAYS_ON)
    loggers = LoggerProvider()
    witness, client = Witness(), Elasticsearch(url)
    hub = Hub(settings(given), exporters=[IndexExporter(client, index)])
    tracers.add_span_processor(witness)
    loggers.add_log_record_processor(witness)
    if by == "processors":
        tracers.add_span_processor(StormcellSpanProcessor(hub))
        loggers.add_log_record_processor(StormcellLogRecordProcessor(hub))
    else:
        tracers.add_span_processor(BatchSpanProcessor(StormcellSpanExporter(hub)))
        loggers.add_log_record_processor(BatchLogRecordProcessor(StormcellLogRecordExporter(hub)))
    trace.set_tracer_provider(tracers)
    set_logger_provider(loggers)
    # All there is: libraries tell the most when they are debugged.
    logging.getLogger().addHandler(LoggingHandler(logger_provider=loggers))
    logging.getLogger().setLevel(logging.DEBUG)
    for line in sys.stdin:
        if line.strip() == "work":
            with witness.work():
                work(client)
        tracers.force_flush()
        loggers.force_flush()
        print(json.dumps(witness.seen), flush=True)
    tracers.shutdown()
    loggers.shutdown()


if __name__ == "__main__":
    _, url, index, by, sampler, given = sys.argv
    main(url, index, by, sampler, json.loads(given))

"""A service that exports all that is logged in it, at the level DEBUG: of us and of what we use, too."""

from __future__ import annotations

import logging
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from stormcell.sdk import Hub, StormcellLogRecordExporter, StormcellLogRecordProcessor
from tests.integration.sdk.server import Server
from tests.integration.sdk.service import PATIENCE, settings

IDLE = 3
HOMES = ("opentelemetry.instrumentation.logging.handler", "opentelemetry.sdk._logs")


def _handler(provider: LoggerProvider) -> logging.Handler:
    """Return the SDK's, which moved to a package of its own."""
    for home in HOMES:
        try:
            found = find_spec(home)
        except ModuleNotFoundError:
            continue
        if found is not None:
            made: logging.Handler = import_module(home).LoggingHandler(logger_provider=provider)
            return made
    raise AssertionError("there is none")


def main(folder: Path, way: str, mode: str) -> None:
    """Say something, be idle, and see that it stays so."""
    # The last of these is refused: that is logged, too.
    with Server(*[(200, {})] * 3, *[(400, {})] * 3) as server:
        sdk: dict[str, Any] = {"delay_seconds": 0.05}
        if mode == "endpoint":
            sdk["endpoint"] = server.url
        hub = Hub(settings(folder / "data", sdk=sdk))
        provider = LoggerProvider(shutdown_on_exit=False)
        ours: Any = StormcellLogRecordProcessor(hub)
        if way == "exporter":
            ours = StormcellLogRecordExporter(hub)
            provider.add_log_record_processor(BatchLogRecordProcessor(ours, schedule_delay_millis=50))
        else:
            provider.add_log_record_processor(ours)
        logging.basicConfig(level=logging.DEBUG, handlers=[_handler(provider)])
        for number in range(6):
            logging.getLogger("shop").error("order %d failed", number)
            assert provider.force_flush() in (True, False)
            time.sleep(0.3)

        def taken() -> int:
            counts = ours.counts()
            return int(counts["processed"] + counts.get("refused", 0))

        until = time.monotonic() + PATIENCE
        while taken() < 6:
            assert time.monotonic() < until, ours.counts()
            time.sleep(0.1)
        time.sleep(1)
        before, requests = ours.counts(), server.requests
        time.sleep(IDLE)
        assert ours.counts() == before, (before, ours.counts())
        assert server.requests == requests
        assert taken() == 6, before
        if mode == "endpoint":
            assert requests == 6
            assert before["own"] > 0, "we were heard, and dropped"
        provider.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

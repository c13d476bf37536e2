"""What is known of a log record goes with it, and never in the place of anything else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider, LogRecordLimits, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from stormcell.config import Settings
from stormcell.sdk import Hub, StormcellLogRecordProcessor
from stormcell.semconv import EXEMPLAR, GROUP_ID, SURPRISE, TEMPLATE

OURS = {GROUP_ID, EXEMPLAR, SURPRISE, TEMPLATE}
LIVE = {"tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 0.1}
PATIENCE = 60.0


class Service:
    """A service that logs, and sees what the processors behind ours see."""

    def __init__(self, data: Path) -> None:
        self.hub = Hub(Settings.model_validate({"live": {"data": data, **LIVE}}))
        self.seen = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
        self.provider = LoggerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
        self.ours = StormcellLogRecordProcessor(self.hub, annotate=True)
        self.provider.add_log_record_processor(self.ours)
        self.provider.add_log_record_processor(SimpleLogRecordProcessor(self.seen))

    def say(self, body: Any, **attributes: str) -> ReadableLogRecord:
        record = LogRecord(
            timestamp=time.time_ns(), body=body, severity_number=SeverityNumber.ERROR, attributes=attributes
        )
        self.provider.get_logger("shop").emit(record)
        return self.seen.get_finished_logs()[-1]

    def say_until_known(self, body: str) -> dict[str, object]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found: dict[str, object] = dict(self.say(body).log_record.attributes or {})
            if GROUP_ID in found:
                return found
            assert self.ours.force_flush()
            time.sleep(0.2)
        raise AssertionError("it was never known")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "data")
    yield made
    made.provider.shutdown()


def test_a_record_bears_its_group_its_template_and_how_surprising_it_is(service: Service) -> None:
    assert not OURS & set(service.say("order 17 cannot be paid").log_record.attributes or {})
    found = service.say_until_known("order 17 cannot be paid")
    assert set(found) == OURS
    assert found[TEMPLATE] == "order <*> cannot be paid"
    assert isinstance(found[SURPRISE], float)
    assert isinstance(found[EXEMPLAR], str)


def test_what_a_record_says_itself_stays_and_what_cannot_be_read_is_left_alone(service: Service) -> None:
    service.say_until_known("order 17 cannot be paid")
    found = dict(service.say("order 18 cannot be paid", order="18").log_record.attributes or {})
    assert found["order"] == "18"
    assert set(found) == OURS | {"order"}
    for odd in (None, "", 7, {"a": 1}, "never heard of"):
        assert not OURS & set(service.say(odd).log_record.attributes or {})
    full = {f"name{number}": "value" for number in range(LogRecordLimits().max_attributes or 128)}
    assert dict(service.say("order 19 cannot be paid", **full).log_record.attributes or {}) == full

"""What is grouped in the process, and that it is what a sidecar makes of the same telemetry."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.errors import StoreError
from stormcell.sdk import Hub
from stormcell.sdk.spool import Spool
from stormcell.store import SqliteStore
from stormcell.testing import InMemoryGroupExporter
from stormcell.types import Request, RequestKind
from tests.unit.sdk.doors import DOORS, Keeping, Service, serving, settings

doors = pytest.mark.parametrize("name", DOORS)
PLAIN = {"embedder": "none"}


def say_all(service: Service) -> None:
    for number in range(20):
        service.say(f"order {number} failed", {"order.size": number, "retry": number % 2 == 0})
    service.say("twice")
    service.say("twice")


@doors
def test_uids_are_those_of_a_sidecar_that_is_sent_the_same(name: str, tmp_path: Path) -> None:
    groups = InMemoryGroupExporter()
    seen_spans, seen_logs = InMemorySpanExporter(), InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    with serving(name, Hub(settings(tmp_path, text=PLAIN), exporters=[groups])) as service:
        if isinstance(service.provider, TracerProvider):
            service.provider.add_span_processor(SimpleSpanProcessor(seen_spans))
        else:
            service.provider.add_log_record_processor(SimpleLogRecordProcessor(seen_logs))
        say_all(service)
    if isinstance(service.provider, TracerProvider):
        kind, body = RequestKind.TRACES, encode_spans(seen_spans.get_finished_spans()).SerializeToString()
    else:
        kind, body = RequestKind.LOGS, encode_logs(seen_logs.get_finished_logs()).SerializeToString()
    request = Request(kind, body, time.time_ns())
    expected = {record.uid for record in Requests(settings(), Report()).records(request)}
    assert {uid for group in groups.groups() for uid in group.members} == expected
    assert len(expected) == 22


@doors
def test_what_was_flushed_is_grouped_though_nobody_shut_down(name: str, tmp_path: Path) -> None:
    hub = Keeping()
    with serving(name, hub) as service:
        say_all(service)
    first = Hub(settings(tmp_path, text=PLAIN, live={"idle_seconds": 1e6}))
    for request in hub.requests:
        first.send(request.kind, request.body)
    first.acquire()
    first.release(0)  # as a process that has no time
    groups = InMemoryGroupExporter()
    with serving("log-processor", Hub(settings(tmp_path, text=PLAIN), exporters=[groups])) as later:
        later.say("and on")
    assert sum(group.count for group in groups.groups()) == 23
    with SqliteStore(tmp_path / "stormcell.db", create=False) as store:
        assert {group.id for group in store.grouping().groups} >= {group.id for group in groups.groups()}


def test_of_two_hubs_on_a_folder_one_groups_for_both(tmp_path: Path) -> None:
    groups, none = InMemoryGroupExporter(), InMemoryGroupExporter()
    found = settings(tmp_path, text=PLAIN, live={"idle_seconds": 1e6})
    with serving("log-processor", Hub(found, exporters=[groups])) as one:
        one.say("a")
        assert one.flush()
        with serving("span-processor", Hub(found, exporters=[none])) as other:
            other.say("b")
            assert other.flush()
            assert other.processed() == 1
    assert {signal for group in groups.groups() for signal in group.signals} == {"log", "span"}
    assert none.groups() == []
    assert list(Spool(tmp_path / "spool", 1 << 20).take()) == []


@doors
def test_a_folder_that_cannot_be_used_is_said_and_tried_again(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("in the way")
    hub = Hub(settings(tmp_path / "data", text=PLAIN, sdk={"timeout_seconds": 0.1}))
    with serving(name, hub) as service, pytest.MonkeyPatch.context() as patch:
        patch.setattr("stormcell.sdk.exporters._SECONDS", 0.1)
        service.say("a")
        service.flush()
        assert service.dropped() == {"refused": 1}
        assert "cannot write to" in caplog.text
        (tmp_path / "data").unlink()
        service.say("b")
        service.flush()
        assert service.processed() == 1


def test_nothing_goes_on_where_it_could_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise StoreError("the disk is full")

    hub = Hub(settings(tmp_path, text=PLAIN, sdk={"timeout_seconds": 0.1}), exporters=[InMemoryGroupExporter()])
    before = set(threading.enumerate())
    with serving("log-processor", hub) as service:
        with monkeypatch.context() as patch:
            patch.setattr("stormcell.delivery.Delivery.start", fail)
            service.say("a")
            service.flush()
        assert service.dropped() == {"refused": 1}
        left = [one for one in threading.enumerate() if one not in before and "engine" in one.name]
        for thread in left:
            thread.join(10)
        assert not any(thread.is_alive() for thread in left)
        service.say("b")
        service.flush()
        assert service.processed() == 1


def test_a_service_waits_less_for_its_turn_while_there_is_an_engine(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    with serving("span-processor", Hub(settings(tmp_path))) as service:
        assert sys.getswitchinterval() == before
        service.say("a")
        assert service.flush()
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before

"""What is sent to a sidecar instead of being grouped here."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.errors import SettingsError
from stormcell.sdk import Hub
from stormcell.testing import InMemoryGroupExporter
from stormcell.types import NOTHING_KNOWN, Request, RequestKind, record_of
from tests.unit.sdk.doors import DOORS, made, serving, settings
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver, partial

doors = pytest.mark.parametrize("name", DOORS)
SERVICE = {"logs": "logs.v1.LogsService", "traces": "trace.v1.TraceService"}


def texts(kind: RequestKind, body: bytes) -> list[str]:
    reader = Requests(settings(), Report())
    return [record.text for record in reader.records(Request(kind, body, 0))]


@doors
@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_it_comes_to_a_receiver_and_nothing_is_kept_here(
    name: str, protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_SDK_HEADERS", "authorization=Bearer%20secret,x-tenant=a")
    kind = RequestKind.TRACES if "span" in name else RequestKind.LOGS
    with HttpReceiver() if protocol == "http" else GrpcReceiver() as receiver:
        hub = Hub(settings(tmp_path / "data", sdk={"endpoint": receiver.url}))
        with serving(name, hub) as service:
            service.say("a")
            service.say("b")
            assert service.flush()
            assert (service.processed(), service.dropped()) == (2, {})
    [request] = receiver.requests
    assert texts(kind, request.body) == ["a", "b"]
    path = f"/opentelemetry.proto.collector.{SERVICE[kind.value]}/Export"
    assert request.path == (f"/v1/{kind.value}" if protocol == "http" else path)
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["x-tenant"] == "a"
    assert not list(tmp_path.iterdir())


@doors
def test_one_that_is_busy_is_tried_again(name: str, tmp_path: Path) -> None:
    busy = Answer(503, {"retry-after": "0"})
    with (
        HttpReceiver(busy, Answer(429, {"retry-after": "0"})) as receiver,
        serving(name, Hub(settings(tmp_path, sdk={"endpoint": receiver.url}))) as service,
    ):
        service.say("a")
        service.flush()
        assert (service.processed(), service.dropped()) == (1, {})
    assert len({request.body for request in receiver.requests}) == 1
    assert len(receiver.requests) == 3


@doors
@pytest.mark.parametrize(
    "answer", [Answer(400), Answer(401), Answer(code=grpc.StatusCode.UNAUTHENTICATED)], ids=["400", "401", "grpc"]
)
def test_one_that_refuses_for_good_is_not(
    name: str, answer: Answer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    over_grpc = answer.code is not grpc.StatusCode.OK
    with (
        GrpcReceiver(answer) if over_grpc else HttpReceiver(answer) as receiver,
        serving(name, Hub(settings(tmp_path, sdk={"endpoint": receiver.url}))) as service,
    ):
        service.say("a")
        service.flush()
        service.say("b")
        service.flush()
        assert (service.processed(), service.dropped()) == (1, {"refused": 1})
    assert len(receiver.requests) == 2
    assert receiver.url.partition("://")[2] in caplog.text


@doors
def test_what_it_rejects_is_said(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        HttpReceiver(Answer(body=partial(1, "too old"))) as receiver,
        serving(name, Hub(settings(tmp_path, sdk={"endpoint": receiver.url}))) as service,
    ):
        service.say("a")
        service.flush()
    assert "too old" in caplog.text


def test_nothing_is_known_of_an_event_here(tmp_path: Path) -> None:
    with HttpReceiver() as receiver:
        hub = Hub(settings(tmp_path, sdk={"endpoint": receiver.url}))
        with serving("log-processor", hub) as service:
            service.say("a")
            service.flush()
            [body] = [request.body for request in receiver.requests]
            [record] = Requests(settings(), Report()).records(Request(RequestKind.LOGS, body, 0))
            assert hub.assign(record_of(record.event())) is hub.known(record) is NOTHING_KNOWN


@doors
def test_headers_that_are_wrong_are_said_without_what_is_in_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STORMCELL_SDK_HEADERS", "Bearer secret")
    with (
        HttpReceiver() as receiver,
        serving(name, Hub(settings(tmp_path, sdk={"endpoint": receiver.url}))) as service,
    ):
        service.say("a")
        service.flush()
        assert service.dropped() == {"refused": 1}
        assert "STORMCELL_SDK_HEADERS" in caplog.text
        assert "secret" not in caplog.text
        monkeypatch.setenv("STORMCELL_SDK_HEADERS", "authorization=Bearer secret")
        service.say("b")
        service.flush()
        assert service.processed() == 1
    assert [request.headers["authorization"] for request in receiver.requests] == ["Bearer secret"]


def test_exporters_that_can_get_nothing_are_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with HttpReceiver() as receiver:
        hub = Hub(settings(tmp_path, sdk={"endpoint": receiver.url}), exporters=[InMemoryGroupExporter()])
        with serving("log-processor", hub) as service:
            for _ in range(2):
                service.say("a")
                service.flush()
    [said] = [record.getMessage() for record in caplog.records if record.name == "stormcell.sdk"]
    assert "exporters of this process get nothing" in said


def test_an_endpoint_that_is_none_is_said_at_once() -> None:
    with pytest.raises((SettingsError, ValueError), match="expected"):
        made("span-processor", Hub(settings(sdk={"endpoint": "localhost"})))

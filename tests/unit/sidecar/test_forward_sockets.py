"""The journal, sent on over real sockets, as the settings want it and after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from pydantic import ValidationError

from stormcell.config import Settings, load
from stormcell.errors import SettingsError
from stormcell.sidecar.forward import Forwarder, Position, Rewriter, build
from stormcell.wire.endpoint import endpoint
from stormcell.wire.otlp import connect
from tests.unit.sidecar.otlp import ByUid, log, logs, span, traces
from tests.unit.sidecar.sending import FOUR, FakeJournal, Pauses, uids
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver, partial


@pytest.mark.parametrize("receives", [HttpReceiver, GrpcReceiver])
def test_over_real_sockets(tmp_path: Path, receives: type[HttpReceiver] | type[GrpcReceiver]) -> None:
    journal, pause = FakeJournal(FOUR[0], traces(span(1)), FOUR[1], FOUR[2]), Pauses()
    answers = (
        Answer(503, {"retry-after": "30"}, code=grpc.StatusCode.UNAVAILABLE, retry=30),
        Answer(429, {"retry-after": "40"}, code=grpc.StatusCode.RESOURCE_EXHAUSTED, retry=40),
        Answer(),
        Answer(body=partial(1, "no")),
        Answer(400, code=grpc.StatusCode.INVALID_ARGUMENT),
    )
    with receives(*answers) as receiver:
        client = connect(endpoint(receiver.url))
        forwarder = Forwarder(journal, client, Rewriter(ByUid()), Position(tmp_path / "p"), b"seed", pause)
        assert forwarder.step()
        client.close()
    assert pause.waited == [30, 40]
    bodies = [request.body for request in receiver.requests]
    assert bodies[0] == bodies[1] == bodies[2]
    assert uids(bodies[5]) == ["a2", "b2"]
    assert ["race" in request.path for request in receiver.requests] == [False, False, False, True, False, False]
    stats = forwarder.stats
    assert (stats.requests, stats.rejected, stats.refused_requests) == (3, 1, 1)


@pytest.mark.parametrize("receives", [HttpReceiver, GrpcReceiver])
def test_down_and_then_up(tmp_path: Path, receives: type[HttpReceiver] | type[GrpcReceiver]) -> None:
    with receives() as receiver:
        url, port = receiver.url, receiver.port
    enough = True

    def pause(seconds: float) -> bool:
        time.sleep(0.02)  # for gRPC to connect again
        return enough

    client = connect(endpoint(url))
    forwarder = Forwarder(FakeJournal(*FOUR), client, Rewriter(ByUid()), Position(tmp_path / "p"), b"s", pause)
    assert not forwarder.step()
    assert (forwarder.stats.failures, forwarder.position) == (1, 0)
    enough = False
    with receives(port=port) as receiver:
        assert forwarder.step()
        client.close()
        assert [uids(request.body)[0] for request in receiver.requests] == ["a0", "a1", "a2", "a3"]


def test_settings_make_a_forwarder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build(Settings(), tmp_path, FakeJournal(), ByUid()) is None
    (tmp_path / "headers").write_text("x-b=file\nx-c=a%20c\n")
    with HttpReceiver() as receiver:
        monkeypatch.setenv("STORMCELL_FORWARD__HEADERS_FILE", str(tmp_path / "headers"))
        monkeypatch.setenv("STORMCELL_FORWARD__ENDPOINT", receiver.url)
        monkeypatch.setenv("STORMCELL_FORWARD__SAMPLING", "true")
        forwarder = build(load(), tmp_path, FakeJournal(logs([log(f"{n}") for n in range(9)])), ByUid(0.0))
        assert forwarder is not None
        assert forwarder.step()
        forwarder.start()
        assert forwarder.stop(20)
    [request] = receiver.requests
    assert (request.headers["x-b"], request.headers["x-c"]) == ("file", "a c")
    assert request.headers["content-encoding"] == "gzip"
    assert (tmp_path / "forward.position").read_text() == "10\n"


@pytest.mark.parametrize(
    "forward", [{"endpoint": "here"}, {"endpoint": "http://u:p@h"}, {"sampling_per_template": 0}, {"unknown": 1}]
)
def test_settings_that_are_wrong_are_refused(forward: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"forward": forward})


@pytest.mark.parametrize(
    "forward",
    [
        {"headers_file": "/nowhere"},
        {"ca_file": "/nowhere"},
        {"ca_file": __file__},
        {"endpoint": "grpcs://h", "ca_file": "/nowhere"},
    ],
)
def test_files_and_headers_that_cannot_be_used_are_told_at_the_start(
    tmp_path: Path, forward: dict[str, object]
) -> None:
    settings = Settings.model_validate({"forward": {"endpoint": "https://h", **forward}})
    with pytest.raises(SettingsError):
        build(settings, tmp_path, FakeJournal(), ByUid())


def test_headers_come_from_the_environment_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpReceiver() as receiver:
        settings = Settings.model_validate({"forward": {"endpoint": receiver.url}})
        monkeypatch.setenv("STORMCELL_FORWARD_HEADERS", "a b=c")
        with pytest.raises(SettingsError, match="STORMCELL_FORWARD_HEADERS"):
            build(settings, tmp_path, FakeJournal(), ByUid())
        monkeypatch.setenv("STORMCELL_FORWARD_HEADERS", "Authorization=Bearer%20x")
        assert load()  # it is no setting, and none that is unknown
        forwarder = build(settings, tmp_path, FakeJournal(FOUR[0]), ByUid())
        assert forwarder is not None
        assert forwarder.step()
        forwarder.start()
        assert forwarder.stop(20)
    assert receiver.requests[0].headers["authorization"] == "Bearer x"


PROGRAM = """
import sys, time
from pathlib import Path
from stormcell.sidecar.forward import Forwarder, Position, Rewriter, forwarder as module
from stormcell.wire.endpoint import endpoint
from stormcell.wire.otlp import connect
from tests.unit.sidecar.otlp import ByUid
from tests.unit.sidecar.sending import FakeJournal, FOUR
module.SAVED_EVERY = 0.02
forwarder = Forwarder(
    FakeJournal(*FOUR * 500), connect(endpoint(sys.argv[1])), Rewriter(ByUid()), Position(Path(sys.argv[2]))
)
forwarder.start()
time.sleep(100)
"""


@pytest.mark.slow
def test_after_kill_9_everything_has_come_at_least_once(tmp_path: Path) -> None:
    position = tmp_path / "p"
    with HttpReceiver() as receiver:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        program = subprocess.Popen([sys.executable, "-c", PROGRAM, receiver.url, str(position)], env=environment)
        try:
            assert receiver.wait(100, 60)
            for _ in range(1000):
                if position.exists():
                    break
                time.sleep(0.005)
        finally:
            program.send_signal(signal.SIGKILL)
            program.wait()
        came = len(receiver.requests)
        assert came < 2000
        client = connect(endpoint(receiver.url))
        forwarder = Forwarder(FakeJournal(*FOUR * 500), client, Rewriter(ByUid()), Position(position))
        assert 0 < forwarder.position <= 10 * came
        assert forwarder.step()
        client.close()
        resumed = forwarder.stats.requests
        assert came + resumed >= 2000
        order = [uids(request.body)[0] for request in receiver.requests]
    assert order[-resumed:] == [f"a{n % 4}" for n in range(2000 - resumed, 2000)]

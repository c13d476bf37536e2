"""The journal, sent on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from pydantic import ValidationError

from stormcell.config import Settings, load
from stormcell.errors import DeliveryError, SettingsError, StoreError
from stormcell.sidecar.forward import Forwarder, Position, Rewriter, build
from stormcell.types import Request, RequestKind
from stormcell.wire.endpoint import endpoint
from stormcell.wire.otlp import Rejected, SignalName, connect
from tests.unit.sidecar.otlp import NOON, ByUid, attributes, log, logs, records, span, traces
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver, partial


@dataclass(frozen=True)
class Entry:
    start: int
    end: int
    request: Request


class FakeJournal:
    """A journal in memory: a position is ten times the number of a request."""

    def __init__(self, *requests: Request) -> None:
        self.requests = list(requests)
        self.first = 0
        self._came = threading.Condition()

    @property
    def end(self) -> int:
        return 10 * len(self.requests)

    def append(self, request: Request) -> None:
        with self._came:
            self.requests.append(request)
            self._came.notify_all()

    def read(self, position: int) -> Iterator[Entry]:
        assert position >= self.first
        for at in range(position // 10, len(self.requests)):
            yield Entry(10 * at, 10 * at + 10, self.requests[at])

    def wait(self, position: int, timeout: float) -> bool:
        with self._came:
            return self._came.wait_for(lambda: self.end > position, timeout)


class FakeClient:
    """Takes requests, unless it is told to fail."""

    def __init__(self, *failures: DeliveryError | Rejected | None) -> None:
        self.failures = deque(failures)
        self.taken: list[tuple[str, list[str]]] = []
        self.closed = False

    def send(self, signal: SignalName, request: bytes) -> Rejected:
        failure = self.failures.popleft() if self.failures else None
        if isinstance(failure, DeliveryError):
            raise failure
        self.taken.append((signal, uids(request)))
        return failure or Rejected(0, "")

    def close(self) -> None:
        self.closed = True


DOWN = DeliveryError("503", retryable=True)
REFUSED = DeliveryError("400", retryable=False)
FOUR = [logs([log(f"a{n}"), log(f"b{n}")]) for n in range(4)]


def uids(body: bytes) -> list[str]:
    return [attributes(record)["log.record.uid"] for record in records(body)]


class Pauses:
    """Waits without waiting, and says to stop once it has been asked so often."""

    def __init__(self, most: int = 1000) -> None:
        self.waited: list[float] = []
        self._most = most

    def __call__(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return len(self.waited) >= self._most


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Forwarder]:
    def make(journal: FakeJournal, client: FakeClient, pause: Pauses | None = None) -> Forwarder:
        return Forwarder(
            journal, client, Rewriter(ByUid()), Position(tmp_path / "forward.position"), b"seed", pause or Pauses()
        )

    return make


Make = Callable[..., Forwarder]


def test_requests_go_on_in_order_and_alerts_do_not(make: Make) -> None:
    alerts = Request(RequestKind.ALERTMANAGER, b'{"alerts": []}', NOON)
    broken = Request(RequestKind.LOGS, b"\xff", NOON)
    client = FakeClient()
    forwarder = make(FakeJournal(FOUR[0], alerts, broken, logs(), FOUR[1]), client)
    assert forwarder.behind == 50
    assert forwarder.step()
    assert client.taken == [("logs", ["a0", "b0"]), ("logs", ["a1", "b1"])]
    assert (forwarder.position, forwarder.behind) == (50, 0)
    stats = forwarder.stats
    assert (stats.requests, stats.records, stats.unreadable, stats.attempts) == (2, 4, 1, 2)


def test_while_the_other_side_is_down_the_position_stays(make: Make) -> None:
    journal, pause = FakeJournal(*FOUR), Pauses(3)
    client = FakeClient(None, DOWN, DOWN, DOWN)
    forwarder = make(journal, client, pause)
    assert not forwarder.step()  # told to stop at the third wait
    assert (forwarder.position, forwarder.stats.failures, forwarder.stats.problem) == (10, 3, "503")
    assert all(2**n / 2 <= wait <= 2**n for n, wait in enumerate(pause.waited))
    assert forwarder.step()
    assert [taken for _, taken in client.taken] == [[f"a{n}", f"b{n}"] for n in range(4)]
    assert (forwarder.position, forwarder.stats.failures, forwarder.stats.problem) == (40, 0, "")


def test_as_long_as_the_other_side_asks_for(make: Make) -> None:
    pause = Pauses()
    forwarder = make(FakeJournal(FOUR[0]), FakeClient(DeliveryError("429", retryable=True, retry_after=90)), pause)
    assert forwarder.step()
    assert pause.waited == [90]


def test_what_is_refused_is_counted_and_the_next_goes_on(make: Make) -> None:
    client = FakeClient(REFUSED, None, REFUSED, Rejected(1, "too old"))
    forwarder = make(FakeJournal(*FOUR), client)
    assert forwarder.step()
    assert [taken for _, taken in client.taken] == [["a1", "b1"], ["a3", "b3"]]
    stats = forwarder.stats
    assert (stats.refused_requests, stats.refused_records, stats.reasons) == (2, 4, {"400": 2})
    assert (stats.rejected, stats.records) == (1, 4)


def test_reasons_are_bounded(make: Make) -> None:
    client = FakeClient(*(DeliveryError(f"400 {n}", retryable=False) for n in range(100)))
    forwarder = make(FakeJournal(*(FOUR * 25)), client)
    forwarder.step()
    assert len(forwarder.stats.reasons) == 21
    assert sum(forwarder.stats.reasons.values()) == 100


def test_what_is_too_large_is_sent_in_parts(make: Make) -> None:
    """As far as parts are large at all; what is refused then is lost."""
    large = logs([log(f"{n}", "x" * 400_000) for n in range(3)], [log("3", "x" * 400_000)], [log("4")])

    class Limited(FakeClient):
        def send(self, signal: SignalName, request: bytes) -> Rejected:
            if len(request) > 1_000_000 or "1" in uids(request):
                raise REFUSED
            return super().send(signal, request)

    client = Limited()
    forwarder = make(FakeJournal(large, FOUR[0]), client)
    assert forwarder.step()
    assert client.taken == [("logs", ["2", "3", "4"]), ("logs", ["a0", "b0"])]
    assert (forwarder.stats.refused_records, forwarder.stats.records) == (2, 5)


def test_a_crash_after_sending_sends_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, client = FakeJournal(*FOUR[:2]), FakeClient()
    first = make(journal, client)
    assert first.step()
    journal.append(FOUR[2])
    journal.append(FOUR[3])
    with monkeypatch.context() as patch:

        def killed(*arguments: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Position, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            first.step()
    again = make(journal, client)
    assert again.position == 20
    assert again.step()
    assert [taken[0] for _, taken in client.taken] == ["a0", "a1", "a2", "a3", "a2", "a3"]


def test_what_the_journal_let_go_of_is_counted(make: Make) -> None:
    journal, client = FakeJournal(*FOUR), FakeClient()
    journal.first = 20
    forwarder = make(journal, client)  # nothing saved: from the first that there is
    assert forwarder.step()
    assert forwarder.stats.skipped == 0
    journal.append(FOUR[0])
    journal.append(FOUR[1])
    journal.first = 50
    assert forwarder.step()
    assert forwarder.stats.skipped == 10
    assert [taken[0] for _, taken in client.taken] == ["a2", "a3", "a1"]


def test_a_position_of_another_journal_is_none(make: Make, tmp_path: Path) -> None:
    (tmp_path / "forward.position").write_text("99\n")
    assert make(FakeJournal(*FOUR), FakeClient()).position == 0


@pytest.mark.parametrize("content", [b"-1", b"ten", b"", b"\xff"])
def test_a_position_that_is_none_is_refused(make: Make, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "forward.position").write_bytes(content)
    with pytest.raises(StoreError, match=r"forward\.position"):
        make(FakeJournal(), FakeClient())


def test_a_position_reads_back(tmp_path: Path) -> None:
    position = Position(tmp_path / "p")
    assert position.load() is None
    for value in (0, 2**70):
        position.save(value)
        assert position.load() == value


def test_a_journal_that_fails_is_read_again(make: Make) -> None:
    journal, client = FakeJournal(FOUR[0]), FakeClient()
    read, failed = journal.read, threading.Event()

    def fails(position: int) -> Iterator[Entry]:
        if not failed.is_set():
            failed.set()
            raise StoreError("the disk is gone")
        return read(position)

    journal.read = fails  # type: ignore[method-assign]  # it fails once
    forwarder = make(journal, client)
    forwarder.start()
    assert forwarder.stop(20)
    assert client.closed
    assert [taken for _, taken in client.taken] in ([], [["a0", "b0"]])
    assert failed.is_set()


def test_the_thread_sends_what_comes_and_drains_at_the_end(make: Make) -> None:
    journal, client = FakeJournal(), FakeClient()
    forwarder = make(journal, client)
    forwarder.start()
    for request in FOUR:
        journal.append(request)
    assert forwarder.stop(20)
    assert [taken[0] for _, taken in client.taken] == ["a0", "a1", "a2", "a3"]
    assert client.closed
    assert forwarder.position == 40


def test_an_outage_does_not_hold_up_the_end(tmp_path: Path) -> None:
    journal, client = FakeJournal(*FOUR), FakeClient(*[DOWN] * 1000)
    forwarder = Forwarder(journal, client, Rewriter(ByUid()), Position(tmp_path / "p"), b"seed")
    forwarder.start()
    assert forwarder.stop(20)
    assert (client.taken, forwarder.position) == ([], 0)
    forwarder = Forwarder(journal, client, Rewriter(ByUid()), Position(tmp_path / "p"), b"seed")
    assert forwarder.stop(0)  # never started


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
from tests.unit.sidecar.test_forwarder import FakeJournal, FOUR
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

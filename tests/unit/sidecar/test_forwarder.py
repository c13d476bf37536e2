"""The journal, sent on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stormcell.errors import DeliveryError, StoreError
from stormcell.sidecar.forward import Forwarder, Position, Rewriter
from stormcell.types import Request, RequestKind
from stormcell.wire.otlp import Rejected, SignalName
from tests.unit.sidecar.otlp import NOON, ByUid, log, logs
from tests.unit.sidecar.sending import DOWN, FOUR, REFUSED, Entry, FakeClient, FakeJournal, Pauses, uids


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

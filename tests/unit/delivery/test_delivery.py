"""Groups from the outbox to exporters."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from stormcell.delivery import Courier, Delivery, Destination
from stormcell.delivery.courier import GIVE_UP
from stormcell.errors import DeliveryError, OutputError, StoreError
from stormcell.store import SqliteStore
from stormcell.testing import FakeClock
from stormcell.types import Group
from stormcell_exporters.otlp import OtlpExporter
from stormcell_exporters.webhook import WebhookExporter
from tests.unit.render.samples import START, grouping
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver

SECOND = 10**9
GROUPING = grouping()
FIRST, SECOND_GROUP, THIRD = GROUPING.groups
DOWN = DeliveryError("503", retryable=True)
REFUSED = DeliveryError("400", retryable=False)


class FakeExporter:
    """Takes groups, unless it is told to fail."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = deque(failures)
        self.taken: list[tuple[str, int]] = []
        self.closed = False
        self.came = threading.Event()
        self.never: set[str] = set()

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        assert target == "there"
        failure = self.failures.popleft() if self.failures else None
        [group] = groups
        if group.id in self.never:
            failure = DOWN
        if failure is not None:
            raise failure
        self.taken.append((group.id, group.revision))
        self.came.set()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], SqliteStore]:
    return lambda: SqliteStore(tmp_path / "stormcell.db", create=True)


@pytest.fixture
def store(open_store: Callable[[], SqliteStore]) -> Iterator[SqliteStore]:
    with open_store() as store:
        store.save(GROUPING, [])
        yield store


def courier(exporter: FakeExporter, open_store: Callable[[], SqliteStore], clock: FakeClock) -> Courier:
    return Courier(Destination("hook", exporter, "there"), open_store, clock, b"seed")


def put(store: SqliteStore, clock: FakeClock, *groups: Group, name: str = "hook") -> None:
    store.put_outbox([(name, group) for group in groups], clock.now())


def test_what_is_taken_leaves_the_outbox(store: SqliteStore, open_store: Callable[[], SqliteStore]) -> None:
    clock, exporter = FakeClock(START), FakeExporter()
    put(store, clock, FIRST, replace(FIRST, revision=2, status="resolved"), THIRD)
    carrier = courier(exporter, open_store, clock)
    assert carrier.step() is None
    assert exporter.taken == [(FIRST.id, 1), (THIRD.id, 1), (FIRST.id, 2)]
    assert store.outbox_pending() == []
    assert (carrier.progress.delivered, carrier.progress.attempts, carrier.progress.problem) == (3, 3, "")
    carrier.close()


def test_after_a_failure_nothing_is_tried_for_a_while(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    clock, exporter = FakeClock(START), FakeExporter(DOWN, DOWN, DOWN)
    put(store, clock, FIRST, THIRD)
    carrier = courier(exporter, open_store, clock)
    waits = []
    for failures in (1, 2, 3):
        until = carrier.step()
        assert until is not None
        assert carrier.step() == until  # and nothing was tried
        assert (carrier.progress.attempts, carrier.progress.failures) == (failures, failures)
        assert carrier.progress.problem == "503"
        waits.append((until - clock.now()) / SECOND)
        clock.at = until
    assert all(2**n / 2 <= wait <= 2**n for n, wait in enumerate(waits))
    assert carrier.step() is None
    assert sorted(exporter.taken) == sorted([(FIRST.id, 1), (THIRD.id, 1)])
    assert (carrier.progress.failures, carrier.progress.closed_until) == (0, 0)
    carrier.close()


def test_as_long_as_the_other_side_asks_for(store: SqliteStore, open_store: Callable[[], SqliteStore]) -> None:
    clock = FakeClock(START)
    exporter = FakeExporter(DeliveryError("429", retryable=True, retry_after=120))
    put(store, clock, FIRST)
    carrier = courier(exporter, open_store, clock)
    assert carrier.step() == clock.now() + 120 * SECOND
    clock.advance(120)
    assert carrier.step() is None
    assert exporter.taken == [(FIRST.id, 1)]
    carrier.close()


@pytest.mark.parametrize("failure", [REFUSED, OutputError("no"), TypeError("of others")])
def test_what_is_refused_is_given_up_and_the_next_goes_on(
    store: SqliteStore, open_store: Callable[[], SqliteStore], failure: Exception
) -> None:
    clock, exporter = FakeClock(START), FakeExporter(failure)
    put(store, clock, FIRST, THIRD)
    carrier = courier(exporter, open_store, clock)
    assert carrier.step() is None
    assert exporter.taken == [(THIRD.id, 1)]
    [dead] = store.dead_letters()
    assert dead.group == replace(FIRST, signals=dict(FIRST.signals))
    assert str(failure) in dead.problem
    assert carrier.progress.dead == 1
    carrier.close()


def test_one_that_is_never_taken_holds_up_its_own_group_only(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    clock, exporter = FakeClock(START), FakeExporter()
    exporter.never = {FIRST.id}
    put(store, clock, FIRST)
    carrier = courier(exporter, open_store, clock)
    for revision in range(2, 6):
        until = carrier.step()
        put(store, clock, replace(FIRST, revision=revision), replace(THIRD, revision=revision))
        assert until is not None
        clock.at = until
    assert exporter.taken == [(THIRD.id, revision) for revision in range(2, 5)]
    clock.advance(GIVE_UP / SECOND)
    exporter.never = set()
    assert carrier.step() is None
    assert [group for group in exporter.taken if group[0] == FIRST.id] == [(FIRST.id, 1), (FIRST.id, 5)]
    carrier.close()


def test_one_that_is_not_taken_in_a_day_is_given_up(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    clock, exporter = FakeClock(START), FakeExporter()
    exporter.never = {FIRST.id}
    put(store, clock, FIRST)
    carrier = courier(exporter, open_store, clock)
    tries = 0
    while (until := carrier.step()) is not None:
        clock.at = until
        tries += 1
    assert tries > 1000  # once a minute
    [dead] = store.dead_letters()
    assert dead.problem == "given up after a day: 503"
    carrier.close()


def test_a_store_that_fails_is_tried_again(tmp_path: Path) -> None:
    def fails() -> SqliteStore:
        raise StoreError("the disk is full")

    clock, exporter = FakeClock(START), FakeExporter()
    carrier = courier(exporter, fails, clock)
    until = carrier.step()
    assert until is not None
    assert until > clock.now()
    assert carrier.progress.problem == "the disk is full"


def test_what_was_handed_over_but_not_noted_goes_again(
    store: SqliteStore, open_store: Callable[[], SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, exporter = FakeClock(START), FakeExporter()
    put(store, clock, FIRST)
    with monkeypatch.context() as patch:

        def killed(*arguments: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(SqliteStore, "outbox_done", killed)
        with pytest.raises(KeyboardInterrupt):
            courier(exporter, open_store, clock).step()
    again = courier(exporter, open_store, clock)
    assert again.step() is None
    assert exporter.taken == [(FIRST.id, 1)] * 2
    again.close()


def test_threads_wake_when_something_comes_and_drain_at_the_end(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    clock, quick = FakeClock(START), FakeExporter()
    held, slow = threading.Event(), FakeExporter()
    free = slow.export

    def export(groups: Sequence[Group], target: str | Path) -> None:
        held.wait(20)
        free(groups, target)

    slow.export = export  # type: ignore[method-assign]  # it waits
    destinations = [Destination("quick", quick, "there"), Destination("slow", slow, "there")]
    delivery = Delivery(destinations, open_store, clock)
    delivery.start()
    put(store, clock, FIRST, name="slow")
    put(store, clock, FIRST, name="quick")
    delivery.wake()
    assert quick.came.wait(20)  # the slow one does not hold it up
    assert slow.taken == []
    clock.advance(5)
    stats = delivery.stats()["slow"]
    assert (stats.pending, stats.dead, stats.oldest_seconds) == (1, 0, 5)
    put(store, clock, THIRD, name="slow")
    put(store, clock, THIRD, name="quick")
    held.set()
    assert delivery.stop(20)
    for exporter in (quick, slow):
        assert exporter.taken == [(FIRST.id, 1), (THIRD.id, 1)]
        assert exporter.closed
    assert store.outbox_pending() == []
    assert delivery.stats()["quick"].progress.delivered == 2


def test_stopping_waits_for_nobody_longer_than_its_grace(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    clock, exporter = FakeClock(START), FakeExporter()
    began, held = threading.Event(), threading.Event()

    def export(groups: Sequence[Group], target: str | Path) -> None:
        began.set()
        held.wait(20)

    exporter.export = export  # type: ignore[method-assign]  # it hangs
    put(store, clock, FIRST, THIRD)
    delivery = Delivery([Destination("hook", exporter, "there")], open_store, clock)
    delivery.start()
    assert began.wait(20)
    assert not delivery.stop(0)
    held.set()
    assert delivery.stop(20)
    assert [letter.group.id for letter in store.outbox_pending()] == [THIRD.id]  # none was begun after the grace


def test_a_delivery_that_was_never_started_stops(open_store: Callable[[], SqliteStore]) -> None:
    delivery = Delivery([Destination("hook", FakeExporter(), "there")], open_store, FakeClock(START))
    assert delivery.stop(1)
    with pytest.raises(ValueError, match="same name"):
        Delivery([Destination("a", FakeExporter(), "")] * 2, open_store, FakeClock(START))


@pytest.mark.parametrize("kind", ["webhook", "otlp", "otlp-grpc"])
def test_over_real_sockets(store: SqliteStore, open_store: Callable[[], SqliteStore], kind: str) -> None:
    clock = FakeClock(START)
    busy = Answer(429, {"retry-after": "60"}, code=grpc.StatusCode.UNAVAILABLE, retry=60)
    bad = Answer(400, code=grpc.StatusCode.INVALID_ARGUMENT)
    put(store, clock, FIRST, THIRD)
    with GrpcReceiver(busy, bad) if kind == "otlp-grpc" else HttpReceiver(busy, bad) as receiver:
        exporter = WebhookExporter() if kind == "webhook" else OtlpExporter()
        carrier = Courier(Destination("hook", exporter, receiver.url), open_store, clock, b"seed")
        assert carrier.step() == clock.now() + 60 * SECOND
        clock.advance(60)
        assert carrier.step() is None
        exporter.close()
    carrier.close()
    assert len(receiver.requests) == 3
    assert [letter.group.id for letter in store.dead_letters()] == [THIRD.id]  # it had been tried less often
    assert carrier.progress.delivered == 1

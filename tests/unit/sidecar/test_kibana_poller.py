"""Alerts that Kibana keeps are handed over, each as often as it says something new."""

from __future__ import annotations

import contextlib
import json
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.access import Authenticator
from stormcell.config import KibanaAlertsSettings, Settings
from stormcell.decode.report import Report
from stormcell.decode.requests import Requests, check
from stormcell.errors import DeliveryError, OutputError, RefusedError, StoreError
from stormcell.sidecar.intake import Intake
from stormcell.sidecar.kibana import Poller, poller
from stormcell.sidecar.position import Position
from stormcell.types import Event
from tests.unit.engine.engines import until
from tests.unit.sidecar.alert_pages import Clock, FakeIndex, Inbox, ms

DOWN = DeliveryError("it is down", retryable=True)


class Polling:
    """A poller of an index that stands in, and what came of it; it can be started anew as after a crash."""

    def __init__(self, folder: Path, at: float = 3600, **options: Any) -> None:
        self.index, self.clock, self.inbox, self.kept = FakeIndex(), Clock(at), Inbox(), Position(folder / "p")
        self.settings = KibanaAlertsSettings.model_validate({"overlap_seconds": 300, **options})
        self.limit: int | None = None
        self.again()

    def again(self) -> None:
        everything = Settings()
        intake = Intake(everything, self.inbox, Authenticator(everything.receivers), check, self.clock)
        intake.limit = self.limit or intake.limit
        self.intake = intake
        self.poller = Poller(self.settings, self.index, intake, self.kept, self.clock, b"seed")

    def step(self) -> list[tuple[str, str]]:
        """Do a round; return what it handed over: which alert, and how it stands."""
        before = len(self.inbox.kept)
        self.poller.step()
        return [(event.uid.split("@")[0], event.status) for event in self.events(before)]

    def events(self, before: int = 0) -> list[Event]:
        requests = Requests(Settings(), Report())
        return [record.event() for kept in self.inbox.kept[before:] for record in requests.records(kept)]


@pytest.fixture
def polling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Polling:
    monkeypatch.setattr(poller, "SAVED_EVERY", 0.0)
    return Polling(tmp_path)


def test_at_the_very_first_start_what_changed_lately_is_fetched(polling: Polling) -> None:
    polling.index.put("long-ago", at=-1)
    polling.index.put("lately", at=0, start=-90_000)
    assert polling.step() == [("lately", "firing")]
    assert polling.step() == []


def test_what_comes_then_is_fetched_and_what_changes(polling: Polling) -> None:
    polling.index.put("a", at=3500)
    assert polling.step() == [("a", "firing")]
    polling.index.put("b", at=3590)
    assert polling.step() == [("b", "firing")]
    # It goes on firing.
    polling.index.put("a", at=3595, start=3500)
    assert polling.step() == []
    polling.index.put("a", at=3599, start=3500, end=3598)
    assert polling.step() == [("a", "resolved")]
    assert polling.step() == []
    stats = polling.poller.stats
    assert (stats.rounds, stats.taken, stats.odd, stats.problem) == (5, 3, 0, "")
    assert stats.known > 0


def test_what_shows_up_late_is_fetched_up_to_the_overlap(polling: Polling) -> None:
    polling.index.put("a", at=3000)
    polling.step()
    polling.index.put("late", at=2700)
    polling.index.put("too-late", at=2699)
    assert polling.step() == [("late", "firing")]


def test_what_was_long_before_is_forgotten(polling: Polling) -> None:
    """Or else memory would grow; one that is written anew then comes once more, and counts once."""
    polling.index.put("a", at=3000)
    polling.index.put("b", at=3500)
    assert len(polling.step()) == 2
    polling.step()
    for name in ("a", "b"):
        polling.index.put(name, at=3550, start={"a": 3000, "b": 3500}[name])
    assert polling.step() == [("a", "firing")]


def test_an_alert_that_ends_without_being_written_anew_is_fetched(polling: Polling) -> None:
    """As those of a rule that is switched off: only their end says so."""
    polling.index.put("old", at=100)
    polling.index.put("new", at=3500)
    polling.step()
    polling.index.put("old", at=100, end=3550)
    assert polling.step() == [("old", "resolved")]
    assert polling.step() == []


def test_a_flood_is_read_page_by_page(polling: Polling) -> None:
    for number in range(1201):
        polling.index.put(f"{number:04}", at=3000)  # all by one run of one rule
    assert len(polling.step()) == 1201
    assert [size for _, size, _ in polling.index.asked] == [500, 500, 500]
    assert [len(json.loads(kept.body)) for kept in polling.inbox.kept] == [500, 500, 201]
    assert polling.step() == []


def test_while_it_fails_nothing_moves_on(polling: Polling) -> None:
    for number in range(600):
        polling.index.put(f"{number:03}", at=1000 + number)
    polling.index.before = [None, DOWN]
    with pytest.raises(DeliveryError):
        polling.step()
    # The first page is handed over, and not once more.
    assert len(polling.inbox.kept) == 1
    assert len(polling.step()) == 100
    assert len(polling.events()) == 600


def test_what_the_journal_does_not_take_is_fetched_again(polling: Polling) -> None:
    polling.index.put("a", at=3500)
    polling.inbox.refusals = [RefusedError("the journal is full", retry_after=5)]
    with pytest.raises(RefusedError):
        polling.step()
    polling.again()
    assert polling.step() == [("a", "firing")]


def test_after_a_crash_it_goes_on_where_it_was(polling: Polling) -> None:
    for number in range(20):
        polling.index.put(f"{number:02}", at=100 * number)
    polling.step()
    polling.step()  # by now the journal has it for sure
    polling.again()
    polling.clock.seconds = 90_000  # it was down for a day
    polling.index.put("meanwhile", at=5000)
    # What was within the overlap comes again, and counts once, as it is the same.
    assert polling.step() == [*((f"{number:02}", "firing") for number in range(16, 20)), ("meanwhile", "firing")]


def test_a_time_is_saved_only_once_the_journal_has_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "SAVED_EVERY", 1e9)
    polling = Polling(tmp_path)
    polling.index.put("a", at=3500)
    polling.step()
    # That there was a start is noted at once.
    assert polling.kept.load() == ms(300)
    monkeypatch.setattr(poller, "SAVED_EVERY", 0.0)
    for _ in range(3):
        polling.step()
    assert polling.kept.load() == polling.poller.position == ms(3500)


def test_what_comes_from_the_future_takes_nothing_with_it(polling: Polling) -> None:
    polling.index.put("future", at=10**8)
    assert polling.step() == [("future", "firing")]
    polling.clock.seconds += 60
    polling.index.put("now", at=3630)
    assert polling.step() == [("now", "firing")]


def test_documents_that_cannot_be_read_are_counted_once(
    polling: Polling, caplog: pytest.LogCaptureFixture
) -> None:
    polling.index.put("a", at=3000)
    polling.index.put("odd", at=3001, more={"kibana.alert.start": "at\x1b[2J noon"})
    polling.index.put("b", at=3002)
    with caplog.at_level(logging.WARNING):
        assert polling.step() == [("a", "firing"), ("b", "firing")]
        assert polling.step() == []
    assert polling.poller.stats.odd == 1
    [said] = caplog.messages
    assert "kibana.alert.start" in said
    assert said.isprintable()
    # It is mended.
    polling.index.put("odd", at=3003)
    assert polling.step() == [("odd", "firing")]


def test_where_an_answer_is_too_large_fewer_are_asked_for(polling: Polling) -> None:
    for number in range(8):
        polling.index.put(f"{number}", at=3000 + number)
    polling.index.put("8", at=3008, more={"kibana.alert.reason": "x" * 100_000})
    polling.index.put("9", at=3009)
    polling.index.too_large = 4000
    assert [name for name, _ in polling.step()] == [*"01234567", "9"]
    assert polling.poller.stats.odd == 1
    assert polling.step() == []


def test_no_request_is_larger_than_it_may_be(polling: Polling) -> None:
    polling.limit = 5000
    polling.again()
    for number in range(40):
        polling.index.put(f"{number:02}", at=3000 + number)
    polling.index.put("large", at=3050, more={"kibana.alert.reason": "x" * 6000})
    assert len(polling.step()) == 40
    assert max(len(kept.body) for kept in polling.inbox.kept) <= 5000
    assert polling.poller.stats.odd == 1
    assert polling.step() == []


def test_without_the_right_to_read_it_says_so(polling: Polling) -> None:
    polling.index.shards, polling.index.allowed = 0, False
    with pytest.raises(DeliveryError, match=r"right to read \.alerts-\*") as raised:
        polling.step()
    assert raised.value.status == 403
    polling.index.allowed = True  # there are no alerts yet
    assert polling.step() == []


def test_a_position_that_cannot_be_read_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("noon")
    with pytest.raises(StoreError, match="begin as at the very first start"):
        Poller(
            KibanaAlertsSettings(),
            FakeIndex(),
            Polling(tmp_path / "other").intake,
            Position(tmp_path / "p", "begin as at the very first start"),
            Clock(0),
        )


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Polling], Polling]]:
    started: list[Polling] = []

    def start(made: Polling) -> Polling:
        started.append(made)
        made.poller._backoff._first = made.poller._backoff._longest = 0.01  # tests do not wait
        made.poller.start()
        return made

    yield start
    for one in started:
        one.poller.stop(20)


def test_the_thread_goes_on_whatever_happens(
    tmp_path: Path, running: Callable[[Polling], Polling], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Polling(tmp_path, every_seconds=0.01)
    made.index.before = [
        DeliveryError("wrong", retryable=True, status=401),
        DOWN,
        OSError("what nobody thought of"),  # type: ignore[list-item]
        OutputError("the disk is full"),  # type: ignore[list-item]
    ]
    made.inbox.refusals = [RefusedError("the journal is full", retry_after=0.01)]
    made.index.put("a", at=3500)
    running(made)
    until(lambda: made.poller.stats.rounds >= 2)
    stats = made.poller.stats
    assert stats.failures == {"401": 1, "unreachable": 1, "error": 2, "overload": 1}
    assert (stats.problem, stats.taken) == ("", 1)
    made.poller.stop(20)
    assert made.index.closed


def test_what_is_wrong_is_said_while_it_lasts(tmp_path: Path, running: Callable[[Polling], Polling]) -> None:
    made = Polling(tmp_path, every_seconds=0.01)
    made.index.before = [DOWN] * 10**6
    running(made)
    until(lambda: made.poller.stats.failures["unreachable"] >= 2)
    assert made.poller.stats.problem == "it is down"
    made.index.before = []
    until(lambda: made.poller.stats.rounds >= 1)
    assert made.poller.stats.problem == ""


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 7))
def test_none_is_lost_and_none_is_new_twice(
    tmp_path_factory: pytest.TempPathFactory, seed: int, page: int
) -> None:
    """Whatever fails, crashes, shows up late or changes meanwhile."""
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poller, "SAVED_EVERY", 0.0)
        patch.setattr(poller, "PAGE", page)
        made = Polling(tmp_path_factory.mktemp("p"), at=0, overlap_seconds=50, lookback_seconds=50)
        ends: dict[str, int | None] = {}
        starts: dict[str, int] = {}
        crashes = 1
        for _ in range(20):
            made.clock.seconds += chance.randrange(100)
            now = int(made.clock.seconds)
            for _ in range(chance.randrange(4)):
                name = f"{len(starts)}"
                ends[name] = None
                starts[name] = at = now - chance.randrange(50)
                made.index.put(name, at=at)
            for name in [name for name, end in ends.items() if end is None]:
                if chance.random() < 0.2:
                    ends[name] = now
                    made.index.put(
                        name, at=now if chance.random() < 0.5 else starts[name], start=starts[name], end=now
                    )
            made.index.before = [chance.choice([None, None, DOWN]) for _ in range(chance.randrange(3))]
            if chance.random() < 0.2:
                made.inbox.refusals = [RefusedError("full", retry_after=1)]
            with contextlib.suppress(DeliveryError, RefusedError):
                made.poller.step()
            if chance.random() < 0.1:
                made.again()
                crashes += 1
        made.index.before, made.inbox.refusals = [], []
        made.poller.step()
        told = [(event.uid.split("@")[0], event.status) for event in made.events()]
        for name, end in ends.items():
            assert end is None or (name, "resolved") in told
            assert end is not None or (name, "firing") in told
        assert max((told.count(one) for one in told), default=0) <= crashes

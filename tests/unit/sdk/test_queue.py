"""The queue between a service and the thread that hands on: bounded, and never waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stormcell.errors import DeliveryError
from tests.unit.sdk.doors import PROCESSORS, Keeping, behind, made, serving, settings

processors = pytest.mark.parametrize("name", PROCESSORS)


class Hanging(Keeping):
    """Keeps nothing before it is let go on."""

    def __init__(self) -> None:
        super().__init__(settings(sdk={"queue": 4, "batch": 2}), self.hang)
        self.entered, self.go_on = threading.Event(), threading.Event()

    def hang(self) -> None:
        self.entered.set()
        assert self.go_on.wait(60)


@pytest.fixture
def hub() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.go_on.set()


@processors
def test_what_there_is_no_room_for_is_dropped_and_the_rest_is_not(name: str, hub: Hanging) -> None:
    with serving(name, hub) as service:
        for text in ("a", "b"):  # a batch
            service.say(text)
        assert hub.entered.wait(60)
        for text in ("c", "d", "e", "f", "g", "h"):
            service.say(text)
        assert service.door.waiting == 4
        assert (service.processed(), service.dropped()) == (0, {"queue_full": 2})
        hub.go_on.set()
        assert service.flush()
        assert (service.processed(), service.dropped()) == (6, {"queue_full": 2})
        service.say("i")
        assert service.flush()
    assert hub.texts() == ["a", "b", "c", "d", "e", "f", "i"]
    assert len(hub.requests) == 4


@processors
def test_a_flush_says_whether_it_was_done_in_time(name: str, hub: Hanging) -> None:
    with serving(name, hub) as service:
        assert service.door.force_flush(1) is True  # of nothing
        service.say("a")
        assert service.door.force_flush(1) is False
        hub.go_on.set()
        assert service.door.force_flush() is True
    assert hub.texts() == ["a"]


@processors
def test_a_flush_of_what_is_refused_is_not_done(name: str) -> None:
    hub = Keeping()
    with serving(name, hub) as service:

        def refuse() -> None:
            raise DeliveryError("no such tenant", retryable=False)

        hub.answer = refuse
        service.say("a")
        assert service.door.force_flush() is False
        hub.answer = lambda: None
        service.say("b")
        assert service.door.force_flush() is True


@processors
def test_a_shutdown_waits_no_longer_than_it_may_and_counts_what_it_left(name: str, hub: Hanging) -> None:
    service = behind(made(name, hub))
    service.say("a")
    service.say("b")
    assert hub.entered.wait(60)
    service.say("c")
    service.door.shutdown(timeout_millis=10)
    assert hub.released == 1
    assert service.dropped() == {"shutdown": 1}
    service.say("d")
    assert service.dropped() == {"shutdown": 2}
    hub.go_on.set()
    service.door.force_flush()
    for thread in threading.enumerate():
        if thread.name.startswith("stormcell-"):
            thread.join(60)
    assert (service.processed(), service.dropped()) == (2, {"shutdown": 2})
    assert hub.texts() == ["a", "b"]


@processors
def test_where_no_thread_can_be_started_a_shutdown_hands_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    hub = Keeping()
    service = behind(made(name, hub))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        service.say("a")
        service.say("b")
        service.door.shutdown()
    assert hub.texts() == ["a", "b"]
    assert (service.processed(), service.dropped()) == (2, {})


@processors
def test_once_threads_can_be_started_it_goes_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    hub = Keeping()
    with serving(name, hub) as service:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            service.say("a")
        service.say("b")
        assert service.flush()
        assert hub.texts() == ["a", "b"]

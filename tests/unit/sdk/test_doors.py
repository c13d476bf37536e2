"""What both processors and both exporters keep to, behind real providers of the SDK."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from stormcell import threads
from stormcell.errors import DeliveryError, RefusedError
from stormcell.types import RequestKind, Signal
from tests.unit.sdk.doors import DOORS, EXPORTERS, PROCESSORS, Keeping, behind, made, serving, settings

doors = pytest.mark.parametrize("name", DOORS)


def failing(*errors: Exception) -> Callable[[], None]:
    """Fail with these, one after the other, and then no more."""
    left = list(errors)

    def answer() -> None:
        if left:
            raise left.pop(0)

    return answer


def in_our_thread(call: Callable[[], None]) -> None:
    def run() -> None:
        threads.begin()
        call()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@doors
def test_what_is_said_arrives_as_it_was_said(name: str) -> None:
    hub = Keeping()
    with serving(name, hub) as service:
        for number in range(5):
            service.say(f"order {number} failed", {"order.size": number})
        assert service.flush()
    events = hub.events()
    assert [event.text for event in events] == [f"order {number} failed" for number in range(5)]
    assert {event.signal for event in events} == {Signal.SPAN if "span" in name else Signal.LOG}
    assert {event.service for event in events} == {"shop"}
    assert [event.attributes["order.size"] for event in events] == list(range(5))
    assert len(hub.requests) == 1
    assert hub.requests[0].kind is (RequestKind.TRACES if "span" in name else RequestKind.LOGS)
    assert (service.processed(), service.dropped(), service.door.waiting) == (5, {}, 0)


@doors
def test_a_shutdown_hands_over_what_waits_and_lets_go_of_the_hub_once(name: str) -> None:
    hub = Keeping()
    service = behind(made(name, hub))
    assert (hub.held, hub.released) == (1, 0)
    service.say("the last words")
    service.provider.shutdown()
    assert hub.texts() == ["the last words"]
    service.door.shutdown()
    service.door.shutdown(timeout_millis=0)
    assert (hub.held, hub.released) == (1, 1)


@pytest.mark.parametrize("name", PROCESSORS)
def test_what_is_said_after_a_shutdown_is_counted(name: str) -> None:
    hub = Keeping()
    service = behind(made(name, hub))
    service.say("before")
    service.door.shutdown()
    service.say("after")
    service.say("after that")
    assert service.door.force_flush()
    assert hub.texts() == ["before"]
    assert (service.processed(), service.dropped()) == (1, {"shutdown": 2})


@pytest.mark.parametrize("name", EXPORTERS)
def test_what_is_exported_after_a_shutdown_is_counted(name: str) -> None:
    hub = Keeping()
    service = behind(made(name, hub))
    service.door.shutdown()
    service.say("after")
    service.flush()
    assert hub.requests == []
    assert (service.processed(), service.dropped()) == (0, {"shutdown": 1})
    service.provider.shutdown()


@doors
@pytest.mark.parametrize(
    ("scope", "own"),
    [
        ("stormcell", True),
        ("stormcell.sdk", True),
        ("stormcell.x.y", True),
        ("stormcell_exporters", True),
        ("stormcell_exporters.otlp", True),
        ("stormcell-shop", False),
        ("stormcellx", False),
        ("stormcell_exporters2.a", False),
        ("my.stormcell", False),
        ("Stormcell", False),
        ("", False),
        (None, False),
    ],
)
def test_by_its_name_it_knows_what_is_its_own(name: str, scope: str | None, own: bool) -> None:
    hub = Keeping()
    with serving(name, hub) as service:
        service.say("of somebody", scope=scope)
        service.say("of the shop")
        service.flush()
    assert hub.texts() == ["of the shop"] if own else ["of somebody", "of the shop"]
    assert (service.processed(), service.dropped()) == ((1, {"own": 1}) if own else (2, {}))


@doors
def test_by_its_trace_it_knows_what_its_threads_make(name: str) -> None:
    hub = Keeping()
    with serving(name, hub) as service:
        in_our_thread(lambda: service.say("a client that an exporter uses", scope="elasticsearch-api"))
        service.say("of the shop")
        service.flush()
    assert hub.texts() == ["of the shop"]
    # Most samplers drop a span whose parent is not sampled before it comes to us.
    assert service.dropped() == ({"own": 1} if "log" in name else {})


@doors
def test_a_thread_of_ours_marks_none_of_a_services(name: str) -> None:
    hub = Keeping()
    with serving(name, hub) as service:
        in_our_thread(lambda: None)
        service.say("before")
        service.flush()
        service.say("after")
        service.flush()
    assert hub.texts() == ["before", "after"]


@doors
def test_what_is_refused_for_now_is_tried_again(name: str) -> None:
    again = DeliveryError("busy", retryable=True, retry_after=0)
    hub = Keeping(answer=failing(RefusedError("the disk is full", retry_after=0), again))
    with serving(name, hub) as service:
        service.say("a")
        service.flush()
    assert hub.texts() == ["a"]
    assert (service.processed(), service.dropped()) == (1, {})


@doors
def test_what_is_refused_for_good_is_counted_and_the_next_goes_on(name: str) -> None:
    hub = Keeping(answer=failing(DeliveryError("no such tenant", retryable=False)))
    with serving(name, hub) as service:
        service.say("a")
        service.say("b")
        service.flush()
        service.say("c")
        service.flush()
    assert hub.texts() == ["c"]
    assert (service.processed(), service.dropped()) == (1, {"refused": 2})


@doors
def test_whatever_goes_wrong_is_counted_and_the_next_goes_on(name: str, caplog: pytest.LogCaptureFixture) -> None:
    hub = Keeping(answer=failing(ZeroDivisionError("nobody thought of that")))
    with serving(name, hub) as service:
        service.say("a")
        service.flush()
        service.say("b")
        service.flush()
    assert hub.texts() == ["b"]
    assert (service.processed(), service.dropped()) == (1, {"broken": 1})
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["stormcell.sdk"]


@doors
def test_a_problem_is_said_once_until_it_is_over(name: str, caplog: pytest.LogCaptureFixture) -> None:
    def refused() -> Exception:
        return DeliveryError("no such tenant", retryable=False)

    def fine() -> None:
        pass

    hub = Keeping()
    with serving(name, hub) as service:
        for answer in (failing(refused()), failing(refused()), fine, failing(refused())):
            hub.answer = answer
            service.say("a")
            service.flush()
    said = [record.getMessage() for record in caplog.records if record.name == "stormcell.sdk"]
    what = "traces" if "span" in name else "logs"
    assert said == [f"{what} are dropped: no such tenant"] * 2


@doors
def test_what_cannot_be_encoded_is_left_out_and_the_rest_is_kept(name: str) -> None:
    hub = Keeping()
    with serving(name, hub) as service:
        service.say("before")
        service.say("half a \ud800 pair")
        service.say("after")
        service.flush()
    assert hub.texts() == ["before", "half a ? pair", "after"]
    assert (service.processed(), service.dropped()) == (3, {})


@doors
def test_attributes_of_any_kind_do_no_harm(name: str, caplog: pytest.LogCaptureFixture) -> None:
    odd = {
        "object": object(),
        "huge": 2**70,
        "mixed": [1, "a", None],
        "half": "\ud800",
        "none": None,
        "map": {"a": {1}},
    }
    hub = Keeping()
    with serving(name, hub) as service:
        for key, value in odd.items():
            service.say(key, {key: value, "fine": "yes"})
        service.flush()
    events = hub.events()
    assert [event.text for event in events] == list(odd)
    assert {event.attributes["fine"] for event in events} == {"yes"}
    assert service.dropped() == {}


@doors
def test_many_threads_lose_and_invent_nothing(name: str) -> None:
    hub = Keeping(settings(sdk={"queue": 100_000, "batch": 64}))
    with serving(name, hub) as service:
        in_threads(8, service.say, ["shop"] * 250)
        service.flush()
        assert (service.processed(), service.dropped()) == (2000, {})
    assert len(hub.events()) == 2000


@pytest.mark.parametrize("name", EXPORTERS)
def test_an_exporter_counts_what_many_threads_hand_it(name: str) -> None:
    interval = sys.getswitchinterval()
    service = behind(made(name, Keeping()), simple=True)
    sys.setswitchinterval(1e-6)
    try:
        in_threads(8, service.say, ["shop", "stormcell"] * 100)
    finally:
        sys.setswitchinterval(interval)
    service.provider.shutdown()
    assert (service.processed(), service.dropped()) == (800, {"own": 800})


def in_threads(count: int, say: Callable[..., None], scopes: list[str]) -> None:
    def run() -> None:
        for scope in scopes:
            say("a", scope=scope)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

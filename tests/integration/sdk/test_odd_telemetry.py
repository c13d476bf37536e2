"""What services put into records and spans, whatever it is: it is kept, and so is what is beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, TraceFlags

from stormcell.sdk.encode import MOST_BYTES
from tests.integration.sdk.fakes import FakeHub, records_of
from tests.integration.sdk.service import Service, next_start

pytestmark = pytest.mark.slow


class Mute:
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def _cyclic() -> list[Any]:
    made: list[Any] = [1]
    made += [made] * 20
    return made


def _deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


ODD: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "object": object,
    "mute": Mute,
    "mute in a map": lambda: {"a": [Mute()]},
    "cyclic": _cyclic,
    "deep": _deep,
    "surrogate": lambda: "a\ud800b",
    "surrogate as key": lambda: {"\ud800": "\ud800"},
    "number": lambda: 2**64,
    "number without a text": lambda: 10**5000,
    "not a number": lambda: float("nan"),
    "bytes": lambda: b"\xff" * 100,
    "set": lambda: {1, 2},
    "keys that are no texts": lambda: {1: 2, None: 3, (1, 2): 4},
    "ten megabytes": lambda: "x" * 10_000_000,
    "ten megabytes of bytes": lambda: b"x" * 10_000_000,
    "a million keys": lambda: {f"key-{number}": number for number in range(1_000_000)},
    "a million items": lambda: list(range(1_000_000)),
    "type": lambda: Mute,
}


@pytest.mark.parametrize("kind", list(ODD))
def test_what_is_odd_and_what_is_beside_it(kind: str) -> None:
    hub = FakeHub(delay_seconds=30)
    service = Service(Path("/nowhere"), hub=hub)
    odd = ODD[kind]()
    service.say("before", "it failed")
    service.say("odd-body", odd)
    said = ["before", "odd-body", "after"]
    try:
        service.say("odd-attribute", "it failed", odd=odd, fine="fine")
        said.append("odd-attribute")
    except (RuntimeError, RecursionError):
        pass  # the SDK does not take it
    service.say("after", "it failed")
    # There is nothing here that cannot be told in some way.
    assert service.flush()
    assert sorted(hub.uids) == sorted(said)
    assert service.logs.counts()["processed"] == len(said)
    assert all(len(body) <= MOST_BYTES for body in hub.sent)
    service.shutdown()


@pytest.mark.parametrize("kind", list(ODD))
def test_odd_spans(kind: str) -> None:
    hub = FakeHub(delay_seconds=30)
    service = Service(Path("/nowhere"), hub=hub)
    service.do("before")
    context = SpanContext(1, 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    odd = ODD[kind]()
    service.spans.on_end(ReadableSpan("odd", context, attributes={"odd": odd}, start_time=1, end_time=2))
    service.spans.on_end(ReadableSpan(odd, context, start_time=1, end_time=2))
    service.do("after")
    assert service.flush()
    assert service.spans.counts()["processed"] == 4
    assert b"before" in b"".join(hub.sent)
    assert b"after" in b"".join(hub.sent)
    service.shutdown()


def test_many_large_records_go_in_several_requests() -> None:
    hub = FakeHub(delay_seconds=30)
    service = Service(Path("/nowhere"), hub=hub)
    for number in range(40):
        service.say(f"large-{number}", f"{number} " + "x" * 1_000_000)
    assert service.flush()
    assert sorted(hub.uids) == sorted(f"large-{number}" for number in range(40))
    assert all(len(body) <= MOST_BYTES for body in hub.sent)
    assert all(len(one.body.string_value) > 1_000_000 for body in hub.sent for one in records_of(body))
    service.shutdown()


def test_odd_ones_are_grouped(tmp_path: Path) -> None:
    service = Service(tmp_path / "data")
    for kind, odd in ODD.items():
        service.say(f"odd {kind}".replace(" ", "-"), odd())
    assert service.flush()
    service.shutdown()
    assert next_start(tmp_path / "data") == sorted(f"odd {kind}".replace(" ", "-") for kind in ODD)

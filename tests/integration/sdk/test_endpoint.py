"""Sending to a sidecar that is down, slow, full or says no: what waits is bounded, and goes when it can."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sdk.server import Server
from tests.integration.sdk.service import PATIENCE, Service
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow


def _service(url: str, **sdk: Any) -> Service:
    return Service(Path("/nowhere"), {"sdk": {"endpoint": url, "queue": 100, "batch": 10, **sdk}})


def _in_time(call: Any, *arguments: Any) -> None:
    """Call it; fail where it never returns."""
    thread = threading.Thread(target=call, args=arguments, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "stormcell.sdk"]


def test_what_waits_is_sent_once_it_is_there() -> None:
    port = _free_port()
    service = _service(f"http://127.0.0.1:{port}")
    uids = service.say_some("early")
    assert not service.flush(300)
    service.say_some("more", 500)
    counts = service.logs.counts()
    assert service.logs.waiting <= 101  # and the mark of the flush
    assert counts["queue_full"] >= 500 - 100
    with Server(port=port) as server:
        assert service.flush()
        assert server.taken[:10] == uids
        counts = service.logs.counts()
        assert counts["processed"] == len(server.taken) == len(set(server.taken))
        assert sum(counts.values()) == 510
        service.shutdown()


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_asked_to_wait_sends_again(status: int) -> None:
    with Server((status, {"retry-after": "1"}), (status, {})) as server:
        service = _service(server.url)
        uids = service.say_some("again")
        assert service.flush()
        assert server.requests == 3
        assert server.taken == uids
        assert service.logs.counts()["processed"] == 10
        service.shutdown()


@pytest.mark.parametrize("status", [400, 401])
def test_what_is_refused_for_good_is_counted_and_said_once(status: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Server(*[(status, {})] * 3) as server:
        service = _service(server.url)
        for number in range(3):
            service.say_some(f"refused-{number}")
            assert not service.flush()
        assert server.requests == 3
        assert service.logs.counts()["refused"] == 30
        [said] = _warnings(caplog)
        assert f"answered {status}" in said
        uids = service.say_some("good")
        assert service.flush()
        assert server.taken == uids
        service.shutdown()


def test_who_does_not_answer_keeps_nobody_from_ending() -> None:
    with Server(*[(0, {})] * 100) as server:
        service = _service(server.url, timeout_seconds=1)
        service.say_some("lost", 200)
        until(lambda: server.requests > 0, PATIENCE)
        assert not service.flush(100)
        service.say_some("lost-too", 200)
        assert service.logs.waiting <= 101
        _in_time(service.shutdown, 1000)
        service.say("late")
        counts = service.logs.counts()
        assert counts["processed"] == 0
        assert counts["shutdown"] > 0


def test_who_is_not_there_keeps_nobody_from_ending() -> None:
    service = _service(f"http://127.0.0.1:{_free_port()}")
    service.say_some("lost")
    _in_time(service.shutdown, 1000)
    assert service.logs.counts()["processed"] == 0
    assert sum(service.logs.counts().values()) == 10

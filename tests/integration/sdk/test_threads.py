"""Threads, coroutines and signal handlers that say more than there is room for: all is counted, none waits."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from tests.integration.sdk.fakes import FakeHub
from tests.integration.sdk.service import PATIENCE, Service, ran
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow

THREADS, EACH = 100, 1000


@pytest.mark.parametrize("ends", ["at the end", "in the midst"])
def test_a_hundred_threads_and_a_tiny_queue(ends: str) -> None:
    service = Service(Path("/nowhere"), hub=FakeHub(queue=20, batch=10, delay_seconds=0.001))
    ready = threading.Barrier(THREADS + 1)
    begun = threading.Semaphore(0)

    def talk(name: int) -> None:
        ready.wait()
        for number in range(EACH):
            service.say(f"{name}-{number}")
            if number == EACH // 4:
                begun.release()

    threads = [threading.Thread(target=talk, args=(name,)) for name in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    if ends == "in the midst":
        assert begun.acquire(timeout=PATIENCE)
        service.shutdown()
    for thread in threads:
        thread.join()
    service.shutdown()
    counts = service.logs.counts()
    hub = service.hub
    assert isinstance(hub, FakeHub)
    assert counts["processed"] == len(hub.uids) == len(set(hub.uids))
    assert sum(counts.values()) == THREADS * EACH
    assert counts["queue_full"] > 0
    assert (counts["shutdown"] > 0) == (ends == "in the midst")


def test_coroutines_go_on_while_nothing_is_taken() -> None:
    hub = FakeHub(queue=100, batch=10)
    hub.go_on.clear()
    service = Service(Path("/nowhere"), hub=hub)

    async def talk(name: int) -> None:
        for number in range(100):
            service.say(f"{name}-{number}")
            await asyncio.sleep(0)

    async def all_talk() -> None:
        async with asyncio.TaskGroup() as group:
            for name in range(10):
                group.create_task(talk(name))
            # With these the loop would stand still: nothing goes on before they have ended.
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(all_talk(), PATIENCE))
    until(hub.entered.is_set, PATIENCE)
    assert not service.flush(50)
    counts = service.logs.counts()
    assert counts["processed"] == 0
    assert counts["queue_full"] > 0
    hub.go_on.set()
    assert service.flush()
    counts = service.logs.counts()
    assert sum(counts.values()) == 1000
    assert counts["processed"] == len(hub.uids)
    service.shutdown()


def test_signal_handlers_and_finalizers_that_log() -> None:
    ran("interrupting", seconds=PATIENCE)

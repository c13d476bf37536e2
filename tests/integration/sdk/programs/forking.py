"""A service that forks; one function for each way to do so."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

from stormcell.sdk import Hub, StormcellLogRecordExporter
from tests.integration.sdk.service import Service, acknowledge, settings


def _child(work: Callable[[], None], *, politely: bool = False) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            if politely:
                sys.exit(status)
            os._exit(status)
    return pid


def _ended(pids: list[int]) -> None:
    for pid in pids:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def plain(folder: Path) -> None:
    """Children are forked before, while and after the engine comes to be; some end without a word."""
    service = Service(folder / "data")

    def work(name: str) -> None:
        assert service.logs.waiting == 0
        assert sum(service.logs.counts().values()) == 0
        uids = service.say_some(name)
        assert service.flush()
        assert service.logs.counts()["processed"] == len(uids)
        acknowledge(folder, uids)
        service.shutdown()

    pids = [_child(lambda: work("before"))]
    uids = service.say_some("parent-a")
    for number in range(8):
        pids.append(_child(lambda: work(f"while-{number}"), politely=number % 2 == 0))  # noqa: B023
        time.sleep(0.2)
    uids += service.say_some("parent-b")
    assert service.flush()
    acknowledge(folder, uids)
    pids.append(_child(lambda: work("after")))
    _ended(pids)
    assert service.logs.counts()["processed"] == len(uids)
    service.shutdown()


def busy(folder: Path) -> None:
    """Threads say more than there is room for, while others are forked."""
    service = Service(folder / "data", {"sdk": {"queue": 50, "batch": 20, "delay_seconds": 0.01}})
    said = [0] * 4
    ending = threading.Event()

    def talk(place: int) -> None:
        while not ending.is_set():
            service.say(f"talk-{place}-{said[place]}")
            said[place] += 1
            if said[place] % 100 == 0:
                time.sleep(0.001)

    def work(name: str) -> None:
        uids = service.say_some(name)
        assert service.flush()
        assert service.logs.counts() == {"queue_full": 0, "shutdown": 0, "own": 0, "broken": 0, "processed": 10}
        acknowledge(folder, uids)

    threads = [threading.Thread(target=talk, args=(place,)) for place in range(len(said))]
    for thread in threads:
        thread.start()
    pids = []
    for number in range(20):
        time.sleep(0.05)
        pids.append(_child(lambda: work(f"child-{number:02}")))  # noqa: B023
    ending.set()
    for thread in threads:
        thread.join()
    _ended(pids)
    service.shutdown()
    counts = service.logs.counts()
    assert counts["queue_full"] > 0
    assert sum(counts.values()) == sum(said), (counts, sum(said))


def endpoint(folder: Path, url: str) -> None:
    """Parent and children send to a sidecar, in turns."""
    service = Service(folder / "none", {"sdk": {"endpoint": url}})

    def work(name: str) -> None:
        uids = service.say_some(name)
        assert service.flush(), service.logs.counts()
        acknowledge(folder, uids)

    for number in range(3):
        work(f"parent-{number}")
        _ended([_child(lambda: work(f"child-{number}"), politely=number == 0)])  # noqa: B023
    work("parent-last")
    service.shutdown()


def exporter(folder: Path) -> None:
    """The same for the SDK's own batch processor, and our exporter in it."""
    hub = Hub(settings(folder / "data"))
    ours = StormcellLogRecordExporter(hub)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(ours, schedule_delay_millis=50))

    def work(name: str, some: int) -> None:
        uids = [f"{name}-{number}" for number in range(some)]
        for uid in uids:
            provider.get_logger("shop").emit(
                LogRecord(body=f"{uid} failed", severity_text="ERROR", attributes={"log.record.uid": uid})
            )
        assert provider.force_flush()
        assert ours.counts()["processed"] == some, ours.counts()
        acknowledge(folder, uids)

    work("parent", 5)
    pids = [_child(lambda: work(f"child-{number}", 7), politely=number == 0) for number in range(3)]  # noqa: B023
    _ended(pids)
    provider.shutdown()


_service: Service | None = None


def _task(folder: Path, number: int) -> None:
    service = _service or Service(folder / "data")
    uids = service.say_some(f"task-{number}")
    assert service.flush()
    acknowledge(folder, uids)


def multi(folder: Path) -> None:
    """Children of multiprocessing, of both kinds."""
    global _service
    service = _service = Service(folder / "data")
    uids = service.say_some("parent")
    assert service.flush()
    acknowledge(folder, uids)
    kinds: list[Callable[..., BaseProcess]] = [
        multiprocessing.get_context("fork").Process,
        multiprocessing.get_context("spawn").Process,
    ]
    for kind, made in enumerate(kinds):
        processes = [made(target=_task, args=(folder, 10 * kind + one)) for one in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
    service.shutdown()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])

"""Workers that say something until they are told to stop: of one service, or each one a service of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from tests.integration.sdk.service import Service, acknowledge


def work(folder: Path, service: Service, name: str) -> None:
    """Say something, and write down what is kept."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    (folder / f"worker-{os.getpid()}").touch()
    number = 0
    while not stopping:
        uids = service.say_some(f"{name}-{number}", 5)
        if service.flush():
            acknowledge(folder, uids)
        number += 1
        time.sleep(0.02)
    service.shutdown()


def alone(folder: Path, name: str) -> None:
    """Be a service of its own."""
    work(folder, Service(folder / "data", {"sdk": {"engine": os.environ.get("ENGINE", "thread")}}), name)


def forked(folder: Path, workers: str) -> None:
    """Fork workers from a process that has the SDK already, and replace those that are killed."""
    service = Service(folder / "data", {"sdk": {"engine": os.environ.get("ENGINE", "thread")}})
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    running: set[int] = set()
    made = 0
    while not stopping or running:
        while len(running) < int(workers) and not stopping:
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    work(folder, service, f"w{made}")
                    status = 0
                finally:
                    os._exit(status)
            running.add(pid)
            made += 1
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            assert not (stopping and status), f"a worker ended with {status}"
            running.discard(pid)
            continue
        if stopping:
            for pid in running:
                os.kill(pid, signal.SIGTERM)
        time.sleep(0.1)
    service.shutdown()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])

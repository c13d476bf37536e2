"""A service that is killed; what it forked goes on: a child of a child, and a program that it ran."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.integration.sdk.service import PATIENCE, Service, acknowledge


def main(folder: Path) -> None:
    """Be killed once there are others that may have what we had."""
    service = Service(folder / "data")
    uids = service.say_some("parent")
    assert service.flush()
    acknowledge(folder, uids)
    # Gets all that a program can get: what it does not get is closed when it starts.
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({PATIENCE})"], close_fds=False)
    me = os.getpid()
    if os.fork() > 0:
        time.sleep(PATIENCE)
    if os.fork() > 0:
        os._exit(0)
    os.kill(me, signal.SIGKILL)
    until, number = time.monotonic() + PATIENCE, 0
    while not (folder / "enough").exists() and time.monotonic() < until:
        uids = service.say_some(f"heir-{number}", 2)
        if service.flush():
            acknowledge(folder, uids)
        number += 1
        time.sleep(0.3)
    service.shutdown()
    (folder / "ended").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

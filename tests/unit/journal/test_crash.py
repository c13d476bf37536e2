"""What is killed has lost nothing that it acknowledged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.journal import appending
from tests.unit.journal.appending import THREADS, body_of
from tests.unit.journal.journals import opened

pytestmark = pytest.mark.slow


def killed(folder: Path, policy: str, after: int) -> list[tuple[int, int]]:
    """Let a process append until it has acknowledged so many, kill it, and return what it acknowledged."""
    command = [sys.executable, appending.__file__, str(folder), policy]
    # Its own folder, first on the path, holds nothing that could be taken for another module.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    numbers = [line.split(b":") for line in lines if line.endswith(b"\n")]
    return [(int(thread), int(number)) for thread, number in numbers]


@pytest.mark.parametrize("policy", ["always", "interval", "never"])
@pytest.mark.parametrize("after", [1, 7, 98, 400, 1501])
def test_what_was_acknowledged_is_there(policy: str, after: int, tmp_path: Path) -> None:
    acknowledged = killed(tmp_path, policy, after)
    assert len(acknowledged) >= after
    with opened(tmp_path) as journal:
        found = [entry.request.body for entry in journal.read(0)]
        assert journal.stats().damaged == 0
    for thread in range(THREADS):
        own = [body for body in found if body.startswith(b"%d:" % thread)]
        # All that is there is as it was sent, in order, and goes on at most one beyond what was acknowledged.
        assert own == [body_of(thread, number) for number in range(len(own))]
        said = sum(who == thread for who, _ in acknowledged)
        assert said <= len(own) <= said + 1


def test_a_journal_killed_again_and_again(tmp_path: Path) -> None:
    count = 0
    for after in (3, 50, 200):
        count += len(killed(tmp_path, "interval", after))
    with opened(tmp_path) as journal:
        assert count <= sum(1 for _ in journal.read(0)) <= count + 3 * THREADS
        assert journal.stats().damaged == 0

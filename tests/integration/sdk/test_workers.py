"""Processes that share a data folder, some of which are killed: what was acknowledged is there, once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.integration.sdk.service import PATIENCE, acknowledged, next_start, placed, started
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow


def _goes_on(folder: Path) -> None:
    """Wait until much more is acknowledged, and something of it was grouped by whoever does that."""
    before = acknowledged(folder)
    until(lambda: len(acknowledged(folder)) > len(before) + 100, PATIENCE)
    after = acknowledged(folder) - before
    until(lambda: not after.isdisjoint(placed(folder / "data")), PATIENCE)


def _has_the_journal(folder: Path, pids: set[int]) -> int:
    """Return who has the lock of the journal, as the system tells."""
    inode = (folder / "data" / "journal" / "lock").stat().st_ino
    for line in Path("/proc/locks").read_text("utf-8").splitlines():
        fields = line.split()
        if int(fields[5].rpartition(":")[2]) == inode and int(fields[4]) in pids:
            return int(fields[4])
    raise AssertionError("nobody has it")


def _stop(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert "Traceback" not in err


def _all_is_there_once(folder: Path) -> None:
    stored = next_start(folder / "data")
    assert len(stored) == len(set(stored))
    assert acknowledged(folder) <= set(stored)
    assert list((folder / "data" / "spool").glob("*.logs")) == []


def _workers(folder: Path) -> set[int]:
    return {int(path.name.removeprefix("worker-")) for path in folder.glob("worker-*")}


def test_workers_of_one_service_of_which_some_are_killed(tmp_path: Path) -> None:
    master = started("working", "forked", tmp_path, 4)
    try:
        until(lambda: len(_workers(tmp_path)) == 4, PATIENCE)
        _goes_on(tmp_path)
        groups = _has_the_journal(tmp_path, _workers(tmp_path))
        lays = min(_workers(tmp_path) - {groups})
        for pid, count in ((lays, 5), (groups, 6)):
            os.kill(pid, signal.SIGKILL)
            until(lambda: len(_workers(tmp_path)) == count, PATIENCE)  # noqa: B023
            _goes_on(tmp_path)
        _stop(master)
    finally:
        master.kill()
        master.communicate()
    _all_is_there_once(tmp_path)


def test_services_of_one_folder_of_which_the_one_that_groups_is_killed(tmp_path: Path) -> None:
    services = {}
    try:
        for number in range(4):
            service = started("working", "alone", tmp_path, f"s{number}")
            services[service.pid] = service
        until(lambda: len(_workers(tmp_path)) == 4, PATIENCE)
        _goes_on(tmp_path)
        for _ in range(2):
            killed = services.pop(_has_the_journal(tmp_path, set(services)))
            killed.kill()
            killed.communicate()
            _goes_on(tmp_path)
        _stop(*services.values())
    finally:
        for service in services.values():
            service.kill()
            service.communicate()
    _all_is_there_once(tmp_path)


def test_a_child_of_a_child_takes_over_from_who_was_killed(tmp_path: Path) -> None:
    parent = started("outliving", tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert parent.wait(PATIENCE) == -signal.SIGKILL
    try:
        until(lambda: any(uid.startswith("heir") for uid in placed(tmp_path / "data")), PATIENCE)
    finally:
        (tmp_path / "enough").touch()
    until((tmp_path / "ended").exists, PATIENCE)
    time.sleep(0.1)
    _all_is_there_once(tmp_path)

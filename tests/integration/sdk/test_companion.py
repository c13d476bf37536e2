"""Grouping in a process beside the service: it is there as long as somebody lays something, and loses nothing."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import Settings
from stormcell.journal import Journal
from stormcell.runtime import JOURNAL, SystemClock
from stormcell.testing import InMemoryGroupExporter
from tests.integration.program import stormcell
from tests.integration.sdk.service import PATIENCE, Service, acknowledged, next_start, placed, settings, started
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow

BESIDE: dict[str, dict[str, Any]] = {"sdk": {"engine": "process"}}


def companions(data: Path) -> set[int]:
    """Return the processes that have the lock of a journal, as the system tells."""
    lock = data / JOURNAL / "lock"
    if not lock.exists():
        return set()
    inode = lock.stat().st_ino
    lines = [line.split() for line in Path("/proc/locks").read_text("utf-8").splitlines()]
    return {int(fields[4]) for fields in lines if int(fields[5].rpartition(":")[2]) == inode}


def test_what_a_service_said_is_grouped_when_it_has_shut_down(tmp_path: Path) -> None:
    service = Service(tmp_path, BESIDE)
    uids = [*service.say_some("a"), *service.say_some("b")]
    assert service.flush()
    until(lambda: bool(companions(tmp_path)), PATIENCE)
    assert os.getpid() not in companions(tmp_path)
    service.shutdown()
    assert companions(tmp_path) == set()
    assert placed(tmp_path) == sorted(uids)


def test_one_that_is_killed_is_followed_by_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(tmp_path, BESIDE)
    said = service.say_some("before")
    assert service.flush()
    until(lambda: len(companions(tmp_path)) == 1, PATIENCE)
    [killed] = companions(tmp_path)
    os.kill(killed, signal.SIGKILL)
    until(lambda: not companions(tmp_path), PATIENCE)
    said += service.say_some("between")
    assert service.flush()

    def said_again() -> bool:
        said.extend(service.say_some(f"after-{len(said)}", 1))
        return service.flush() and bool(companions(tmp_path))

    until(said_again, PATIENCE)
    service.shutdown()
    assert placed(tmp_path) == sorted(said)
    assert "ended with status -9, and is started again" in caplog.text


def test_it_ends_with_the_last_process_of_a_service_and_all_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE", "process")
    data = tmp_path / "data"
    master = started("working", "forked", tmp_path, 3)
    try:
        until(lambda: len(acknowledged(tmp_path)) > 50 and bool(placed(data)), PATIENCE)
        [groups] = companions(data)
        assert groups != master.pid
        os.kill(groups, signal.SIGKILL)
        before = acknowledged(tmp_path)
        until(lambda: len(acknowledged(tmp_path)) > len(before) + 50 and bool(companions(data)), PATIENCE)
        master.send_signal(signal.SIGTERM)
        _, err = master.communicate(timeout=PATIENCE)
        assert master.returncode == 0, err
    finally:
        master.kill()
        master.communicate()
    until(lambda: not companions(data), PATIENCE)
    stored = next_start(data)
    assert len(stored) == len(set(stored))
    assert acknowledged(tmp_path) <= set(stored)


def test_where_it_cannot_group_the_service_hears_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    found = settings(tmp_path, sdk={"engine": "process", "timeout_seconds": 0.5})
    journal = Journal(tmp_path / JOURNAL, found.journal, SystemClock())
    service = Service(tmp_path, {"sdk": {"engine": "process", "timeout_seconds": 0.5}})

    def refused() -> bool:
        service.say("x")
        service.flush()
        return service.logs.counts().get("refused", 0) > 0

    with caplog.at_level(logging.WARNING):
        until(refused, PATIENCE)
    assert "the process that is to group ended, having said why" in caplog.text
    assert "is in use by another process" in capfd.readouterr().err
    journal.close()
    service.shutdown()


def test_it_groups_by_the_settings_of_the_service(tmp_path: Path) -> None:
    sections: dict[str, dict[str, Any]] = {
        **BESIDE,
        "rules": {
            "same": ["tenant"],
            "together": [{"name": "pair", "when": {"service": "shop"}, "by": ["tenant"]}],
        },
        "notifications": {"maintenance": [{"name": "night", "days": ["mon"], "from": "22:00", "to": "02:00"}]},
    }
    made = settings(tmp_path, **sections)
    assert Settings.model_validate_json(made.model_dump_json(by_alias=True)) == made
    service = Service(tmp_path, sections)
    for number in range(10):
        service.say(f"a-{number}", "it broke", tenant="a")
        service.say(f"b-{number}", "it broke", tenant="b")
    assert service.flush()
    service.shutdown()
    groups = stormcell("groups", "export", "--store", tmp_path).json["groups"]
    assert sorted(sorted(uid[0] for uid in group["members"]) for group in groups) == [["a"] * 10, ["b"] * 10]


def test_exporters_of_the_service_are_said_to_get_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(tmp_path, BESIDE, [InMemoryGroupExporter()])
    service.say_some("a")
    assert service.flush()
    service.shutdown()
    assert "exporters of this process get nothing: a process of its own (sdk.engine) has the groups" in caplog.text

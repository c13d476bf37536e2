"""What signals do to a sidecar that runs as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from stormcell.store import SqliteStore
from tests.integration.sidecar.support import until

_READY = re.compile(r"ready: OTLP/gRPC on \S+, everything else on (\S+)")
_HASTY = {"tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 0.3}


class Program:
    """A sidecar, its settings file and what it said."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data, self._log = folder / "stormcell.yaml", folder / "data", folder / "said.txt"
        self.write()
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, **sections: Any) -> None:
        receivers = {"grpc_port": 0, "http_port": 0}
        self.config.write_text(yaml.safe_dump({"live": _HASTY, "receivers": receivers, **sections}), "utf-8")

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")

    def start(self) -> None:
        command = [sys.executable, "-m", "stormcell", "sidecar", "--config", str(self.config)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--data", str(self.data)], stdin=subprocess.DEVNULL, stderr=log, env=dict(os.environ)
            )
        self.says("ready: ")

    def says(self, what: str) -> None:
        """Wait until it says something."""

        def said() -> bool:
            assert self.process is not None
            assert self.process.poll() is None or what in self.said, f"it ended: {self.said}"
            return what in self.said

        until(said, 60)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ended(self) -> int:
        assert self.process is not None
        return self.process.wait(60)

    def send(self, uid: str) -> None:
        """Send a log record; it is acknowledged when this returns."""
        attributes = [{"key": "log.record.uid", "value": {"stringValue": uid}}]
        record = {
            "timeUnixNano": str(time.time_ns()),
            "severityNumber": 17,
            "body": {"stringValue": "it broke"},
            "attributes": attributes,
        }
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
        found = _READY.search(self.said)
        assert found is not None
        assert httpx.post(f"http://{found[1]}/v1/logs", json=body, timeout=60, trust_env=False).json() == {}

    def stored(self, uid: str) -> bool:
        with SqliteStore(self.data / "stormcell.db", create=True) as store:
            return store.membership_of(uid) is not None


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_ends_it_once_all_is_done(program: Program, number: int) -> None:
    program.send("a")
    program.signal(number)
    assert program.ended() == 0, program.said
    assert program.said.endswith(": stopped\n")
    assert program.stored("a")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_ends_it_at_once_and_loses_nothing(program: Program, number: int) -> None:
    program.send("a")
    until(lambda: program.stored("a"))
    with closing(sqlite3.connect(program.data / "stormcell.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # so that there is something left to do for as long as it may take
        program.send("b")
        program.signal(signal.SIGTERM)
        program.says("stopping: ")
        program.signal(signal.SIGHUP)
        program.says("the settings are read at the next start")
        program.signal(number)
        assert program.ended() == 1, program.said
        other.execute("ROLLBACK")
    assert "what was acknowledged and is not grouped yet is after the next start" in program.said
    assert not program.stored("b")
    program.start()
    until(lambda: program.stored("b"))
    program.signal(signal.SIGTERM)
    assert program.ended() == 0, program.said


def test_settings_are_looked_at_when_it_hangs_up(program: Program) -> None:
    program.signal(signal.SIGHUP)
    program.says("the settings were read again, and hold from now on\n")
    program.write(grouping={"gate": "high"}, text={"masks": []})
    program.signal(signal.SIGHUP)
    program.says("the settings stay as they were: wrong settings")
    assert "grouping.gate (STORMCELL_GROUPING__GATE)" in program.said
    program.write(grouping={"gate": 0.5}, forward={"gzip": False})
    program.signal(signal.SIGHUP)
    program.says("but for sections that take a restart: grouping, forward\n")
    program.config.unlink()
    program.signal(signal.SIGHUP)
    program.says("the settings stay as they were: cannot read the settings")
    program.send("a")
    program.signal(signal.SIGTERM)
    assert program.ended() == 0, program.said
    assert program.stored("a")


def test_notifications_change_when_it_hangs_up(program: Program) -> None:
    told = program.data / "told.ndjson"
    exporter = {"name": "here", "kind": "ndjson-append", "target": str(told), "wait": 0, "interval": 0}
    silence = {"name": "all", "when": {"signals": ["alert", "log"]}, "starts": "2020-01-01T00:00:00Z"}
    silences = [{**silence, "ends": "2100-01-01T00:00:00Z"}]
    program.write(notifications={"exporters": [exporter], "silences": silences})
    program.signal(signal.SIGHUP)
    program.says("but for sections that take a restart: notifications\n")
    program.signal(signal.SIGTERM)
    assert program.ended() == 0, program.said
    program.start()
    program.send("a")
    until(lambda: program.stored("a"))
    assert not told.exists()
    program.write(notifications={"exporters": [exporter]})
    program.signal(signal.SIGHUP)
    until(told.exists)
    assert "restart" not in program.said
    program.write(notifications={"exporters": [{**exporter, "options": {"other": 1}}]})
    program.signal(signal.SIGHUP)
    program.says("but for sections that take a restart: notifications\n")
    program.signal(signal.SIGTERM)
    assert program.ended() == 0, program.said


def test_an_engine_that_cannot_be_loaded_ends_it(program: Program) -> None:
    with SqliteStore(program.data / "stormcell.db", create=True) as store:
        store.learn({"background": {"format": "stormcell.background/1", "bucket_seconds": 1.0}})
    program.send("a")
    assert program.ended() == 1, program.said
    assert "learned with background.bucket_seconds at 1.0, which is now 900" in program.said.splitlines()[-1]
    (program.data / "stormcell.db").unlink()
    program.start()
    until(lambda: program.stored("a"))


def test_a_store_of_other_settings_ends_it_before_it_is_ready(program: Program) -> None:
    program.send("a")
    program.signal(signal.SIGTERM)
    assert program.ended() == 0, program.said
    program.write(background={"bucket_seconds": 60})
    with pytest.raises(AssertionError, match="it ended"):
        program.start()
    assert program.ended() == 1
    assert "learned with background.bucket_seconds at 900.0, which is now 60.0" in program.said
    assert "ready: " not in program.said

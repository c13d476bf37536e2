"""A sidecar that is killed, or stopped while requests come: what it acknowledged is there, once."""

from __future__ import annotations

import random
import socket
import time
from pathlib import Path

import pytest

from tests.integration.sidecar.load import RETRYABLE, Load
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import read_all, until
from tests.integration.telemetry import alert, log, logs, webhook

pytestmark = pytest.mark.slow


def test_killed_again_and_again_under_load(tmp_path: Path) -> None:
    chance = random.Random(11)
    with Running(tmp_path / "sidecar").start() as sidecar:
        with Load(sidecar) as load:
            for stopping in (False, True, False):
                load.goes_on()
                if stopping:
                    sidecar.terminate()
                time.sleep(chance.uniform(0, 0.3))
                sidecar.kill()
                sidecar.start()
            load.goes_on()
        assert sidecar.stop() == 0, sidecar.said
        stored = sidecar.placed()
        assert len(stored) == len(set(stored))
        assert load.acknowledged <= set(stored)
        assert load.refusals <= RETRYABLE


def test_groups_that_lived_live_on(tmp_path: Path) -> None:
    firing = webhook(alert("f1", "DiskFull"))
    with Running(tmp_path / "sidecar").start() as sidecar:
        sidecar.send(
            logs(*[log(f"a{number}", "disk full on db", at=number) for number in range(5)]),
            logs(
                *[log(f"b{number}", "card terminal refused", at=900 + number) for number in range(5)],
                service="pay",
            ),
            firing,
        )
        until(lambda: len(sidecar.placed()) == 11, PATIENCE)
        before = sidecar.groups()
        assert len(before) == 2
        sidecar.post(f"groups/{_of('b0', before)}/ack", by="ann")
        sidecar.kill()
        sidecar.start()
        sidecar.send(
            logs(
                *[log(f"c{number}", "card terminal refused", at=905 + number) for number in range(5)],
                service="pay",
            )
        )
        until(lambda: "c4" in sidecar.placed(), PATIENCE)
        after = sidecar.groups()
        assert set(after) == set(before)
        assert after[_of("a0", before)] == before[_of("a0", before)]
        assert after[_of("b0", before)] == before[_of("b0", before)] | {f"c{number}" for number in range(5)}
        statuses = {group["id"]: group["status"] for group in sidecar.exported()["groups"]}
        assert statuses[_of("b0", before)] == "acknowledged"


def _of(uid: str, groups: dict[str, set[str]]) -> str:
    """Return the id of the group that an event is in."""
    [found] = [id for id, members in groups.items() if uid in members]
    return found


def test_stopped_under_load_everything_acknowledged_is_grouped(tmp_path: Path) -> None:
    with Running(tmp_path / "sidecar").start() as sidecar, Load(sidecar) as load:
        load.goes_on()
        assert sidecar.stop() == 0, sidecar.said
        load.stop()
        assert sidecar.said.endswith(": stopped\n")
        stored = sidecar.placed()
        assert len(stored) == len(set(stored))
        assert load.acknowledged <= set(stored)
        assert load.refusals <= RETRYABLE


def test_a_request_half_of_which_came_before_it_stopped(tmp_path: Path) -> None:
    body = (
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000000","attributes":'
        b'[{"key":"log.record.uid","value":{"stringValue":"half"}}],"body":{"stringValue":"it failed"}}]}]}]}'
    )
    head = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with Running(tmp_path / "sidecar").start() as sidecar:
        host, port = sidecar.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(head % len(body) + body[:100])
            until(lambda: sidecar.get("status")["received"]["logs"] == 0, PATIENCE)
            sidecar.terminate()
            until(lambda: "stopping" in sidecar.said, PATIENCE)
            connection.sendall(body[100:])
            answer = read_all(connection)
        assert sidecar.ended() == 0, sidecar.said
        # Either it was acknowledged and is there, or it is to be sent again.
        acknowledged = answer.startswith(b"HTTP/1.1 200 ")
        assert acknowledged or answer == b"" or answer.startswith(b"HTTP/1.1 503 ")
        assert sidecar.placed() == (["half"] if acknowledged else [])


def test_destinations_that_never_answer_do_not_keep_it_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {
            "live": {**HASTY, "drain_seconds": 2},
            "forward": {"endpoint": url},
            "notifications": {"exporters": [{"name": "chat", "kind": "webhook", "target": url, "wait": 0}]},
        }
        with Running(tmp_path / "sidecar", settings).start() as sidecar:
            sidecar.send(logs(log("a", "disk full on db"), log("b", "disk full on db", at=1)))
            until(lambda: len(sidecar.groups()) == 1, PATIENCE)
            assert sidecar.stop() == 0, sidecar.said
            assert "is next time" in sidecar.said
            # Neither is given up.
            assert [one["state"] for one in sidecar.cli("outbox", "list", "--json").json] == ["pending"]

"""What people say of groups while the sidecar runs, by the API and by other commands, holds from then on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import Json, log, logs

pytestmark = pytest.mark.slow

TOKEN = "s3cret-of-the-night-shift"
STORMS = {
    "disk": ("shop", 0, ("disk full on db",)),
    "seat": ("seats", 200, ("no seat left in train",)),
    "card": ("pay", 1000, ("card terminal refused",)),
    "user": ("users", 1200, ("session token rejected", "login page is slow")),
    "mail": ("mail", 2000, ("relay answered with 451",)),
    "both": ("cart", 3000, ("basket is locked", "warehouse does not answer")),
}
"""The service, the seconds after noon and the sayings of each."""
SETTINGS: Json = {
    # Nobody but people ends a group, and all of them may still change.
    "live": {**HASTY, "quiet_seconds": 10_000, "keep_seconds": 10_000},
    "receivers": {"tokens": [{"name": "oncall", "variable": "ONCALL", "scopes": ["ingest", "read", "operate"]}]},
}


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Running]:
    """Return a sidecar that asks for a token, with a group for each storm."""
    with Running(tmp_path / "sidecar", SETTINGS, {"ONCALL": TOKEN}) as running:
        _start(running)
        running.send(*[_storm(name, 0) for name in STORMS])
        _wait_for(running, 5 * len(STORMS))
        assert len(running.groups()) == len(STORMS)
        yield running


def _start(sidecar: Running) -> None:
    sidecar.start().client.headers["authorization"] = f"Bearer {TOKEN}"


def _wait_for(sidecar: Running, events: int) -> None:
    """Wait until so many are stored."""
    until(lambda: len(sidecar.placed()) == events, PATIENCE)


def _storm(name: str, first: int) -> Json:
    """Return five events of a storm, ``NAME-FIRST`` and so on, each three seconds after the other."""
    service, at, sayings = STORMS[name]
    records = [
        log(f"{name}-{number}", sayings[number % len(sayings)], at=at + 3 * number)
        for number in range(first, first + 5)
    ]
    return logs(*records, service=service)


def _group_of(sidecar: Running, uid: str) -> str:
    found: str = sidecar.get(f"events/{uid}/explain")["group"]
    return found


def _saying(uid: str) -> str:
    """Return the storm of an event, and what it says where that may differ."""
    name, _, number = uid.partition("-")
    sayings = STORMS[name][2]
    return name if len(sayings) == 1 else f"{name}: {sayings[int(number) % len(sayings)]}"


def _together(sidecar: Running) -> set[frozenset[str]]:
    """Return which sayings are together."""
    return {frozenset(map(_saying, members)) for members in sidecar.groups().values()}


def _beside_the_exemplar(sidecar: Running, storm: str) -> str:
    """Return an event of a storm that does not say what its exemplar says."""
    exemplar = sidecar.get(f"groups/{_group_of(sidecar, f'{storm}-0')}")["medoid"]["uid"]
    return f"{storm}-0" if _saying(exemplar) != _saying(f"{storm}-0") else f"{storm}-1"


def _status_of(sidecar: Running, uid: str) -> Any:
    return sidecar.get(f"groups/{_group_of(sidecar, uid)}")["status"]


def test_what_was_said_outlives_ticks_and_a_crash(sidecar: Running) -> None:
    ids = {name: _group_of(sidecar, f"{name}-0") for name in STORMS}
    assert sidecar.cli("groups", "ack", ids["card"], "--by", "ann").code == 0
    sidecar.post(f"groups/{ids['mail']}/resolve", by="bob")
    sidecar.post("groups/merge", groups=[ids["disk"], ids["seat"]], by="bob")
    apart, moved = _beside_the_exemplar(sidecar, "both"), _beside_the_exemplar(sidecar, "user")
    assert sidecar.cli("groups", "split", ids["both"], apart, "--by", "ann").code == 0
    sidecar.post(f"events/{moved}/move", group=ids["card"], by="cho")
    [left] = {_saying("user-0"), _saying("user-1")} - {_saying(moved)}
    expected = {
        frozenset({"disk", "seat"}),
        frozenset({"card", _saying(moved)}),
        frozenset({left}),
        frozenset({"mail"}),
        frozenset({_saying("both-0")}),
        frozenset({_saying("both-1")}),
    }

    def holds() -> bool:
        assert _status_of(sidecar, "card-0") == "acknowledged"
        assert _status_of(sidecar, "mail-0") == "resolved"
        return _together(sidecar) == expected

    until(holds, PATIENCE)
    # Other events of the same things come, and are looked at in ticks of their own.
    going_on = [name for name in STORMS if name != "mail"]
    for first, crash in ((5, True), (10, False)):
        sidecar.send(*[_storm(name, first) for name in going_on])
        _wait_for(sidecar, 5 * len(STORMS) + first * len(going_on))
        assert holds()
        if crash:
            sidecar.kill()
            _start(sidecar)
            assert holds()
    # The acknowledged group and the merged one are the ones they were.
    assert _group_of(sidecar, "card-0") == ids["card"]
    assert _group_of(sidecar, "disk-0") in (ids["disk"], ids["seat"])
    assert sidecar.stop() == 0, sidecar.said
    assert sidecar.cli("groups", "feedback").out.count(" by ") == 3


def test_the_audit_log_tells_who(sidecar: Running) -> None:
    id = _group_of(sidecar, "card-0")
    sidecar.post(f"groups/{id}/ack", by="bob")
    sidecar.cli("groups", "resolve", id, "--by", "ann")
    sidecar.post(f"groups/{id}/reopen")
    sidecar.kill()
    _start(sidecar)
    entries = sidecar.get(f"groups/{id}/history")["entries"]
    told = [(entry["who"], entry["detail"].get("by"), entry["action"]) for entry in entries]
    assert told == [
        ("sidecar", None, "open"),
        ("oncall", "bob", "ack"),
        ("cli", "ann", "resolve"),
        ("oncall", None, "reopen"),
    ]
    assert sidecar.cli("groups", "history", id, "--json").json["entries"] == entries
    assert TOKEN not in sidecar.said

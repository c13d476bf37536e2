"""stormcell codebook drift."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import dump
from stormcell.config import DriftSettings, Settings
from stormcell.decode import read
from stormcell.features.rows import build_rows
from stormcell.operate import drifting
from stormcell.store import SqliteStore
from stormcell.store.model import DRIFT
from stormcell.types import CodebookState
from tests.integration.program import Ran, stormcell
from tests.integration.telemetry import log, logs, write
from tests.unit.codebook.made import trained

Kinds = Sequence[tuple[str, str]]

USUAL: Kinds = (("cart", "added item 17 to the basket"), ("pay", "payment of 12.50 accepted"), ("pay", "declined"))
HOSTILE = "\x1b[31mrefunds\u202e"
RENAMED: Kinds = (USUAL[0], (HOSTILE, USUAL[1][1]), (HOSTILE, USUAL[2][1]))
EVENTS = 300
FIRST_HOUR = 2800
"""Seconds from the telemetry's noon to the next full hour."""


def hours(folder: Path, *kinds: Kinds, first: int = 0) -> Path:
    """Write telemetry, some events of each kind an hour."""
    documents = [
        logs(
            log(f"log-{hour}-{number}", text, at=FIRST_HOUR + 3600 * hour + 12 * number, severity=9),
            service=service,
        )
        for hour, each in enumerate(kinds, first)
        for number in range(EVENTS)
        for service, text in [each[number % len(each)]]
    ]
    return write(folder / "logs.jsonl", *documents)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hours(tmp_path_factory.mktemp("usual"), USUAL)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hours(tmp_path_factory.mktemp("changed"), USUAL, RENAMED, RENAMED)


@pytest.fixture(scope="module")
def codebook(usual: Path) -> Any:
    return trained(list(read([usual])))


@pytest.fixture
def file(tmp_path: Path, codebook: Any) -> Path:
    path = tmp_path / "cb.json"
    path.write_bytes(dump(codebook))
    return path


@pytest.fixture
def folder(tmp_path: Path, codebook: Any) -> Path:
    """A store in which the codebook is live."""
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.add_codebook(codebook, dump(codebook))
        store.set_codebook_state(codebook.version, CodebookState.LIVE, note=None)
    return tmp_path


def run(*arguments: str | Path) -> Ran:
    return stormcell("codebook", "drift", *arguments)


def test_files_that_are_as_before(usual: Path, file: Path, codebook: Any) -> None:
    ran = run(usual, "--codebook", file)
    assert (ran.code, ran.err) == (0, "1 window, no drift\n")
    head, only = ran.out.splitlines()
    assert head.split() == ["window", "events", "new", "distance", "farthest"]
    assert only.split() == ["2023-11-14T23:00:00.000Z", "300", "0.0%", "0.000", "-"]


def test_files_that_have_drifted(changed: Path, file: Path, codebook: Any) -> None:
    ran = run(changed, "--codebook", file)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("3 windows, ")
    assert ran.err.splitlines()[-1].endswith(f"drifted from {codebook.version}, since 2023-11-15T00:00:00.000Z")
    assert "pay: 66.7% -> 0.0% (such as log-0-1)" in ran.out
    assert "\\x1b[31mrefunds\\u202e: 0.0% -> 66.7% (such as log-2-1)" in ran.out
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


def test_as_json(changed: Path, file: Path, codebook: Any) -> None:
    ran = run(changed, "--codebook", file, "--json", "--last", "2")
    assert (ran.code, ran.err) == (1, "")
    told = ran.json
    assert told["codebook"] == codebook.version
    assert {"field": "service", "since": "2023-11-15T00:00:00.000Z"} in told["active"]
    assert [window["start"] for window in told["windows"]] == [
        "2023-11-15T00:00:00.000Z",
        "2023-11-15T01:00:00.000Z",
    ]
    assert [bool(window["active"]) for window in told["windows"]] == [False, True]
    [note] = told["notes"]
    assert note["kind"] == "drift-began"
    fields = {field["field"]: field for field in note["detail"]["fields"]}
    assert fields["service"]["unseen"] == pytest.approx(2 / 3, abs=1e-4)


def test_what_the_sidecar_watched(changed: Path, folder: Path, codebook: Any) -> None:
    settings = Settings()
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        assigning = Assigning(codebook, settings)
        windows = list(drifting.windows_of(assigning, read([changed]), settings))
        looked = drifting.look(codebook, windows, settings.drift, drift.State())
        for window in windows:
            store.save_window(window)
        # Without what the sidecar remembers, what it saw is judged.
        assert run("--store", folder).code == 1
        store.save_model_state(DRIFT, {"state": drift.dump(looked.state)})
        for note in looked.notes:
            store.add_note(note)
    ran = run("--store", folder)
    assert ran.code == 1
    assert "since 2023-11-15T00:00:00.000Z" in ran.err
    assert "66.7% -> 0.0%" in ran.out
    assert len(run("--store", folder, "--last", "1", "--json").json["windows"]) == 1
    [line] = stormcell("codebook", "notes", "--store", folder).out.splitlines()
    assert line.startswith(f"2023-11-15T02:00:00.000Z  drift-began {codebook.version}: drift of ")
    assert "service" in line
    assert line.endswith(" since 2023-11-15T00:00:00.000Z")


def test_nothing_was_watched_yet(folder: Path) -> None:
    ran = run("--store", folder)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "0 windows, no drift",
        "No window yet: the sidecar keeps one each drift.window_seconds of events.",
    ]


def test_of_a_file_no_windows_are_kept(file: Path) -> None:
    ran = run("--codebook", file)
    assert ran.code == 2
    assert "name files to look at" in ran.err


def test_none_is_live(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.learn({})
    ran = run("--store", tmp_path)
    assert ran.code == 1
    assert "live" in ran.err


def test_no_event_could_be_read(tmp_path: Path, file: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": 1}]}]}]}\n{"resourceLogs"\n')
    ran = run(broken, "--codebook", file)
    assert ran.code == 2
    assert "no event could be read" in ran.err


def test_windows_are_those_of_their_events(changed: Path, codebook: Any) -> None:
    settings = Settings(drift=DriftSettings(window_seconds=1800))
    windows = list(drifting.windows_of(Assigning(codebook, settings), read([changed]), settings))
    assert [window.events for window in windows] == [EVENTS / 2] * 6
    assert all(window.end - window.start == 1800 * 10**9 for window in windows)
    assert sum(window.events for window in windows) == build_rows(read([changed]), settings).weight.sum()

"""A disk that fills up: a clear error, nothing half written, and an earlier result stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from tests.integration.program import EXAMPLE, Ran, files_of, process, stormcell
from tests.integration.telemetry import good
from tests.unit.store.codebooks import codebook_of

pytestmark = pytest.mark.slow

KIB = 1024
LIMITS = [0, 256, 3072]
"""KiB in one file, from the first byte of the first result to most of the store, which is the largest."""


LIMITED = "import os, resource, sys; most = int(sys.argv[1]); " + (
    "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)); os.execv(sys.argv[2], sys.argv[2:])"
)


def _limited(kib: int, *arguments: str | Path) -> Ran:
    # Not between fork and exec, where what gRPC left of its threads ends the process.
    return process(*arguments, wrap=[sys.executable, "-Bc", LIMITED, str(kib * KIB)])


def _assert_failed(ran: Ran, out: Path) -> None:
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("stormcell: ")
    assert str(out) in ran.err
    assert "free some space or name another place" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("kib", LIMITS)
def test_nothing_is_left_in_a_new_folder(kib: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _assert_failed(_limited(kib, "group", EXAMPLE, "--out", out), out)
    assert not out.exists() or list(out.iterdir()) == []


@pytest.mark.parametrize("kib", LIMITS)
def test_an_earlier_result_stays_as_it_was(kib: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert stormcell("group", good(tmp_path / "in"), "--out", out).code == 0
    before, listed = files_of(out), stormcell("groups", "list", "--store", out, "--json").json
    _assert_failed(_limited(kib, "group", EXAMPLE, "--out", out), out)
    after = files_of(out)
    assert stormcell("groups", "list", "--store", out, "--json").json == listed
    # SQLite may have written its log; the store reads as before.
    changing = {"stormcell.db", "stormcell.db-wal", "stormcell.db-shm"}
    assert {name: data for name, data in after.items() if name not in changing} == {
        name: data for name, data in before.items() if name not in changing
    }


def test_predictions_are_both_written_or_none(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("uid,signal,incident,class\ngood-1,log,1,shop:disk\n")
    out = tmp_path / "predictions"
    arguments = ("evaluate", good(tmp_path / "in"), "--truth", truth, "--predictions", out)
    assert _limited(0, *arguments).code == 1
    assert files_of(out) == {}
    assert _limited(64, *arguments).code == 0
    assert set(files_of(out)) == {"A.json", "B.json"}


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/stormcell"])
def test_a_place_that_cannot_be_a_folder(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ran = stormcell("group", good(tmp_path / "in"), "--out", tmp_path / place)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"stormcell: cannot write to {tmp_path / place}: ")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_real_full_disk(disk: Path, tmp_path: Path) -> None:
    out = disk / "out"
    _assert_failed(process("group", EXAMPLE, "--out", out), out)
    assert files_of(disk) == {}
    assert process("group", good(tmp_path / "in"), "--out", out).code == 0
    before = files_of(out)
    _assert_failed(process("group", EXAMPLE, "--out", out), out)
    after = files_of(out)
    assert after["groups.json"] == before["groups.json"]
    assert {name for name in after if "unfinished" in name or name.endswith(".tmp")} == set()
    with SqliteStore(out / "stormcell.db", create=False) as store:
        groups = [group.id for group in store.groups()]
    assert groups == [group["id"] for group in json.loads(before["groups.json"])["groups"]]


def test_drafts_of_an_earlier_run_go_once_the_new_ones_are_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert stormcell("group", EXAMPLE, "--out", out).code == 0
    (out / "drafts" / "notes.md").write_text("mine")
    ran = stormcell("group", good(tmp_path / "in"), "--out", out, "--json")
    drafts = {f"{group['id']}.runbook.md" for group in ran.json["groups"]}
    assert {path.name for path in (out / "drafts").iterdir()} == {*drafts, "notes.md"}


@pytest.mark.parametrize("kib", [0, 64])
def test_a_codebook_is_taken_in_whole_or_not_at_all(kib: int, tmp_path: Path) -> None:
    """The log of the store cannot grow, or it can and the codebook's file cannot."""
    store, file = tmp_path / "store", tmp_path / "cb.json"
    (live, first), (large, second) = codebook_of("small"), codebook_of("large " * 100 * KIB)
    file.write_bytes(first)
    assert stormcell("codebook", "import", file, "--store", store).code == 0
    assert stormcell("codebook", "promote", live.version, "--store", store).code == 0
    file.write_bytes(second)
    _assert_failed(_limited(kib, "codebook", "import", file, "--store", store), store)
    [listed] = stormcell("codebook", "list", "--store", store, "--json").json
    assert (listed["version"], listed["state"]) == (live.version, "live")
    assert stormcell("codebook", "verify", "--store", store).code == 0
    assert stormcell("codebook", "import", file, "--store", store).code == 0
    assert stormcell("codebook", "promote", large.version, "--store", store).code == 0

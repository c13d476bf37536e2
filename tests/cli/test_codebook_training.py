"""stormcell codebook train, assign and explain."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from stormcell.forks import Lock
from stormcell.store import SqliteStore
from tests.cli.test_learn import logs
from tests.integration.program import EXAMPLE, stormcell

KILLED = """
import os, signal, sys
from stormcell.cli.main import main
from stormcell.operate import training

write, left = training.write_atomic, int(sys.argv.pop(1))

def counted(path, data):
    global left
    write(path, data)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

training.write_atomic = counted
sys.argv[0] = "stormcell"
main()
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a codebook that is live."""
    folder = tmp_path_factory.mktemp("trained") / "out"
    ran = stormcell("codebook", "train", EXAMPLE, "--out", folder, "--promote")
    assert ran.code == 0, ran.err
    return folder


def version(out: Path) -> str:
    with SqliteStore(out / "stormcell.db", create=False) as store:
        live = store.live_codebook()
    assert live is not None
    return live.version


def test_it_tells_what_it_made(tmp_path: Path) -> None:
    ran = stormcell("codebook", "train", logs(tmp_path / "a.json", range(30)), "--out", tmp_path / "out")
    assert ran.code == 0
    assert re.fullmatch(
        r"Trained cb-[0-9a-f]{12} on 30 events: 1 codeword, mean dissimilarity 0\.0000, "
        r"0\.0% of the events new\.\n"
        rf"Stored in {tmp_path}/out; state: candidate\.\n",
        ran.out,
    )
    assert "codebook promote cb-" in ran.err


def test_trained_again_it_is_the_same(out: Path) -> None:
    again = stormcell("codebook", "train", EXAMPLE, "--out", out, "--json").json
    assert (again["version"], again["stored"], again["state"]) == (version(out), False, "live")
    assert Path(again["file"]).read_bytes()
    assert again["events"] == 8118
    assert again["metrics"]["new"] <= 0.01


def test_another_one_is_live_and_stays_so(tmp_path: Path) -> None:
    first = stormcell("codebook", "train", logs(tmp_path / "a.json", range(9)), "--out", tmp_path, "--promote")
    assert "state: live" in first.out
    live = version(tmp_path)
    other = logs(tmp_path / "b.json", range(9), "disk is full")
    second = stormcell("codebook", "train", other, "--out", tmp_path, "--promote")
    assert (second.code, version(tmp_path)) == (0, live)
    assert f"{live} is live and stays so" in second.err
    assert stormcell("codebook", "train", other, "--out", tmp_path, "--json").json["parent"] == live
    alone = stormcell("codebook", "train", other, "--out", tmp_path, "--parent", "none", "--json").json
    assert alone["parent"] is None


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3])
def test_killed_it_goes_on_to_the_same_codebook(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_CODEBOOK__STRETCH_EVENTS", "2000")
    train = ["codebook", "train", str(EXAMPLE), "--out", str(tmp_path / "out")]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(after), *train], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert json.loads((tmp_path / "out/codebooks/.training.json").read_bytes())["events"] == after * 2000
    resumed = stormcell(*train, "--resume", "--json")
    whole = stormcell("codebook", "train", EXAMPLE, "--out", tmp_path / "whole", "--json")
    assert resumed.json["version"] == whole.json["version"]
    assert not (tmp_path / "out/codebooks/.training.json").exists()


def test_only_what_was_interrupted_can_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_CODEBOOK__STRETCH_EVENTS", "100")
    path = logs(tmp_path / "a.json", range(300))
    train = ["codebook", "train", str(path), "--out", str(tmp_path / "out")]
    assert "there is no interrupted training" in stormcell(*train, "--resume").err
    killed = subprocess.run([sys.executable, "-c", KILLED, "2", *train], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    other = stormcell(*train, "--resume", "--seed", "4")
    assert (other.code, "was asked for with other seed" in other.err) == (2, True)
    logs(path, range(150))
    shorter = stormcell(*train, "--resume")
    assert (shorter.code, "had read 200 events, but now there are 150" in shorter.err) == (2, True)
    anew = stormcell(*train)
    assert (anew.code, "An interrupted training is dropped" in anew.err) == (0, True)


def test_two_do_not_train_into_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "codebooks"
    folder.mkdir(parents=True)
    lock = Lock(folder / ".training.lock")
    ran = stormcell("codebook", "train", EXAMPLE, "--out", tmp_path / "out")
    lock.release()
    assert ran.code == 1
    assert f"another training into {tmp_path}/out is going on" in ran.err


def test_nothing_cannot_be_trained_on(tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text('{"resourceLogs": []}')
    ran = stormcell("codebook", "train", empty, "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no event to train a codebook on" in ran.err
    assert not list((tmp_path / "out").glob("**/cb-*"))


def test_every_event_is_assigned(out: Path) -> None:
    ran = stormcell("codebook", "assign", EXAMPLE, "--store", out, "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert len(lines) == 8118
    counts = Counter(line["codeword"] for line in lines)
    table = stormcell("codebook", "assign", EXAMPLE, "--store", out, "--all").out
    shown = {
        (match[1], int(match[2].replace(",", "")))
        for match in re.finditer(r"^(k-\w+) .* ([\d,]+) +[\d.]+%$", table, re.M)
    }
    assert shown == {(id, count) for id, count in counts.items() if id is not None}
    assert re.search(rf"^new +{counts[None]} +0\.\d%$", table, re.M)


def test_what_is_new_is_shown_and_explained(out: Path, tmp_path: Path) -> None:
    other = logs(tmp_path / "a.json", range(3), "the <b>moon</b> of ann@example.org is full\x1b[31m")
    ran = stormcell("codebook", "assign", other, "--store", out)
    assert re.search(r"^new +3 +100\.0%$", ran.out, re.M)
    assert "the <b>moon</b> of <email> is full" in ran.out
    assert "\x1b" not in ran.out
    uid = json.loads(stormcell("codebook", "assign", other, "--store", out, "--json").out.splitlines()[0])["uid"]
    words = stormcell("codebook", "explain", uid, other, "--store", out)
    assert words.code == 0
    assert "New: beyond the radius of 0.12" in words.out
    # Uids stay as they are: by them an event is found again.
    assert "ann@example.org" not in words.out.partition("\n")[2]
    told = stormcell("codebook", "explain", uid, other, "--store", out, "--json").json
    assert told["codeword"] is None
    assert sum(field["share"] for field in told["fields"]) == pytest.approx(told["dissimilarity"])
    assert told["margin"] == pytest.approx(told["runner_up_dissimilarity"] - told["dissimilarity"])


def test_a_codebook_may_be_a_file(out: Path, tmp_path: Path) -> None:
    file = out / "codebooks" / f"{version(out)}.json"
    ran = stormcell("codebook", "assign", EXAMPLE, "--codebook", file)
    assert ran.code == 0
    cut = tmp_path / "cut.json"
    cut.write_bytes(file.read_bytes()[:1000])
    broken = stormcell("codebook", "assign", EXAMPLE, "--codebook", cut)
    assert (broken.code, broken.out) == (2, "")
    assert f"{cut}: expected a codebook" in broken.err


def test_what_is_not_there_is_named(out: Path, tmp_path: Path) -> None:
    assert "no event 'nobody'" in stormcell("codebook", "explain", "nobody", EXAMPLE, "--store", out).err
    assert "cb-77" in stormcell("codebook", "assign", EXAMPLE, "--codebook", "cb-77", "--store", out).err
    ran = stormcell("codebook", "train", logs(tmp_path / "a.json", range(3)), "--out", tmp_path / "new")
    assert ran.code == 0
    none = stormcell("codebook", "assign", EXAMPLE, "--store", tmp_path / "new")
    assert (none.code, "no codebook is live" in none.err) == (1, True)


@pytest.mark.parametrize("columns", [80, 120])
def test_what_was_assigned_fits_on_a_terminal(out: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = stormcell("codebook", "assign", EXAMPLE, "--store", out, terminal=True)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", ran.out).splitlines()
    assert max(map(len, lines)) <= columns
    assert len([line for line in lines if re.search(r"\bk-[0-9a-f]{12} ", line)]) == 20

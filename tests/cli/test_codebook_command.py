"""stormcell codebook list, show, diff, promote, rollback, reject, export, import, verify and notes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stormcell.codebook.document import dump
from stormcell.store import SqliteStore
from stormcell.types import Codebook, ModelNote, NoteKind
from tests.integration.program import Ran, stormcell
from tests.unit.codebook.made import KINDS, shop, trained

HOSTILE = {"service": "search", "text": "rebuilt \x1b[31mthe index\u202e of everything", "severity": 17}
OLD = trained()
NEW = trained(shop(300, 1, (*KINDS, HOSTILE)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of two codebooks."""
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        for number, codebook in enumerate((OLD, NEW)):
            store.add_codebook(codebook, dump(codebook), now=number * 10**9)
    return tmp_path


def run(folder: Path, *arguments: str | Path) -> Ran:
    return stormcell("codebook", *arguments, "--store", folder)


def states(folder: Path) -> dict[str, str]:
    return {one["version"]: one["state"] for one in run(folder, "list", "--json").json}


def file(folder: Path, codebook: Codebook) -> Path:
    return folder / "codebooks" / f"{codebook.version}.json"


def test_list(folder: Path) -> None:
    run(folder, "promote", OLD.version)
    ran = run(folder, "list")
    assert (ran.code, ran.err) == (0, f"2 codebooks, {OLD.version} is live\n")
    head, newest, oldest = ran.out.splitlines()
    assert head.split() == ["codebook", "state", "stored", "codewords", "events", "loss", "new", "parent"]
    assert newest.split()[:2] == [NEW.version, "candidate"]
    assert oldest.split()[:5] == [OLD.version, "live", "1970-01-01T00:00:00.000Z", str(len(OLD.codewords)), "200"]


def test_list_as_json(folder: Path) -> None:
    newest, _ = run(folder, "list", "--json").json
    assert newest["version"] == NEW.version
    assert newest["made"] == "1970-01-01T00:00:01.000Z"
    assert newest["provenance"]["first_seen"] == "2023-11-14T22:13:20.000Z"
    assert newest["provenance"]["metrics"]["loss"] == NEW.provenance.metrics["loss"]


def test_a_store_without_codebooks_says_how_to_get_one(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "stormcell.db", create=True).learn({})
    ran = run(tmp_path, "list")
    assert (ran.code, ran.out) == (0, "")
    assert "codebook train PATH..." in ran.err
    ran = run(tmp_path, "show")
    assert (ran.code, ran.out) == (1, "")
    assert "no codebook is live; make one so with" in ran.err


@pytest.mark.parametrize("command", ["list", "show", "verify", "notes"])
def test_there_is_no_store(tmp_path: Path, command: str) -> None:
    ran = run(tmp_path / "no", command)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no store at" in ran.err


def test_show(folder: Path) -> None:
    ran = run(folder, "show", NEW.version[:8])
    assert (ran.code, ran.err) == (0, "")
    assert f"{NEW.version}  candidate, stored 1970-01-01T00:00:01.000Z" in ran.out
    assert "trained on   300 events" in ran.out
    assert "text 4 (cosine)" in ran.out
    assert re.search(r"severity 1 \(numeric, range \d+\)", ran.out)
    for word in NEW.codewords:
        assert word.id in ran.out
    assert r"rebuilt \x1b[31mthe index\u202e of everything" in ran.out


def test_show_as_json_and_of_a_file(folder: Path, tmp_path: Path) -> None:
    run(folder, "promote", OLD.version)
    shown = run(folder, "show", "--json").json
    assert (shown["version"], shown["state"]) == (OLD.version, "live")
    assert [word["id"] for word in shown["codewords"]] == [word.id for word in OLD.codewords]
    assert sum(word["share"] for word in shown["codewords"]) == pytest.approx(1)
    assert {field["name"] for field in shown["fields"]} == {field.name for field in OLD.fields}
    of_file = run(folder, "show", file(folder, OLD), "--json").json
    del shown["state"], shown["made"]
    assert of_file == shown


def test_diff(folder: Path) -> None:
    ran = run(folder, "diff", OLD.version, NEW.version)
    assert (ran.code, ran.err) == (0, "")
    assert f"{OLD.version} -> {NEW.version}: 100% of the exemplars say the same" in ran.out
    assert re.search(r"new +k-[0-9a-f]{12} +- +\d+\.\d% +search +rebuilt \\x1b", ran.out)
    # Of files it is the same, and backwards what was new is gone.
    back = run(folder, "diff", file(folder, NEW), file(folder, OLD), "--json").json
    assert (back["before"], back["new"], back["moved"]) == (NEW.version, [], [])
    assert [word["medoid"]["service"] for word in back["gone"]] == ["search"]
    assert 0 < back["gone_share"] < 0.5
    assert "100% of the exemplars" in run(folder, "diff", OLD.version, OLD.version).out


def test_promote_and_roll_back(folder: Path) -> None:
    ran = run(folder, "promote", OLD.version, "--by", "ann")
    assert (ran.code, ran.out, ran.err) == (0, "", f"{OLD.version} is live.\n")
    ran = run(folder, "promote", NEW.version, "--why", "covers search")
    assert f"{NEW.version} is live; {OLD.version}, live until now, is retired.\n" in ran.err
    assert f"codebook rollback --store {folder}" in ran.err
    ran = run(folder, "promote", NEW.version, "--json")
    assert ran.json == {"version": NEW.version, "state": "live", "live_before": NEW.version, "changed": False}
    assert "Nothing has changed" in ran.err
    ran = run(folder, "rollback", "--json")
    assert ran.json == {"version": OLD.version, "state": "live", "live_before": NEW.version, "changed": True}
    assert states(folder) == {NEW.version: "rejected", OLD.version: "live"}
    ran = run(folder, "rollback")
    assert (ran.code, ran.out) == (1, "")
    assert "no codebook was live before" in ran.err
    assert run(folder, "rollback", "--to", NEW.version).code == 0


def test_reject(folder: Path) -> None:
    assert run(folder, "reject", NEW.version, "--why", "odd").code == 0
    assert states(folder)[NEW.version] == "rejected"
    run(folder, "promote", OLD.version)
    ran = run(folder, "reject", "live")
    assert (ran.code, ran.out) == (1, "")
    assert "roll back" in ran.err


def test_notes_leave_out_what_is_for_programs(folder: Path) -> None:
    note = ModelNote(0, NoteKind.CANARY_ENDED, NEW.version, {"by": "sidecar", "means": {"live": {"new": 0.5}}})
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        store.add_note(note)
    assert run(folder, "notes").out == f"1970-01-01T00:00:00.000Z  canary-ended {NEW.version}: by sidecar\n"
    [told] = run(folder, "notes", "--json").json
    assert told["detail"] == note.detail


def test_notes(folder: Path) -> None:
    run(folder, "promote", OLD.version, "--by", "ann")
    run(folder, "promote", NEW.version, "--why", "covers\x1b search")
    run(folder, "reject", OLD.version)
    ran = run(folder, "notes")
    assert (ran.code, ran.err) == (0, "3 notes\n")
    rejected, second, first = ran.out.splitlines()
    assert f"rejected {OLD.version}: by cli, was retired" in rejected
    assert rf"promoted {NEW.version}: by cli, why covers\x1b search, from {OLD.version}" in second
    assert f"promoted {OLD.version}: by ann" in first
    found: Any = run(folder, "notes", "--kind", "promoted", "--codebook", OLD.version[:9], "--last", "1", "--json")
    [note] = found.json
    assert (note["number"], note["kind"], note["detail"]) == (1, "promoted", {"by": "ann", "from": ""})
    ran = run(folder, "notes", "--kind", "promotion")
    assert (ran.code, ran.out) == (2, "")
    assert "promoted" in ran.err


def test_what_is_exported_is_imported_elsewhere(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "cb.json"
    assert run(folder, "export", OLD.version, "--out", out).code == 0
    ran = run(tmp_path / "other", "import", out, "--json")
    assert ran.json == {"version": OLD.version, "state": "candidate", "live_before": "", "changed": True}
    assert (tmp_path / "other" / "stormcell.db").is_file()
    assert file(tmp_path / "other", OLD).read_bytes() == dump(OLD)
    piped = stormcell("codebook", "import", "-", "--store", tmp_path / "other", stdin=dump(OLD))
    assert piped.code == 0
    assert f"{OLD.version} is a candidate; it was in the store before." in piped.err


def test_what_is_printed_is_the_codebook_alone(folder: Path) -> None:
    run(folder, "promote", OLD.version)
    ran = run(folder, "export")
    assert (ran.code, ran.out, ran.err) == (0, dump(OLD).decode(), "")


def test_a_config_map(folder: Path) -> None:
    ran = run(folder, "export", OLD.version, "--format", "configmap", "--name", "model", "--namespace", "storm")
    manifest = yaml.safe_load(ran.out)
    assert (manifest["kind"], manifest["metadata"]["name"]) == ("ConfigMap", "model")
    assert manifest["metadata"]["labels"]["stormcell/codebook-version"] == OLD.version
    assert manifest["data"]["codebook.json"].encode() == dump(OLD)
    ran = run(folder, "export", OLD.version, "--format", "configmap", "--name", "No Name")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be used" in ran.err


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (dump(OLD)[:-20], "truncated"),
        (dump(OLD).replace(b"basket", b"casket"), "altered or damaged"),
        (dump(OLD).replace(b"stormcell.codebook/1", b"stormcell.codebook/2"), "newer Stormcell"),
        (b"{}", "it is not a codebook"),
        (b"", "expected a codebook"),
    ],
)
def test_bad_files_are_refused_and_named(folder: Path, tmp_path: Path, data: bytes, why: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(data)
    before = states(folder)
    for command in ("import", "show", f"diff {OLD.version}"):
        ran = run(folder, *command.split(), bad)
        assert (ran.code, ran.out) == (2, "")
        assert str(bad) in ran.err
        assert why in ran.err
    assert states(folder) == before


def test_a_file_that_is_not_there(folder: Path) -> None:
    for command in ("import", "show"):
        ran = run(folder, command, "no.json")
        assert (ran.code, ran.out) == (2, "")
        assert "cannot read no.json: No such file" in ran.err


def test_verify(folder: Path) -> None:
    ran = run(folder, "verify")
    assert (ran.code, ran.out, ran.err) == (0, "", "2 codebooks, all whole\n")
    file(folder, OLD).unlink()
    (folder / "codebooks" / "cb-000000000000.json").write_bytes(b"{}")
    ran = run(folder, "verify")
    assert (ran.code, ran.err) == (1, "2 codebooks, 2 files not as it should be\n")
    assert "missing" in ran.out
    ran = run(folder, "verify", "--json")
    assert ran.code == 1
    assert [(one["fault"], one["state"]) for one in ran.json["findings"]] in (
        [("missing", "candidate"), ("surplus", None)],
        [("surplus", None), ("missing", "candidate")],
    )
    # Damaged, it is told when it is to be used, and what was imported again is whole.
    assert run(folder, "promote", OLD.version).code == 2
    (folder / "cb.json").write_bytes(dump(OLD))
    assert run(folder, "import", folder / "cb.json").code == 0
    assert run(folder, "promote", OLD.version).code == 0


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_and_versions_stay_whole(folder: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    run(folder, "promote", OLD.version)
    file(folder, OLD).write_bytes(b"")
    for command in (["list"], ["show", NEW.version], ["diff", NEW.version, NEW.version], ["verify"]):
        ran = stormcell("codebook", *command, "--store", folder, terminal=True)
        lines = re.sub(r"\x1b\[[0-9;]*m", "", ran.out).splitlines()
        table = lines[next((at for at, line in enumerate(lines) if "─" in line), len(lines)) :]
        assert max(map(len, table), default=0) <= columns
        assert NEW.version in ran.out or command == ["verify"]

"""Bad input: said with file and line, counted, and the good rest is grouped."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.program import stormcell
from tests.integration.telemetry import (
    alert,
    attributes,
    good,
    log,
    logs,
    placed,
    webhook,
    write,
)

GOOD = ["good-1", "good-2"]


def _truncated(folder: Path) -> str:
    lines = b"".join(
        json.dumps(logs(log(f"cut-{i}", f"{os.urandom(9).hex()}"))).encode() + b"\n" for i in range(2000)
    )
    (folder / "bad.jsonl.gz").write_bytes(gzip.compress(lines, mtime=0)[:-4000])
    return "expected more gzip data, found the end: the file is cut"


def _rubbish(folder: Path) -> str:
    (folder / "bad.jsonl").write_bytes(bytes([1, 0, 255, 254]) + bytes(range(256)) * 40)
    return (
        "bad.jsonl:1: expected OTLP logs or traces or alerts of Alertmanager, Grafana or Kibana, found binary data"
    )


def _cut_line(folder: Path) -> str:
    whole = json.dumps(logs(log("kept", "kept")))
    (folder / "bad.jsonl").write_text(f"{whole}\n{whole[:40]}\n{json.dumps(logs(log('kept-2', 'kept')))}\n")
    return "bad.jsonl:2: expected JSON, found an error at column"


def _not_telemetry(folder: Path) -> str:
    write(folder / "bad.json", {"hello": "world"})
    expected = "expected OTLP logs or traces or alerts of Alertmanager, Grafana or Kibana"
    return f'bad.json:1: {expected}, found an object with "hello"'


def _no_time(folder: Path) -> str:
    write(folder / "bad.jsonl", logs(log("bad", "x", timeUnixNano="0")))
    return 'timeUnixNano: expected nanoseconds since 1970 as a whole number, found "0"'


def _negative_time(folder: Path) -> str:
    write(folder / "bad.jsonl", logs(log("bad", "x", timeUnixNano="-5")))
    return 'timeUnixNano: expected nanoseconds since 1970 as a whole number, found "-5"'


def _late_time(folder: Path) -> str:
    write(folder / "bad.jsonl", logs(log("bad", "x", timeUnixNano=str(2**63))))
    return "timeUnixNano: expected nanoseconds since 1970 up to the year 2262, found 9223372036854775808"


def _late_alert(folder: Path) -> str:
    write(folder / "bad.json", webhook(alert("bad", "X", starts="2262-04-12T00:00:00Z")))
    return 'alerts[0].startsAt: expected a time from 1970 to 2262, found "2262-04-12T00:00:00Z"'


def _early_alert(folder: Path) -> str:
    write(folder / "bad.json", webhook(alert("bad", "X", starts="1969-12-31T23:59:59Z")))
    return 'alerts[0].startsAt: expected a time from 1970 to 2262, found "1969-12-31T23:59:59Z"'


def _dangling_link(folder: Path) -> str:
    (folder / "bad.jsonl").symlink_to(folder / "gone")
    return "bad.jsonl: cannot be read: No such file or directory"


def _link_to_itself(folder: Path) -> str:
    (folder / "bad.jsonl").symlink_to(folder / "bad.jsonl")
    return "bad.jsonl: cannot be read: Too many levels of symbolic links"


BAD = [
    _truncated,
    _rubbish,
    _cut_line,
    _not_telemetry,
    _no_time,
    _negative_time,
    _late_time,
    _late_alert,
    _early_alert,
    _dangling_link,
    _link_to_itself,
]


@pytest.mark.parametrize("spoil", BAD)
def test_the_rest_is_grouped(spoil: Callable[[Path], str], tmp_path: Path) -> None:
    folder = good(tmp_path / "in").parent
    message = spoil(folder)
    ran = stormcell("group", folder, "--out", tmp_path / "out", "--json")
    assert ran.code == 0
    assert "1 problem in the input; what could be read was kept:" in ran.err
    assert f"  {folder / 'bad.json'}" in ran.err
    assert message in ran.err
    assert set(GOOD) <= placed(ran.json)
    assert message in (tmp_path / "out" / "problems.txt").read_text()


@pytest.mark.parametrize("spoil", BAD)
def test_strict_makes_it_fatal(spoil: Callable[[Path], str], tmp_path: Path) -> None:
    folder = good(tmp_path / "in").parent
    message = spoil(folder)
    ran = stormcell("group", folder, "--out", tmp_path / "out", "--json", "--strict")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"stormcell: {folder / 'bad.json'}")
    assert message in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("spoil", BAD)
def test_nothing_but_a_problem_is_a_failure(spoil: Callable[[Path], str], tmp_path: Path) -> None:
    message = spoil(tmp_path)
    ran = stormcell("group", tmp_path, "--out", tmp_path / "out", "--json")
    if spoil in (_truncated, _cut_line):  # these hold events
        assert ran.code == 0
        return
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert not (tmp_path / "out").exists()


def test_what_came_before_the_cut_is_kept(tmp_path: Path) -> None:
    _truncated(tmp_path)
    kept = placed(stormcell("group", tmp_path, "--json").json)
    assert 0 < len(kept) < 2000
    assert kept == {f"cut-{i}" for i in range(len(kept))}


def test_a_missing_path_among_good_ones(tmp_path: Path) -> None:
    ran = stormcell("group", tmp_path / "gone", good(tmp_path), "--json")
    assert ran.code == 0
    assert "gone: cannot be read: No such file or directory" in ran.err
    assert placed(ran.json) == set(GOOD)


@pytest.mark.parametrize("path", ["gone", "empty"])
def test_only_a_missing_path_or_an_empty_folder(path: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = stormcell("group", tmp_path / path, "--json")
    assert (ran.code, ran.out) == (2, "")
    reason = {"gone": "cannot be read: No such file", "empty": "expected a folder with files of telemetry"}
    assert f"stormcell: nothing could be read: {tmp_path / path}: {reason[path]}" in ran.err


@pytest.mark.parametrize("data", [b"", b"\n \n", gzip.compress(b"", mtime=0), b"{}"], ids=str)
def test_a_file_without_events_is_no_failure(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    ran = stormcell("group", tmp_path / "x", "--out", tmp_path / "out", "--json")
    assert ran.code == 0
    assert ran.err.startswith("No events in the input: nothing to group.\n")
    assert (ran.json["events"], ran.json["groups"]) == (0, [])
    assert stormcell("group", tmp_path / "x").out == ""
    listed = stormcell("groups", "list", "--store", tmp_path / "out")
    assert (listed.code, listed.out, listed.err) == (0, "", "0 groups\n")


def test_a_loop_of_folders_is_read_once(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path)
    ran = stormcell("group", tmp_path, "--json")
    assert (ran.code, placed(ran.json)) == (0, set(GOOD))


@pytest.mark.slow
def test_a_line_of_20_mb(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text(
        json.dumps(logs(log("long", "x" * 20_000_000))) + "\n" + json.dumps(logs(log("next", "y"))) + "\n"
    )
    ran = stormcell("group", path, "--out", tmp_path / "out")
    assert ran.code == 0
    assert "problem" not in ran.err
    document = json.loads((tmp_path / "out" / "groups.json").read_bytes())
    assert placed(document) == {"long", "next"}
    assert len(ran.out) < 10_000
    assert all(len(draft.read_bytes()) < 50_000 for draft in (tmp_path / "out" / "drafts").iterdir())
    assert len(stormcell("explain", "long", "--store", tmp_path / "out").out) < 10_000


def test_a_line_over_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"x": "' + b"x" * (64 << 20) + b'"}\n' + json.dumps(logs(log("next", "y"))).encode())
    ran = stormcell("group", path, "--json")
    assert "long.jsonl:1: expected at most 64 MiB in one line, found more; skipped" in ran.err
    assert placed(ran.json) == {"next"}


def test_many_problems_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    path = good(tmp_path)
    with path.open("a") as file:
        file.write("{broken}\n" * 250)
    ran = stormcell("group", path, "--out", tmp_path / "out")
    assert "250 problems in the input; what could be read was kept:" in ran.err
    assert ran.err.count("good.jsonl:") == 5
    assert "... and 245 more (--out keeps the first 100 in problems.txt)" in ran.err
    assert len((tmp_path / "out" / "problems.txt").read_text().splitlines()) == 100


def test_problems_of_hostile_names_are_shown_harmless(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "bad\x1b[31m\n.jsonl").write_text("{}\n{broken}\n")
    write(tmp_path / "worse.json", {"\x1b]0;owned\x07": 1})
    (tmp_path / os.fsdecode(b"\xff.json")).write_text('{"x": 1}')
    ran = stormcell("group", tmp_path, "--out", tmp_path / "out")
    assert ran.code == 0
    assert not set(ran.err) & set("\x1b\x07")
    assert "bad\\x1b[31m\\n.jsonl:2: expected JSON" in ran.err
    assert b"\x1b" not in (tmp_path / "out" / "problems.txt").read_bytes()


def test_standard_input_that_is_rubbish() -> None:
    ran = stormcell("group", "-", stdin=b"\x00\x01\x02" * 99)
    assert ran.code == 2
    assert (
        "stdin:1: expected OTLP logs or traces or alerts of Alertmanager, Grafana or Kibana, found binary data"
        in ran.err
    )


def test_attributes_of_a_resource_may_hold_rubbish(tmp_path: Path) -> None:
    document = logs(log("a", "x"))
    document["resourceLogs"][0]["resource"] = {"attributes": [*attributes(service__name="shop"), 5]}
    ran = stormcell("group", write(tmp_path / "x.jsonl", document), "--json")
    assert "x.jsonl:1: resourceLogs[0].resource.attributes[1]: expected an object, found 5" in ran.err
    assert ran.json["groups"][0]["medoid"]["service"] == "shop"


def test_files_without_telemetry_in_a_folder_are_named(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "README").write_text("An export of Monday's storm.\n")
    ran = stormcell("group", tmp_path, "--json", "--strict")
    assert (ran.code, placed(ran.json)) == (0, set(GOOD))
    assert f"1 file in the folders without telemetry, left out: {tmp_path / 'README'}\n" in ran.err

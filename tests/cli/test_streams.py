"""Standard output and standard error, as they are met in scripts and on odd machines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.program import EXAMPLE, PROGRAM, process, stormcell
from tests.integration.telemetry import good, log, logs, write

pytestmark = pytest.mark.slow

# More than a pipe holds.
LONG = ["group", EXAMPLE, "--json"]
SHORT = ["config", "reference"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [LONG, SHORT, ["--help"]], ids=str)
def test_output_that_cannot_be_printed_is_a_failure(arguments: list[str | Path]) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = process(*arguments, stdout=full)
    assert ran.code == 1
    assert "stormcell: cannot print the result: No space left on device" in ran.err
    assert "Traceback" not in ran.err
    assert "Exception" not in ran.err


@pytest.mark.parametrize("arguments", [LONG, SHORT], ids=str)
def test_a_reader_that_has_had_enough_is_no_failure(arguments: list[str | Path]) -> None:
    command = [PROGRAM, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read()
    assert running.returncode == 0
    assert b"Traceback" not in err
    assert b"Broken" not in err


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_is_like_one_to_nowhere(closed: int, tmp_path: Path) -> None:
    shell = ["sh", "-c", f'exec "$@" {closed}>&-', "sh"]
    ran = process("group", good(tmp_path), "--out", tmp_path / "out", wrap=shell)
    assert ran.code == 0
    assert (tmp_path / "out" / "groups.json").exists()
    assert (ran.out, ran.err)[closed - 1] == ""


def test_json_is_utf8_on_an_ascii_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", logs(log("a", "Überlast → Ausfall")))
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert process("group", path, "--json", env=env).json["groups"][0]["medoid"]["text"] == "Überlast → Ausfall"


def test_a_table_on_an_ascii_terminal_shows_escapes(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", logs(log("a", "Überlast → Ausfall")))
    ran = process("group", path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert ran.code == 0
    assert "\\xdcberlast \\u2192 Ausfall" in ran.out


def test_a_piped_table_is_plain_and_whole(tmp_path: Path) -> None:
    service = "a-service-with-quite-a-long-name-" * 4
    path = write(tmp_path / "x.jsonl", logs(log("a", "word " * 18), service=service))
    ran = stormcell("group", path)
    header, row = ran.out.splitlines()
    assert header.startswith("group")
    assert "\x1b" not in ran.out
    assert service in row
    assert ("word " * 18).strip() in row


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[" in stormcell("group", EXAMPLE, terminal=True).out


def test_messages_are_on_standard_error(tmp_path: Path) -> None:
    ran = stormcell("group", good(tmp_path), "--out", tmp_path / "out", "--json")
    assert len(ran.json["groups"]) == 1
    assert "2 events: 1 incident" in ran.err
    assert ran.out.encode() == (tmp_path / "out" / "groups.json").read_bytes()

"""stormcell web: the pages over a store, as a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.integration.program import EXAMPLE, stormcell


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "out"
    assert stormcell("group", EXAMPLE, "--out", folder).code == 0
    return folder


def test_it_prints_where_it_shows_the_groups_until_it_is_told_to_stop(out: Path) -> None:
    command = [sys.executable, "-m", "stormcell", "web", "--store", str(out), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(address) as answer:
            page = answer.read().decode()
        assert "data-group=" in page
        process.send_signal(signal.SIGTERM)
        printed, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, printed) == (0, "")
    assert said == f"Showing {out / 'stormcell.db'}, until Ctrl-C.\n"


def test_what_is_not_there_or_not_to_be_is_told(out: Path, tmp_path: Path) -> None:
    missing = stormcell("web", "--store", tmp_path / "none")
    assert missing.code == 2
    assert "there is no store at" in missing.err
    public = stormcell("web", "--store", out, "--host", "0.0.0.0", "--port", "0")
    assert public.code == 2
    assert "stormcell: --host is 0.0.0.0, which others can reach" in public.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        blocked = stormcell("web", "--store", out, "--port", str(port))
    assert blocked.code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in blocked.err
    assert "--port" in blocked.err
    assert (missing.out, public.out, blocked.out) == ("", "", "")

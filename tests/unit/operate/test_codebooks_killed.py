"""Wherever a process is killed that changes which codebook is live, one whole codebook is live."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[3]
MEMORY = Path("/dev/shm")


@pytest.mark.slow
def test_one_whole_codebook_is_live_whenever_a_process_is_killed(tmp_path: Path) -> None:
    # What a process wrote stays when it is killed, on a disk or in memory, where flushing takes no time.
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        program = [sys.executable, "-m", "tests.unit.operate.killed_codebooks", folder]
        ran = subprocess.run(program, cwd=ROOT, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr.decode()) == (0, "")
    found = json.loads(ran.stdout)
    assert {name: one["wrong"] for name, one in found.items()} == {name: [] for name in found}
    for one in found.values():
        # Before what is done counts, and after.
        assert one["kills"] > one["done"] > 0
    # The file of a codebook is there before the store knows of it.
    assert found["import"]["surplus"] > 0
    assert found["promote"]["surplus"] == 0

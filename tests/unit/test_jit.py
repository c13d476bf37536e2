"""Compiled kernels: where they are kept, and that small work does without them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stormcell.jit import cache_folder

LARGE = """
import numpy as np
from stormcell.cluster.solve import kmedoids
places = np.random.default_rng(0).random(320)
print(kmedoids(np.abs(places[:, None] - places[None, :]).astype(np.float32), 3).medoids.tolist())
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_small_work_does_not_import_numba() -> None:
    program = LARGE.replace("320", "200") + "import sys; print('numba' in sys.modules)"
    assert run(program).stdout.splitlines()[1] == "False"


@pytest.mark.slow
def test_kernels_are_kept_in_the_users_cache(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path), "NUMBA_CACHE_DIR": ""}
    first = run(LARGE, **environment)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "stormcell").rglob("*.nbc")}
    assert kept
    assert run(LARGE, **environment).stdout == first.stdout
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.slow
def test_without_a_place_for_them_they_are_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "stormcell").write_text("not a folder")
    result = run(LARGE, XDG_CACHE_HOME=str(tmp_path), NUMBA_CACHE_DIR="")
    assert result.stdout == run(LARGE).stdout
    assert "compiled anew by every process" in result.stderr


def test_the_folder_that_numba_is_told_to_use_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/stormcell") / f"numba-numpy-{np.__version__}"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert cache_folder().parent == Path("/h/.cache/stormcell")

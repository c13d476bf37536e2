"""The same events give the same groups, byte for byte, whichever way they come in."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.integration.program import EXAMPLE, process, stormcell

Arrange = Callable[[Path], list[str | Path]]

pytestmark = pytest.mark.slow


def _renamed(folder: Path) -> list[str | Path]:
    for number, source in enumerate(sorted(EXAMPLE.iterdir(), reverse=True)):
        shutil.copy(source, folder / f"{number}.txt")
    return [folder]


def _other_order(folder: Path) -> list[str | Path]:
    return sorted(EXAMPLE.iterdir(), reverse=True)


def _plain(folder: Path) -> list[str | Path]:
    for source in EXAMPLE.iterdir():
        (folder / source.name).write_bytes(gzip.decompress(source.read_bytes()))
    return [folder]


def _zstd(folder: Path) -> list[str | Path]:
    for source in EXAMPLE.iterdir():
        (folder / source.name).write_bytes(zstandard.compress(gzip.decompress(source.read_bytes())))
    return [folder]


def _lines_reversed(folder: Path) -> list[str | Path]:
    for source in EXAMPLE.iterdir():
        lines = gzip.decompress(source.read_bytes()).splitlines(keepends=True)
        (folder / source.name).write_bytes(b"".join(reversed(lines)))
    return [folder]


def _twice(folder: Path) -> list[str | Path]:
    return [EXAMPLE, EXAMPLE]


@pytest.mark.parametrize("arrange", [_renamed, _other_order, _plain, _zstd, _lines_reversed, _twice])
def test_however_the_files_are_laid_out(arrange: Arrange, grouped: Path, tmp_path: Path) -> None:
    ran = stormcell("group", *arrange(tmp_path), "--json")
    assert ran.code == 0
    assert ran.out.encode() == (grouped / "groups.json").read_bytes()


def test_from_standard_input(grouped: Path) -> None:
    data = b"".join(gzip.decompress(source.read_bytes()) for source in sorted(EXAMPLE.iterdir()))
    ran = stormcell("group", "-", "--json", stdin=data)
    assert ran.out.encode() == (grouped / "groups.json").read_bytes()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_in_another_process_with_another_hash_seed(seed: str, grouped: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    threads = "1" if seed == "1" else str(os.cpu_count())
    env = {**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads}
    ran = process("group", EXAMPLE, "--out", out, env=env, wrap=(sys.executable,))
    assert ran.code == 0, ran.err
    for name in ("groups.json", "groups.ndjson"):
        assert (out / name).read_bytes() == (grouped / name).read_bytes()
    for draft in (grouped / "drafts").iterdir():
        assert (out / "drafts" / draft.name).read_bytes() == draft.read_bytes()


def test_a_second_run_into_the_same_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = []
    for _ in range(2):
        assert stormcell("group", EXAMPLE, "--out", out).code == 0
        written.append(
            {path.name: path.read_bytes() for path in out.rglob("*.*") if path.suffix in (".json", ".md")}
        )
    assert written[0] == written[1]
    listed = stormcell("groups", "list", "--store", out, "--json").json
    assert [group["id"] for group in listed] == [
        group["id"] for group in json.loads((out / "groups.json").read_bytes())["groups"]
    ]

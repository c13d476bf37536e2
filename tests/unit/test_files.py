"""Files are written whole, and what is no file is left what it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stormcell.errors import OutputError
from stormcell.files import write_atomic


def test_a_file_is_replaced_and_nothing_else_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.html"
    for data in (b"one", b"two"):
        write_atomic(path, data)
        assert [(one, one.read_bytes()) for one in path.parent.iterdir()] == [(path, data)]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="name another place"):
        write_atomic(tmp_path / "file" / "a.html", b"one")


def test_a_device_is_written_to_and_not_replaced() -> None:
    near, far = os.openpty()
    try:
        write_atomic(Path(os.ttyname(far)), b"one\n")
        assert os.read(near, 100) == b"one\r\n"
        assert Path(os.ttyname(far)).is_char_device()
    finally:
        os.close(near)
        os.close(far)


def test_a_name_is_on_the_disk_before_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[tuple[str, bool]] = []
    path = tmp_path / "new" / "a.html"

    def fsync(opened: int) -> None:
        flushed.append((str(Path(f"/proc/self/fd/{opened}").readlink()), path.exists()))
        if path.exists():
            raise OSError("this file system has no such thing")  # which is no failure of the file

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomic(path, b"one")
    [file, *folders] = flushed
    assert (Path(file[0]).parent, file[1]) == (path.parent, False)
    assert folders == [(str(path.parent), True), (str(tmp_path), True)]

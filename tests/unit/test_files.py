"""Files are written whole, and what is no file is left what it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
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


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
def test_a_private_file_is_its_owners_alone_unless_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one", private=True)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o440)
    write_atomic(path, b"two", private=True)
    assert (path.stat().st_mode & 0o777, path.read_bytes()) == (0o440, b"two")
    write_atomic(path, b"three")
    assert path.stat().st_mode & 0o777 == 0o666


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_private_file_stays_whose_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomic(path, b"one", private=True)
    os.chown(path, 1234, 567)
    path.chmod(0o640)
    write_atomic(path, b"two", private=True)
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777, path.read_bytes()) == (1234, 567, 0o640, b"two")


def test_threads_that_write_one_file_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    path, data, told = tmp_path / "cb.json", b"x" * 2_000_000, list[str]()
    write_atomic(path, data)

    def write() -> None:
        try:
            for _ in range(10):
                write_atomic(path, data)
        except OutputError as error:
            told.append(str(error))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    sizes = set()
    while any(thread.is_alive() for thread in threads):
        sizes.add(path.stat().st_size)
    assert told == []
    assert sizes <= {len(data)}
    assert [one.name for one in tmp_path.iterdir()] == ["cb.json"]

"""What is found again of files that are not as they were written."""

from __future__ import annotations

import errno
import os
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import StoreError
from stormcell.journal import scan
from stormcell.journal.segment import HEADER_BYTES
from tests.unit.journal.journals import (
    SMALL,
    bodies,
    bodies_in,
    files,
    filled,
    offset_of,
    opened,
    request,
    size_of,
)


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


@given(bodies, st.data())
def test_a_cut_takes_the_tail_alone_and_its_positions_are_not_given_again(
    written: list[bytes], data: st.DataObject
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        ends = filled(folder, written)
        (path,) = files(folder)
        size = data.draw(st.integers(HEADER_BYTES, path.stat().st_size))
        os.truncate(path, size)
        kept = sum(offset_of(number + 1, written) <= size for number in range(len(written)))
        with opened(folder) as journal:
            assert bodies_in(journal) == written[:kept]
            torn = size - offset_of(kept, written)
            assert (journal.stats().torn, journal.stats().torn_bytes) == (int(torn > 0), torn)
            # A reader that came to the end before the cut reads all that comes after.
            assert bodies_in(journal, ends[-1]) == []
            journal.append(request(b"new"))
            assert bodies_in(journal, ends[-1]) == [b"new"]
            assert bodies_in(journal) == [*written[:kept], b"new"]
        with opened(folder) as journal:
            assert bodies_in(journal) == [*written[:kept], b"new"]
            assert journal.stats().torn == journal.stats().damaged == 0


@pytest.mark.parametrize("left", [HEADER_BYTES, HEADER_BYTES + 3], ids=["nothing", "half-a-record"])
@pytest.mark.parametrize("crashes", [1, 2])
def test_a_file_without_a_record_is_not_waited_behind(left: int, crashes: int, tmp_path: Path) -> None:
    end = filled(tmp_path, [b"kept"])[-1]
    for _ in range(crashes):
        filled(tmp_path, [b"killed while this was written"])
        os.truncate(files(tmp_path)[-1], left)
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"kept"]
        assert journal.end == end
        assert not journal.wait(end, 0)
        journal.append(request(b"new"))
        assert journal.wait(end, 0)
        assert bodies_in(journal, end) == [b"new"]
        journal.release(journal.end)
        assert journal.first > end
    os.truncate(files(tmp_path)[-1], HEADER_BYTES)
    with opened(tmp_path) as journal:
        assert journal.end == journal.first
        assert not journal.wait(journal.first, 0)


def test_what_stands_before_a_file_without_a_record_is_cut_to_whole_ones(tmp_path: Path) -> None:
    first, _ = filled(tmp_path, [b"kept", b"lost"])
    filled(tmp_path, [b"killed while this was written"])
    before, last = files(tmp_path)
    os.truncate(before, before.stat().st_size - 1)
    os.truncate(last, HEADER_BYTES)
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"kept"]
        assert journal.end == first
        assert not journal.wait(first, 0)
        assert journal.stats().torn == 1


@given(bodies, st.data())
def test_a_flipped_bit_takes_its_record_alone_and_is_noticed(written: list[bytes], data: st.DataObject) -> None:
    written = [b"%d:" % number + body for number, body in enumerate(written)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder, written)
        (path,) = files(folder)
        bit = data.draw(st.integers(0, 8 * path.stat().st_size - 1))
        flip(path, bit)
        hit = [number for number in range(len(written)) if offset_of(number + 1, written) > bit // 8]
        rest = written if bit // 8 < HEADER_BYTES else [*written[: hit[0]], *written[hit[0] + 1 :]]
        torn = rest == written[:-1]  # the last one looks as if it had not been written in full
        for noticed in ((1, 0), (0, 0)) if torn else ((0, 1), (0, 1)):
            with opened(folder) as journal:
                assert bodies_in(journal) == rest
                assert (journal.stats().torn, journal.stats().damaged) == noticed


@given(st.lists(st.binary(max_size=200), min_size=3, max_size=9), st.data())
def test_a_wiped_stretch_takes_the_records_it_touches_alone(written: list[bytes], data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        filled(folder, [*written, b"last"])
        (path,) = files(folder)
        first = data.draw(st.integers(0, len(written) - 1))
        last = data.draw(st.integers(first, len(written) - 1))
        content = path.read_bytes()
        start, stop = offset_of(first, written), offset_of(last + 1, written)
        path.write_bytes(content[:start] + bytes(stop - start) + content[stop:])
        with opened(folder) as journal:
            for _ in range(2):  # reading it again does not count it again
                assert bodies_in(journal) == [*written[:first], *written[last + 1 :], b"last"]
                assert (journal.stats().damaged, journal.stats().damaged_bytes) == (1, stop - start)


def test_damage_in_an_earlier_file_is_found_when_it_is_read(tmp_path: Path) -> None:
    written = [bytes([number]) * 1500 for number in range(6)]
    ends = filled(tmp_path, written)
    flip(files(tmp_path)[0], 8 * (HEADER_BYTES + size_of(written[0]) + 100))
    with opened(tmp_path) as journal:
        assert journal.stats().damaged == 0
        assert bodies_in(journal) == [written[0], *written[2:]]
        assert (journal.stats().damaged, journal.stats().damaged_bytes) == (1, size_of(written[1]))
        journal.release(ends[-1])
        assert journal.stats().damaged == 1


def test_a_cut_file_in_the_middle(tmp_path: Path) -> None:
    written = [bytes([number]) * 1500 for number in range(6)]
    filled(tmp_path, written)
    os.truncate(files(tmp_path)[1], HEADER_BYTES + 100)
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [*written[:2], *written[4:]]
        assert journal.stats().damaged == 1


@pytest.mark.parametrize("size", [0, 5, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 2])
def test_a_file_of_which_hardly_anything_is_left(size: int, tmp_path: Path) -> None:
    ends = filled(tmp_path, [b"a" * 3000, b"b" * 3000])
    os.truncate(files(tmp_path)[1], size)
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"a" * 3000]
        journal.append(request(b"new"))
        assert bodies_in(journal, ends[1]) == [b"new"]


def test_a_file_that_vanished_or_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, [bytes([number]) * 3000 for number in range(4)])
    with opened(tmp_path) as journal:
        files(tmp_path)[1].unlink()
        assert [body[0] for body in bodies_in(journal)] == [0, 2, 3]
        assert journal.stats().damaged == 1

        def fails(*_: int) -> bytes:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "pread", fails)
        assert bodies_in(journal) == []
        assert journal.stats().damaged == 4


def test_a_file_that_cannot_be_opened_now_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = [bytes([number]) * 3000 for number in range(4)]
    filled(tmp_path, written)
    with opened(tmp_path) as journal:

        def fails(*_: Any) -> int:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", fails)
            with pytest.raises(StoreError, match=r"cannot read .*journal: Too many open files"):
                bodies_in(journal)
        assert bodies_in(journal) == written
        assert journal.stats().damaged == 0


def test_a_body_cannot_pass_for_records(tmp_path: Path) -> None:
    filled(tmp_path / "theirs", [b"forged"])
    records = files(tmp_path / "theirs")[0].read_bytes()[HEADER_BYTES:]
    written = [records * 20, b"mine"]
    filled(tmp_path / "mine", written)
    flip(files(tmp_path / "mine")[0], 8 * (HEADER_BYTES + 4))
    with opened(tmp_path / "mine") as journal:
        assert bodies_in(journal) == [b"mine"]


def test_records_are_found_behind_damage_of_several_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "_CHUNK", 64)
    for shift in range(70):  # so that the mark lies across two chunks, too
        folder = tmp_path / str(shift)
        written = [b"a", bytes(1000 + shift), b"b", b"c"]
        filled(folder, written)
        flip(files(folder)[0], 8 * offset_of(1, written))
        with opened(folder) as journal:
            assert bodies_in(journal) == [b"a", b"b", b"c"]
            assert journal.stats().damaged_bytes == size_of(written[1])


def test_the_reader_holds_little(tmp_path: Path) -> None:
    filled(tmp_path, [bytes(100_000)] * 200, segment_bytes=1 << 25)
    with opened(tmp_path) as journal:
        tracemalloc.start()
        try:
            assert sum(len(entry.request.body) for entry in journal.read(0)) == 200 * 100_000
            assert tracemalloc.get_traced_memory()[1] < 4e6
        finally:
            tracemalloc.stop()


def test_damage_can_be_cut_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, [b"x" * SMALL])
    os.truncate(files(tmp_path)[0], 1000)

    def fails(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "truncate", fails)
    with pytest.raises(StoreError, match=r"cannot use the journal .*Read-only file system; mend this"):
        opened(tmp_path)
    monkeypatch.undo()
    opened(tmp_path).close()

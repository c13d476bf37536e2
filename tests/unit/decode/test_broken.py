"""Cut, oversized and senseless files."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast
from unittest import mock

import pytest
import zstandard

from stormcell.decode import Report, read
from stormcell.types import Event
from tests.unit.decode.build import events_of, line, log, logs, outcome

MIB = 1 << 20


def hard_to_pack(count: int) -> bytes:
    """Lines whose bodies hardly compress, so that a cut falls among them."""
    bodies = (zlib.crc32(b"%d" % i).to_bytes(4, "big").hex() for i in range(count))
    return b"".join(line(logs(log(body={"stringValue": body}))) for body in bodies)


@pytest.mark.slow
@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_cut_data_keep_their_whole_lines(packing: str) -> None:
    plain = hard_to_pack(20_000)
    packed = gzip.compress(plain, mtime=0) if packing == "gzip" else zstandard.ZstdCompressor().compress(plain)
    events, problems = outcome(packed[: len(packed) // 2])
    assert 1000 < len(events) < 20_000
    assert events == events_of(plain)[: len(events)]
    assert problems == [f"stdin:{len(events) + 1}: expected more {packing} data, found the end: the file is cut"]


def test_a_gzip_file_cut_before_its_checksum_keeps_everything() -> None:
    events, problems = outcome(gzip.compress(hard_to_pack(10), mtime=0)[:-3])
    assert len(events) == 10
    assert len(problems) == 1


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@pytest.mark.slow
def test_damaged_data(packing: str) -> None:
    plain = hard_to_pack(20_000)
    if packing == "gzip":
        packed = bytearray(gzip.compress(plain, mtime=0))
    else:
        packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(plain))
    packed[-6:] = b"\xff" * 6
    events, problems = outcome(bytes(packed))
    assert 1000 < len(events) <= 20_000
    assert len(problems) == 1
    assert f"expected {packing} data, found damage" in problems[0]


def test_rubbish_after_gzip_is_one_problem() -> None:
    events, problems = outcome(gzip.compress(hard_to_pack(10), mtime=0) + b"rubbish")
    assert len(events) == 10
    assert len(problems) == 1


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_rubbish_that_begins_like_packed_data(magic: bytes) -> None:
    events, problems = outcome(magic + b"\xff" * 100)
    assert events == []
    assert len(problems) == 1


RUBBISH = [
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    b"\x7fELF" + bytes(5000),
    bytes(5000),
    bytes(range(256)),
    b"\n" + bytes(range(255, 0, -1)) * 20,
    b"\xff\xfe" + '{"resourceLogs": []}'.encode("utf-16-le"),
    b"BZh91AY&SY\x00\x01",
    b"\x00\x00\x00\x05\n",
]


@pytest.mark.parametrize("data", RUBBISH)
def test_binary_rubbish_is_one_problem(data: bytes) -> None:
    events, problems = outcome(data)
    assert events == []
    assert len(problems) == 1
    assert problems[0].startswith("stdin:1: expected ")


@pytest.mark.slow
def test_a_line_of_50_mb_is_read() -> None:
    data = line(logs(log())) + line(logs(log(body={"stringValue": "x" * 50_000_000}))) + line(logs(log()))
    events, problems = outcome(data)
    assert [len(event.text) for event in events] == [5, 50_000_000, 5]
    assert problems == []


class Endless(io.RawIOBase):
    """A file of so many bytes "x" between two good lines, without holding them."""

    def __init__(self, size: int) -> None:
        self.parts = self.make(size)

    def make(self, size: int) -> Iterator[bytes]:
        yield line(logs(log()))
        for _ in range(size // MIB):
            yield b'"' + b"x" * (MIB - 1)
        yield b"\n" + line(logs(log()))

    def read(self, size: int = -1) -> bytes:
        return next(self.parts, b"")


def read_stdin(file: object, report: Report) -> list[Event]:
    with mock.patch("sys.stdin") as stdin:
        stdin.buffer = cast(BinaryIO, file)
        return list(read(["-"], report))


def test_a_line_over_the_limit_is_skipped_unheld() -> None:
    report = Report()
    tracemalloc.start()
    try:
        events = read_stdin(Endless(200 * MIB), report)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(events) == 2
    assert [str(problem) for problem in report.problems] == [
        "stdin:2: expected at most 64 MiB in one line, found more; skipped"
    ]
    assert peak < 80 * MIB


@pytest.mark.slow
def test_what_little_packed_data_unpack_to_is_not_held() -> None:
    plain = line(logs(log())) + b"x" * (200 * MIB) + b"\n" + line(logs(log()))
    for packed in (gzip.compress(plain, 1, mtime=0), zstandard.ZstdCompressor().compress(plain)):
        report = Report()
        tracemalloc.start()
        try:
            events = events_of(packed, report)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (len(events), report.broken) == (2, 1)
        assert peak < 110 * MIB


def test_a_document_over_the_limit_is_one_problem() -> None:
    data = b"[\n" + (b'"' + b"x" * (MIB - 4) + b'",\n') * 66 + b'""]\n'
    events, problems = outcome(data)
    assert events == []
    assert problems == ["stdin:1: expected at most 64 MiB in one document, found more; write one request a line"]


class Failing(io.RawIOBase):
    """A disk that fails after the first read."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > 1:
            raise OSError(5, "Input/output error")
        return line(logs(log())) * 2 + b'{"half'


def test_a_disk_that_fails_on_the_way() -> None:
    report = Report()
    assert len(read_stdin(Failing(), report)) == 2
    assert [str(problem) for problem in report.problems] == ["stdin:3: cannot be read: Input/output error"]


def test_an_error_of_the_caller_is_not_swallowed() -> None:
    def progress(done: int, total: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}"))):
        list(read(["-"], progress=progress))

"""Files, folders and streams: layouts, compression, recognition by content."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard

from stormcell.decode import Problem, Report, read
from stormcell.errors import DecodeError, InputError
from tests.unit.decode.build import alert, events_of, line, log, logs, outcome, span, traces, webhook


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


THREE = line(logs(log())) + line(traces(span())) + line(webhook(alert()))
PACKERS: dict[str, Any] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd}


@pytest.mark.parametrize("packing", PACKERS)
def test_packings_are_recognised_by_content(tmp_path: Path, packing: str) -> None:
    (tmp_path / "misleading.txt").write_bytes(PACKERS[packing](THREE))
    events = list(read([tmp_path / "misleading.txt"]))
    assert [event.signal.value for event in events] == ["log", "span", "alert"]
    assert events == events_of(THREE)


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_packed_members_follow_each_other(packing: str) -> None:
    pack = PACKERS[packing]
    cut = len(THREE) // 2
    assert events_of(pack(THREE[:cut]) + pack(b"") + pack(THREE[cut:])) == events_of(THREE)


def test_padding_after_gzip_is_harmless() -> None:
    assert outcome(gzip.compress(THREE, mtime=0) + b"\0" * 512) == outcome(THREE)


@pytest.mark.parametrize("packing", PACKERS)
def test_much_data_in_small_and_large_pieces(packing: str) -> None:
    many = b"".join(line(logs(log(body={"stringValue": f"{i} {'x' * 50}"}))) for i in range(5000))
    events = events_of(PACKERS[packing](many))
    assert [int(event.text.split()[0]) for event in events] == list(range(5000))


def folder(base: Path) -> Path:
    (base / "b").mkdir(parents=True)
    (base / ".git").mkdir()
    (base / "c.jsonl").write_bytes(line(logs(log(body={"stringValue": "c"}))))
    (base / "a.jsonl.gz").write_bytes(gzip.compress(line(logs(log(body={"stringValue": "a"})))))
    (base / "b" / "x.json").write_bytes(line(logs(log(body={"stringValue": "b"}))))
    (base / ".hidden.jsonl").write_bytes(line(logs(log())))
    (base / ".git" / "x.jsonl").write_bytes(line(logs(log())))
    (base / "truth.csv.gz").write_bytes(gzip.compress(b"uid,signal\n1,log\n" * 2000, mtime=0))
    (base / "README.md").write_text("[![badge](x)](y)\n# Data\n")
    (base / "empty.jsonl").touch()
    return base


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    base = folder(tmp_path / "data")
    report = Report()
    events = list(read([base], report, strict=True))
    assert [event.text for event in events] == ["a", "b", "c"]
    assert report.ignored == [str(base / "README.md"), str(base / "truth.csv.gz")]
    assert (report.files, report.events, report.broken) == (4, 3, 0)
    assert report.bytes == sum(
        path.stat().st_size for path in base.rglob("*") if path.is_file() and "/." not in str(path)
    )


def test_text_named_by_the_user_is_one_problem(tmp_path: Path) -> None:
    base = folder(tmp_path / "data")
    report = Report()
    assert list(read([base / "truth.csv.gz", base / "README.md"], report)) == []
    expected = (
        "expected OTLP logs or traces or alerts of Alertmanager, Grafana or Kibana, found text; leave it out"
    )
    assert [str(problem) for problem in report.problems] == [
        f"{base / 'truth.csv.gz'}:1: {expected}",
        f"{base / 'README.md'}:1: {expected}",
    ]
    assert report.ignored == []


@pytest.mark.parametrize(
    "text",
    [
        "[2024-01-01] INFO started\n[2024-01-01] INFO ready\n",
        "[section]\nkey = 1\n",
        "{% if x %}\n{}\n{% endif %}\n",
        "---\n- a: 1\n",
        "1\n2\n3\n",
        "plain" * 3000,
    ],
)
def test_plain_text_is_recognised(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes").write_text(text)
    report = Report()
    assert list(read([tmp_path], report)) == []
    assert report.broken == 0
    assert report.ignored == [str(tmp_path / "notes")]


def test_an_empty_folder_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "good").write_bytes(THREE)
    report = Report()
    assert len(list(read([tmp_path / "empty", tmp_path / "good"], report))) == 3
    assert [problem.message for problem in report.problems] == [
        "expected a folder with files of telemetry, found none in it"
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n", gzip.compress(b"", mtime=0), zstd(b"")])
def test_an_empty_file_is_fine(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "empty").write_bytes(data)
    report = Report()
    assert list(read([tmp_path / "empty"], report, strict=True)) == []
    assert (report.files, report.broken, report.bytes) == (1, 0, len(data))


def test_no_path_at_all() -> None:
    with pytest.raises(InputError, match="found none"):
        read([])


def test_one_path_alone(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(THREE)
    assert len(list(read(str(tmp_path / "x")))) == 3


def test_a_missing_path_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(THREE)
    report = Report()
    assert len(list(read([tmp_path / "gone", tmp_path / "good"], report))) == 3
    assert [str(p) for p in report.problems] == [f"{tmp_path / 'gone'}: cannot be read: No such file or directory"]
    with pytest.raises(DecodeError, match="gone: cannot be read"):
        list(read([tmp_path / "gone", tmp_path / "good"], strict=True))


@pytest.mark.parametrize("name", ["gone", "nul\0"])
def test_nothing_but_missing_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"nothing could be read: .*cannot be read") as raised:
        list(read([tmp_path / name]))
    assert not isinstance(raised.value, DecodeError)


def test_an_unreadable_file_among_good_ones_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(THREE)
    (tmp_path / "b.jsonl").symlink_to("b.jsonl")  # unreadable for root, too
    (tmp_path / "c.jsonl").write_bytes(THREE)
    os.mkfifo(tmp_path / "d.jsonl")  # would block for ever
    report = Report()
    assert len(list(read([tmp_path], report))) == 6
    (problem,) = report.problems
    assert str(problem).startswith(f"{tmp_path / 'b.jsonl'}: cannot be read: ")
    assert report.files == 2


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Give up what root may do; others keep to their own rights as they are."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_forbidden_file_and_a_forbidden_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_bytes(THREE)
    (tmp_path / "b.jsonl").write_bytes(THREE)
    (tmp_path / "c").mkdir()
    (tmp_path / "b.jsonl").chmod(0)
    (tmp_path / "c").chmod(0)
    tmp_path.chmod(0o755)
    # From inside: the folders above may be closed to others.
    monkeypatch.chdir(tmp_path)
    report = Report()
    try:
        with _as_nobody():
            assert len(list(read(["."], report))) == 3
    finally:
        (tmp_path / "c").chmod(0o700)
    assert sorted(problem.message for problem in report.problems) == ["cannot be read: Permission denied"] * 2


def test_a_file_name_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\x1b[2J\xff"
    Path(os.fsdecode(path)).write_bytes(b"\x00\x01\x02")
    report = Report()
    list(read([tmp_path], report))
    assert report.problems[0].file == f"{tmp_path}/\\x1b[2J\\udcff"


def test_progress_counts_bytes_on_disk(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(THREE * 100, mtime=0))
    (tmp_path / "b").write_bytes(THREE * 1000)
    seen: list[tuple[int, int]] = []
    list(read([tmp_path], progress=lambda done, total: seen.append((done, total))))
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {size}
    assert seen[-1][0] == size


def test_reading_is_lazy(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(THREE)
    (tmp_path / "b").write_bytes(THREE)
    report = Report()
    events = read([tmp_path], report)
    assert report.bytes == 0
    next(events)
    assert (report.events, report.bytes) == (1, len(THREE))


def test_strict_raises_the_first_problem_with_its_text() -> None:
    report = Report()
    with pytest.raises(DecodeError) as raised:
        events_of(line(logs(log())) + b"{oops}\n{oops}\n", report, strict=True)
    assert str(raised.value) == str(report.problems[0])
    assert str(raised.value).startswith("stdin:2: expected JSON, found an error at column 2")
    assert (report.events, report.broken) == (1, 1)


def test_the_first_hundred_problems_are_kept_and_all_counted() -> None:
    report = Report()
    assert len(events_of(line(logs(log())) + b"{oops}\n" * 250, report)) == 1
    assert report.broken == 250
    assert [problem.line for problem in report.problems] == list(range(2, 102))
    assert str(Problem("a", 3, "b")) == "a:3: b"


def test_json_needs_neither_protobuf_nor_zstandard(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(THREE, mtime=0))
    code = (
        "import sys; from stormcell.decode import read; assert len(list(read(sys.argv[1:]))) == 3;"
        "print([name for name in sys.modules if name in ('google.protobuf', 'zstandard', 'opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a"], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_a_link_to_a_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_bytes(THREE)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.jsonl").write_bytes(THREE)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    report = Report()
    assert len(list(read([tmp_path / "in"], report))) == 3
    assert report.ignored == [str(tmp_path / "in" / "link")]

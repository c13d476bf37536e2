"""A folder through which processes hand requests to another."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import RefusedError
from stormcell.sdk.spool import Spool
from stormcell.types import Request, RequestKind

LARGE = 1 << 20
NOW = 1_700_000_000_000_000_000


def request(number: int, kind: RequestKind = RequestKind.LOGS, body: bytes = b"") -> Request:
    return Request(kind, body or f"request {number}".encode(), NOW + number)


def waiting(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.*"))


def test_what_one_lays_another_takes_once_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "spool"
    one, other, taker = Spool(folder, LARGE), Spool(folder, LARGE), Spool(folder, LARGE)
    assert list(taker.take()) == []
    assert not folder.exists()
    laid = [request(number, RequestKind.LOGS if number % 3 else RequestKind.TRACES) for number in (5, 3, 11, 7)]
    for number, each in enumerate(laid):
        (one if number % 2 else other).lay(each)
    assert list(taker.take()) == sorted(laid, key=lambda each: each.received)
    assert list(taker.take()) == []


@given(st.lists(st.tuples(st.binary(max_size=50), st.integers(0, 2**63 - 1), st.booleans()), max_size=8))
def test_a_request_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[bytes, int, bool]]
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), LARGE)
    laid = [
        Request(RequestKind.LOGS if logs else RequestKind.TRACES, body, received) for body, received, logs in found
    ]
    for each in laid:
        spool.lay(each)
    taken = list(spool.take())
    assert [each.received for each in taken] == sorted(each.received for each in laid)
    assert sorted(taken, key=repr) == sorted(laid, key=repr)


def test_what_is_not_done_with_is_there_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LARGE)
    for number in range(3):
        spool.lay(request(number))
    taking = spool.take()
    assert [next(taking), next(taking)] == [request(0), request(1)]
    del taking  # the second was not kept, as where its process ended
    assert list(Spool(tmp_path, LARGE).take()) == [request(1), request(2)]


def test_what_comes_while_it_is_taken_is_taken_next_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LARGE)
    spool.lay(request(5))
    taking = spool.take()
    assert next(taking) == request(5)
    spool.lay(request(1))
    assert list(taking) == []
    assert list(spool.take()) == [request(1)]


def test_unfinished_and_foreign_files_are_left_alone(tmp_path: Path) -> None:
    left = [
        f".{NOW:020}-0011223344ff.logs.part",
        f"{NOW:020}-0011223344ff.logs.part",
        f"{NOW:020}-0011223344ff.metrics",
        "README.logs.md",
        "yesterday-1.logs",
        "logs",
        "-.logs",
    ]
    for name in left:
        (tmp_path / name).write_bytes(b"of others")
    spool = Spool(tmp_path, LARGE)
    spool.lay(request(1))
    assert list(spool.take()) == [request(1)]
    assert set(left) <= {path.name for path in tmp_path.iterdir()}


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    Spool(tmp_path, LARGE).lay(request(1))
    assert [path.stat().st_mode & 0o777 for path in waiting(tmp_path)] == [0o600]


def test_a_full_spool_refuses_until_it_is_emptied(tmp_path: Path) -> None:
    spool, other = Spool(tmp_path, 100), Spool(tmp_path, 100)
    spool.lay(request(1, body=b"a" * 60))
    with pytest.raises(RefusedError, match=r"sdk\.spool_bytes") as refused:
        other.lay(request(2, body=b"b" * 41))
    assert refused.value.retry_after > 0
    assert len(waiting(tmp_path)) == 1
    other.lay(request(3, body=b"c" * 40))
    assert len(list(spool.take())) == 2
    spool.lay(request(4, body=b"d" * 100))
    with pytest.raises(RefusedError):
        spool.lay(request(5, body=b"e" * 101))


def test_where_nothing_can_be_written_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RefusedError, match=r"cannot write to .*file"):
        Spool(tmp_path / "file", LARGE).lay(request(1))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fails_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, LARGE)

    def full(self: Path, target: Path) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(RefusedError, match="No space left"):
            spool.lay(request(1))
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".logs", ".part")]
    spool.lay(request(1))
    assert list(spool.take()) == [request(1)]


def test_two_writers_and_a_taker_at_the_same_time(tmp_path: Path) -> None:
    writers = [Spool(tmp_path, LARGE), Spool(tmp_path, LARGE)]
    taker, taken = Spool(tmp_path, LARGE), []

    def write(number: int) -> None:
        for each in range(200):
            writers[number].lay(request(2 * each + number))

    threads = [threading.Thread(target=write, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += list(taker.take())
    taken += list(taker.take())
    assert sorted(each.received - NOW for each in taken) == list(range(400))
    assert all(each.body == f"request {each.received - NOW}".encode() for each in taken)


def test_a_file_that_cannot_be_read_holds_up_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LARGE)
    unreadable = tmp_path / f"{NOW:020}-0011223344ff.logs"
    unreadable.mkdir()  # root may read all files
    for number in range(3):
        spool.lay(request(number))
    for left in ([request(0), request(1), request(2)], []):
        taken: list[Request] = []
        with pytest.raises(IsADirectoryError):
            taken.extend(spool.take())
        assert taken == left


def test_one_of_all_takes(tmp_path: Path) -> None:
    one, other = Spool(tmp_path / "spool", LARGE), Spool(tmp_path / "spool", LARGE)
    assert one.reserve()
    assert not other.reserve()
    other.release()
    assert not other.reserve()
    one.release()
    one.release()
    assert other.reserve()
    other.lay(request(1))
    assert list(other.take()) == [request(1)]
    other.release()


def test_what_nobody_will_finish_is_removed_in_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path, LARGE)
    old, new = tmp_path / ".1-a.logs.part", tmp_path / ".2-b.logs.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    assert list(spool.take()) == []
    assert (old.exists(), new.exists()) == (False, True)

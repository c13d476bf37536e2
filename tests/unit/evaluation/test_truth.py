from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from stormcell.errors import InputError
from stormcell.evaluation import Label, read_truth
from stormcell.evaluation.truth import label_events
from tests.unit.features.build import alert, log

HEAD = "uid,signal,incident,class\n"


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "truth.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_reads_labels(tmp_path: Path) -> None:
    truth = read_truth(
        write(tmp_path, HEAD + 'a,log,i1,cart:cpu\n"b",span,noise,\nc,log,i2,unknown\nd,log,i3,a:b:c\n')
    )
    assert truth == {
        "a": Label("a", "i1", "cart"),
        "b": Label("b", "noise", ""),
        "c": Label("c", "i2", ""),
        "d": Label("d", "i3", "a:b"),
    }
    assert [label.is_noise for label in truth.values()] == [False, True, False, False]


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    truth = read_truth(write(tmp_path, "\ufeffincident,more,class,uid,signal\r\ni1,x,cart:cpu,a,log\r\n"))
    assert truth == {"a": Label("a", "i1", "cart")}


def test_reads_gzip(tmp_path: Path) -> None:
    assert read_truth(write(tmp_path, gzip.compress((HEAD + "a,log,i1,\n").encode(), mtime=0))).keys() == {"a"}


def test_a_quoted_field_may_hold_any_line_separator(tmp_path: Path) -> None:
    truth = read_truth(write(tmp_path, HEAD + '"a\u2028b",log,i1,\n"c\nd",log,i1,\n'))
    assert list(truth) == ["a\u2028b", "c\nd"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", r"truth\.csv:1: expected the columns uid, signal, incident, class, found no uid, signal"),
        ("uid,signal,class\na,log,\n", r"truth\.csv:1: .*found no incident"),
        (HEAD, r"truth\.csv:2: expected a line for each event"),
        (HEAD + "a,log,i1,\n,log,i1,\n", r"truth\.csv:3: expected a uid and an incident"),
        (HEAD + "a,log,i1,\nb,log\n", r"truth\.csv:3: expected a uid and an incident"),
        (HEAD + "a,log,i1,\n" + "x" * 200_000 + ",log,i1,\n", r"truth\.csv:3: expected a line of CSV"),
    ],
)
def test_names_the_line(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        read_truth(write(tmp_path, content))


@pytest.mark.parametrize("content", [b"\xff\xfe", gzip.compress(b"uid," * 100, mtime=0)[:20], b"\x1f\x8bnothing"])
def test_names_a_file_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"cannot read the truth .*truth\.csv"):
        read_truth(write(tmp_path, content))


def test_a_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the truth .*nosuch"):
        read_truth(tmp_path / "nosuch.csv")


def test_an_alert_is_known_by_its_fingerprint_too() -> None:
    truth = {"abc": Label("abc", "i1", ""), "l": Label("l", "i2", "")}
    events = [alert(uid="abc@2023-01-01T00:00:00Z"), log(uid="l"), log(uid="other")]
    assert label_events(events, truth) == {"abc@2023-01-01T00:00:00Z": truth["abc"], "l": truth["l"]}


def test_a_full_uid_beats_the_fingerprint() -> None:
    truth = {"abc": Label("abc", "i1", ""), "abc@1": Label("abc@1", "i2", "")}
    assert label_events([alert(uid="abc@1")], truth) == {"abc@1": truth["abc@1"]}

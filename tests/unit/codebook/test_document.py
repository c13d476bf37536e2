from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook import document
from stormcell.codebook.document import dump, load, seal, summary_json, summary_of
from stormcell.errors import CodebookError
from tests.unit.codebook.made import trained
from tests.unit.features.build import log

CODEBOOK = trained()
DATA = dump(CODEBOOK)


def altered(**changes: Any) -> bytes:
    """A document whose version fits what was changed."""
    contents = {key: value for key, value in json.loads(DATA).items() if key != "version"} | changes
    return document._with_version(contents)


def test_it_reads_back_equal() -> None:
    assert load(DATA, "cb.json") == CODEBOOK
    assert dump(load(DATA, "cb.json")) == DATA
    assert CODEBOOK.version.startswith("cb-")
    assert len(CODEBOOK.version) == 15


def test_it_is_named_by_what_is_in_it() -> None:
    other = seal(replace(CODEBOOK, provenance=replace(CODEBOOK.provenance, seed=9)))
    assert other.version != CODEBOOK.version
    assert seal(replace(other, provenance=CODEBOOK.provenance)).version == CODEBOOK.version


def test_what_was_changed_after_it_was_sealed_is_not_written() -> None:
    with pytest.raises(ValueError, match="was changed after it was sealed"):
        dump(replace(CODEBOOK, codewords=CODEBOOK.codewords[1:]))


@given(st.integers(0, len(DATA) - 1))
def test_what_is_truncated_is_refused(length: int) -> None:
    with pytest.raises(CodebookError, match=r"cb\.json: .*(truncated|version)"):
        load(DATA[:length], "cb.json")


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_no_byte_can_be_altered(at: int, byte: int) -> None:
    data = DATA[:at] + bytes([byte]) + DATA[at + 1 :]
    try:
        found = load(data, "cb.json")
    except CodebookError:
        return
    # Blanks, and how a character is written, are no contents.
    assert found == CODEBOOK


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(CodebookError):
        load(noise, "cb.json")


def test_a_newer_schema_is_refused() -> None:
    with pytest.raises(CodebookError, match=r"found 'stormcell\.codebook/2'; it is of a newer Stormcell"):
        load(altered(schema="stormcell.codebook/2"), "cb.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"fields": [{"name": "mood", "kind": "numeric", "weight": 1.0, "span": 0.0}]},
            "found 'mood' of the kind",
        ),
        ({"fields": [{"name": "text", "kind": "euclid", "weight": 1.0, "span": 0.0}]}, "found 'text' of the kind"),
        ({"fields": [{"name": "text"}]}, r"fields\[0\]\.kind: expected a value, found none"),
        ({"fields": {}}, "fields: expected a list, found dict"),
        ({"codewords": [7]}, r"codewords\[0\]: expected an object, found int"),
        ({"codewords": [{"medoid": {"uid": "a"}}]}, r"codewords\[0\]\.medoid: expected an event"),
        ({"codewords": []}, "codewords: expected codewords in ascending order"),
        ({"fields": []}, "fields: expected one field or more"),
        ({"more": 1}, "codebook: expected what Stormcell writes, found fields or values beside it"),
        ({"text": {}}, "text.rarity: expected a value, found none"),
        ({"reference": []}, "reference: expected an object, found list"),
        ({"provenance": {"sites": []}}, r"provenance\.first_seen: expected a value"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CodebookError, match=message):
        load(altered(**changes), "cb.json")


HARMFUL: list[tuple[str, Any]] = [
    *((f"codewords.0.medoid.{name}", None) for name in ("uid", "service", "text", "resource")),
    *((f"codewords.0.medoid.{name}", 7) for name in ("uid", "service", "text", "resource")),
    *((f"codewords.0.medoid.{name}", "x") for name in ("time", "severity", "duration", "attributes", "more")),
    *(("codewords.0.medoid.time", value) for value in (1.5, True, 10**30, -(10**30))),
    *(("codewords.0.medoid.severity", value) for value in (-1, 25)),
    *((f"codewords.0.{name}", -1.0) for name in ("weight", "radius")),
    *(("codewords.0.id", value) for value in ("", "\x1b[31m", "k" * 65, 7)),
    *((f"provenance.{name}", 10**30) for name in ("first_seen", "last_seen", "events", "seed")),
    *(("provenance.parent", value) for value in ("../etc/passwd", "cb-1", None)),
    ("codewords.0.weight", 10**400),
    ("codewords.0.weight", 1),  # we write 1.0
    ("fields.0.weight", -1.0),
    ("reference.start", 10**30),
    ("reference.codewords", {"k": "many"}),
]


def edited(place: str, value: Any) -> bytes:
    """A document in which one value is another, and whose version fits."""
    contents = json.loads(DATA)
    *path, last = place.split(".")
    held = contents
    for step in path:
        held = held[int(step)] if step.isdecimal() else held[step]
    held[last] = value
    return altered(**contents)


@pytest.mark.parametrize(
    ("place", "value"),
    HARMFUL,
)
def test_a_value_that_would_do_harm_later_is_refused_whatever_its_version(place: str, value: Any) -> None:
    with pytest.raises(CodebookError, match=r"^cb\.json: .*expected .*found"):
        load(edited(place, value), "cb.json")


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"schema": 1}', b'"' + b"[" * 100_000, b"\xff\xfe", b"NaN"])
def test_other_documents_are_refused(data: bytes) -> None:
    with pytest.raises(CodebookError, match=r"cb\.json"):
        load(data, "cb.json")


def test_what_json_cannot_hold_is_written_as_text() -> None:
    codebook = trained([log(0, attributes={"a": nan, "b": [inf, 1.5], "c": {"d": -inf}, "e": "\udc80"})])
    assert codebook.codewords[0].medoid.attributes == {
        "a": "nan",
        "b": ["inf", 1.5],
        "c": {"d": "-inf"},
        "e": "\udc80",
    }
    assert load(dump(codebook), "cb.json") == codebook


def test_a_summary_reads_back_equal() -> None:
    stored = json.loads(json.dumps(summary_json(CODEBOOK.reference)))
    assert summary_of(stored) == CODEBOOK.reference
    with pytest.raises(CodebookError, match="events: expected a finite number, found str"):
        summary_of({**stored, "events": "many"})

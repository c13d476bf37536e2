from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook import document
from stormcell.codebook.document import dump, load, seal
from stormcell.errors import CodebookError
from tests.unit.codebook.made import trained
from tests.unit.features.build import log

CODEBOOK = trained()
DATA = dump(CODEBOOK)


def altered(**changes: Any) -> bytes:
    """A document whose version fits what was changed."""
    contents = json.loads(DATA) | changes
    del contents["version"]
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
    *((f"reference.{name}", value) for name in ("events", "new", "distance") for value in (-1.0, 1e308)),
    *(("reference.fields.service.counts", {"a": value}) for value in (-1.0, 1e308)),
    *((place, 1e308) for place in ("codewords.0.weight", "codewords.0.radius", "fields.0.weight")),
    *((f"text.rarity.{bucket}", count) for bucket in ("", "ff") for count in (-1.0, 1e308)),
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
    with pytest.raises(CodebookError, match=r"^cb\.json: (?!version).*expected .*found"):
        load(edited(place, value), "cb.json")


def test_more_codewords_than_any_training_makes_are_refused() -> None:
    [word, *_] = json.loads(DATA)["codewords"]
    many = [{**word, "id": f"k{at:05}"} for at in range(10_001)]
    with pytest.raises(CodebookError, match=r"codewords: expected 10,000 at most, found 10,001"):
        load(altered(codewords=many), "cb.json")


@pytest.mark.parametrize("depth", [129, 400, 600, 900])
def test_values_that_are_nested_too_deep_are_refused(depth: int) -> None:
    marked = edited("codewords.0.medoid.attributes", {"k": "@"})
    contents = re.sub(rb',"version":"[^"]*"', b"", marked).replace(b'"@"', b"[" * depth + b"]" * depth)
    version = "cb-" + hashlib.sha256(contents).hexdigest()[:12]
    with pytest.raises(CodebookError, match=r"^cb\.json: .*expected values nested 128 deep at most"):
        load(contents[:-1] + f',"version":"{version}"}}'.encode(), "cb.json")


def test_values_that_are_nested_less_are_read() -> None:
    deep: Any = 1
    for _ in range(128):
        deep = [deep]
    found = load(edited("codewords.0.medoid.attributes", {"k": deep}), "cb.json")
    assert load(dump(found), "cb.json") == found


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

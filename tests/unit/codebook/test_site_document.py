from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook import document, site_document
from stormcell.codebook.site_document import checked_name, dump_site, load_site
from stormcell.errors import CodebookError, InputError
from tests.unit.codebook.made import shop
from tests.unit.codebook.test_federated import site

SITE = site("berlin", shop(60))
DATA = dump_site(SITE)


def altered(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A document whose sums fit what was changed, as one that means ill would write it."""
    contents = json.loads(DATA)
    del contents["sha256"]
    change(contents)
    book = {key: value for key, value in contents["codebook"].items() if key != "version"}
    contents["codebook"] = json.loads(document._with_version(book))
    return json.dumps({**contents, "sha256": site_document._sum(contents)}).encode()


def test_it_reads_back_equal() -> None:
    assert load_site(DATA, "berlin.json") == SITE
    assert dump_site(load_site(DATA, "berlin.json")) == DATA
    assert load_site(altered(lambda contents: None), "berlin.json") == SITE


@given(st.integers(0, len(DATA) - 1))
def test_what_is_truncated_is_refused(length: int) -> None:
    with pytest.raises(CodebookError, match=r"b\.json: expected what a site sends"):
        load_site(DATA[:length], "b.json")


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_no_byte_can_be_altered(at: int, byte: int) -> None:
    try:
        found = load_site(DATA[:at] + bytes([byte]) + DATA[at + 1 :], "b.json")
    except CodebookError:
        return
    # Blanks, and how a character is written, are no contents.
    assert found == SITE


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "that are no JSON"),
        (b"[" * 100_000, "that are no JSON"),
        (b"[]", r"schema: expected 'stormcell\.site/1', found none; it is not what a site sends \(see `"),
        (
            b'{"schema": "stormcell.codebook/1"}',
            r"found 'stormcell\.codebook/1'; it is not what a site sends \(see `",
        ),
        (b'{"schema": "stormcell.site/2"}', "it is of a newer Stormcell: use that one"),
        (b'{"schema": "stormcell.site/1"}', "sha256: it is not that of the contents"),
    ],
)
def test_what_is_no_such_document_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(CodebookError, match=told):
        load_site(data, "b.json")


def weigh(contents: dict[str, Any]) -> None:
    contents["codebook"]["codewords"][0]["weight"] = 0.0


def empty(contents: dict[str, Any]) -> None:
    contents["codebook"]["codewords"] = []


def no_time(contents: dict[str, Any]) -> None:
    contents["codebook"]["codewords"][0]["medoid"]["time"] = "now"


def odd_attributes(contents: dict[str, Any]) -> None:
    contents["codebook"]["codewords"][0]["medoid"]["attributes"] = [1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda contents: contents.update(site="../x"), "site: expected the name of a site"),
        (lambda contents: contents.update(site=None), "site: expected the name of a site"),
        (lambda contents: contents.update(ranges=[]), "ranges: expected an object, found list"),
        (lambda contents: contents.update(ranges={"severity": [1]}), r"ranges\.severity: expected the least and"),
        (lambda contents: contents.update(ranges={"severity": [2, 1]}), r"ranges\.severity: expected the least"),
        (lambda contents: contents.update(ranges={"severity": [0, 1e999]}), r"ranges\.severity: expected the "),
        (lambda contents: contents.update(ranges={"severity": [True, 2]}), r"ranges\.severity: expected the "),
        (weigh, r"codewords: expected weights above 0, found one of 0"),
        (empty, r"codewords: expected codewords"),
        (no_time, r"codewords\[0\]\.medoid: expected an event"),
        (odd_attributes, r"codewords\[0\]\.medoid: expected an event"),
        (lambda contents: contents["codebook"].update(schema="stormcell.codebook/9"), "of a newer Stormcell"),
    ],
)
def test_what_is_wrong_is_named_even_where_the_sums_fit(
    change: Callable[[dict[str, Any]], None], told: str
) -> None:
    with pytest.raises(CodebookError, match=told):
        load_site(altered(change), "b.json")


@pytest.mark.parametrize("name", ["", "Berlin", "a/b", "..", "-a", "a" * 65, "bérlin", "a\n"])
def test_names_of_sites_are_plain(name: str) -> None:
    with pytest.raises(InputError, match="expected the name of a site"):
        checked_name(name)
    with pytest.raises(InputError, match="expected the name of a site"):
        dump_site(replace(SITE, name=name))

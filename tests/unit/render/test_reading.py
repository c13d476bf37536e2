"""Drafts are read back as a reader sees them, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell import escape
from stormcell.render.footnotes import definition
from stormcell.render.known import basis, key, marker, seen
from stormcell.render.reading import read, shown, shows
from stormcell.types import Fact, Source
from tests.unit.render.samples import error_log, latency
from tests.unit.render.test_drafts import HOSTILE

FACTS = st.builds(
    Fact, HOSTILE, HOSTILE.filter(bool), HOSTILE.filter(bool), HOSTILE, st.just(Source.EVENT)
) | st.builds(
    Fact, HOSTILE, st.integers(1, 10**6).map(str), st.sampled_from(["who", "time"]), HOSTILE, st.just(Source.AUDIT)
)


@given(FACTS)
def test_a_footnote_says_what_it_is_from(fact: Fact) -> None:
    [note] = read(f"[^7]: {definition(fact)}\n").notes
    assert (note.number, note.line, note.key) == (7, 1, key(fact))


@given(HOSTILE, HOSTILE, st.booleans())
def test_a_value_stands_before_its_reference(value: str, other: str, code: bool) -> None:
    written = escape.code(value) if code else escape.markdown(value) if value.strip() else "*empty*"
    cell = escape.code(other, table=True)
    text = f"# It {escape.markdown(other)}[^1], {written}[^2]\n\n| a | `x` |\n|---|---|\n| {cell}[^3] |\n"
    first, second, third = read(text).references
    assert shows(first, other) or not other.strip()
    assert shows(second, value)
    assert shows(third, other)
    assert not shows(second, f"{value}x")


@pytest.mark.parametrize(
    "text",
    [
        "It is 12 ms[^1].",
        "It is **12 ms**[^1], they said",
        "It is\n12\nms[^1]",
        "> quoted\n> 12\n> ms[^1]",
        "| x | 12 ms[^1] |",
        "- a\n- (12 ms[^1])",
        "a[^2]12 ms[^1]",
        "`12 ms`[^1]",
        "12&#32;ms[^1]",
        "``12 ms``[^1]",
    ],
)
def test_what_is_around_a_value_does_not_matter(text: str) -> None:
    reference = next(one for one in read(text).references if one.number == 1)
    assert shows(reference, "12 ms")


@pytest.mark.parametrize(
    "text", ["112 ms[^1]", "1.12 ms[^1]", "-12 ms[^1]", "12 s[^1]", "12  min[^1]", "[^1]", "12 ms [^2][^1]"]
)
def test_another_value_is_told_from_it(text: str) -> None:
    reference = next(one for one in read(text).references if one.number == 1)
    assert not shows(reference, "12 ms")


def test_code_holds_no_references() -> None:
    text = "`[^1]` \\[^2] ``a ` [^3]``\n\n```sh\necho [^4]\n```\n\n~~~\n[^5]\n~~~\n\nend[^6]\n"
    assert [(one.number, one.line) for one in read(text).references] == [(6, 11)]


def test_commands_are_cited_below_them() -> None:
    text = "```sh\nrun --ns=shop 'a b' pod-1\n```\n\nFrom the events: [^1] [^2] [^3]\n"
    references = read(text).references
    assert [shows(one, value) for one, value in zip(references, ("shop", "a b", "pod"), strict=True)] == [
        *(True, True, False)
    ]
    assert shown(references[0]) == ""


@pytest.mark.parametrize(
    "text", ["my own source", "event u1", "event `u1`", "event `u1`, field", "event `u`, field `x` !"]
)
def test_a_footnote_of_another_kind_has_no_key(text: str) -> None:
    [note] = read(f"[^1]: {text}\n").notes
    assert note.key is None


def test_a_footnote_may_be_wrapped() -> None:
    [note, _] = read("[^1]: event `u1`,\n    field `text`;\n    the title\n[^2]: x\n").notes
    assert note.key == ("event", "u1", "text", "the title")


def test_the_marker_names_kind_group_and_basis() -> None:
    made, _ = latency()
    found = read(f"x\n\n{marker('postmortem', made)}[^1]: x\n")
    assert (found.kind, found.group, found.basis) == ("postmortem", made.id, basis(made))
    other, _ = error_log()
    assert basis(other) != basis(made)


def test_a_long_line_is_read_once() -> None:
    references = read("a[^1] `b` " * 5_000).references
    assert len(references) == 5_000
    assert len({id(one.seen) for one in references}) == 1
    assert max(len(one.before) for one in references) == 10_000
    assert shows(references[-1], "a")


@given(st.text())
def test_whatever_is_in_a_file_it_is_read(text: str) -> None:
    read(text)


@given(HOSTILE)
def test_seen_is_seen(text: str) -> None:
    assert seen(seen(text)) == seen(text)

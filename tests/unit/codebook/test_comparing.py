"""What differs between two codebooks, and which led to the one that is live."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook.comparing import compare, succession
from stormcell.types import Codebook, CodebookField, ModelNote, NoteKind
from tests.unit.store.codebooks import codebook_of

BEFORE = codebook_of("timeout", "refused", "started")[0]
subsets = st.lists(st.sampled_from(BEFORE.codewords), unique_by=lambda word: word.id).map(
    lambda words: replace(BEFORE, codewords=tuple(sorted(words, key=lambda word: word.id)))
)


def test_a_codebook_differs_in_nothing_from_itself() -> None:
    found = compare(BEFORE, BEFORE)
    assert (found.moved, found.new, found.gone, found.fields, found.text) == ((), (), (), (), ())
    assert found.stability == 1
    assert [pair.share_before for pair in found.pairs] == [pytest.approx(1 / 3)] * 3


@given(subsets, subsets)
def test_every_codeword_is_told_once(before: Codebook, after: Codebook) -> None:
    found = compare(before, after)
    both = {pair.before.id for pair in found.pairs}
    assert both | {word.id for word in found.gone} == {word.id for word in before.codewords}
    assert both | {word.id for word in found.new} == {word.id for word in after.codewords}
    assert len(both) + len(found.gone) == len(before.codewords)
    assert found.stability == (len(both) / len(before.codewords) if before.codewords else 1)
    back = compare(after, before)
    assert (back.new, back.gone, back.new_share) == (found.gone, found.new, found.gone_share)


def test_another_kind_of_event_has_moved_and_another_event_of_the_kind_has_not() -> None:
    first, second, third = BEFORE.codewords
    another = replace(first, medoid=replace(first.medoid, uid="later", time=9, text="timeout after 7 s"), weight=2)
    moved = replace(second, template="refused <*>")
    found = compare(BEFORE, replace(BEFORE, codewords=(another, moved, third)))
    assert [pair.before.id for pair in found.moved] == [second.id]
    assert found.stability == pytest.approx(2 / 3)
    assert [pair.share_after for pair in found.pairs] == [0.5, 0.25, 0.25]


def test_what_is_new_comes_heaviest_first() -> None:
    first, second, third = (
        replace(word, weight=weight) for word, weight in zip(BEFORE.codewords, (3, 6, 1), strict=True)
    )
    found = compare(replace(BEFORE, codewords=(third,)), replace(BEFORE, codewords=(first, second, third)))
    assert [word.id for word in found.new] == [second.id, first.id]
    assert (found.new_share, found.gone_share) == (0.9, 0)


def test_fields_and_how_texts_become_vectors() -> None:
    text, duration = BEFORE.fields[0], CodebookField("duration", "numeric", 0.5, 4.0)
    after = replace(
        BEFORE,
        fields=(replace(text, weight=2.0), duration),
        text=replace(BEFORE.text, embedder="other", dimensions=7),
    )
    found = compare(BEFORE, after)
    assert found.fields == ((text, replace(text, weight=2.0)), (None, duration))
    assert found.text == (("embedder", "static", "other"), ("dimensions", "2", "7"))


def told(*steps: str) -> list[str]:
    """Return the succession after steps: a version is promoted, "<" and a version is rolled back to."""
    kinds = (NoteKind.ROLLED_BACK if step.startswith("<") else NoteKind.PROMOTED for step in steps)
    return succession(ModelNote(0, kind, step.removeprefix("<")) for kind, step in zip(kinds, steps, strict=True))


def test_the_succession_is_what_one_can_roll_back_along() -> None:
    assert told() == []
    assert told("a", "b", "c") == ["a", "b", "c"]
    assert told("a", "b", "<a") == ["a"]  # once more, and there is none before
    assert told("a", "b", "c", "<a", "d") == ["a", "d"]
    assert told("a", "b", "<a", "b") == ["a", "b"]
    assert told("a", "b", "<a", "c", "<b") == ["a", "b"]  # to one that had been left
    assert (
        succession([ModelNote(0, kind, "a") for kind in NoteKind if kind not in ("promoted", "rolled-back")]) == []
    )

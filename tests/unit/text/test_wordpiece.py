from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.text.static import SHIPPED
from stormcell.text.wordpiece import LONGEST_WORD, UNKNOWN, WordPiece, words

GOLDEN = Path(__file__).parents[2] / "golden" / "wordpiece.json.gz"
VOCABULARY = ["[PAD]", UNKNOWN, "un", "##aff", "##able", "##a", "a", "!", "##!", "disk", "##s", "é", "disks"]


@pytest.fixture(scope="module")
def shipped() -> WordPiece:
    return WordPiece((SHIPPED / "vocab.txt").read_text("utf-8").removesuffix("\n").split("\n"))


def test_gives_the_ids_of_the_reference(shipped: WordPiece) -> None:
    golden = json.loads(gzip.decompress(GOLDEN.read_bytes()))
    assert len(golden["texts"]) == len(golden["ids"]) > 2500
    assert sum(not text.isascii() for text in golden["texts"]) > 300
    wrong = [ascii(text) for text, ids in zip(golden["texts"], golden["ids"], strict=True) if shipped(text) != ids]
    assert len(wrong) <= len(golden["texts"]) / 1000, wrong


def pieces(text: str) -> list[str]:
    return [VOCABULARY[number] for number in WordPiece(VOCABULARY)(text)]


def test_takes_the_longest_piece_each_time() -> None:
    assert pieces("unaffable") == ["un", "##aff", "##able"]
    assert pieces("disks disk") == ["disks", "disk"]
    assert pieces("una") == ["un", "##a"]


def test_a_word_with_an_unknown_rest_is_unknown_as_a_whole() -> None:
    assert pieces("unx disk") == [UNKNOWN, "disk"]
    assert pieces("xdisk") == [UNKNOWN]
    assert pieces("?") == [UNKNOWN]


def test_the_start_of_a_word_is_no_piece_inside_one() -> None:
    assert pieces("diskdisk") == [UNKNOWN]
    assert pieces("##able") == [UNKNOWN] * 3  # two signs and a word


def test_signs_stand_alone() -> None:
    assert pieces("disk!!a") == ["disk", "!", "!", "a"]


def test_a_word_longer_than_most_is_unknown() -> None:
    word = "a" * LONGEST_WORD
    assert pieces(word) == ["a", *["##a"] * (LONGEST_WORD - 1)]
    assert pieces(word + "a") == [UNKNOWN]


@pytest.mark.parametrize(
    "text", ["", " \t\r\n", "\0", "\x1b\x7f", "\u200b", "\ud800", "\ufffd\0", "\u3000", "\u0301"]
)
def test_where_nothing_is_to_be_read_there_is_no_id(text: str) -> None:
    assert pieces(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Disk FULL", ["disk", "full"]),
        ("a_b-c/d", ["a", "_", "b", "-", "c", "/", "d"]),
        ("x\0y\x0bz w\tv", ["xyz", "w", "v"]),
        ("Été señor", ["ete", "senor"]),
        ("e\u0301a", ["ea"]),
        ("İ", ["i"]),
        ("磁盘 full", ["磁", "盘", "full"]),
        ("ディスク", ["ティスク"]),
        ("«a» — b…", ["«", "a", "»", "—", "b", "…"]),
        ("5€ a→b", ["5€", "a→b"]),
        ("a\u00a0b\u3000c\u2028d", ["a", "b", "c", "d"]),
        ("a\u200bb\u00adc\ue000d", ["abcd"]),
        ("💥up", ["💥up"]),
        ("١٢", ["١٢"]),
        ("$ é ^", ["$", "e", "^"]),
    ],
)
def test_words_of_a_text(text: str, expected: list[str]) -> None:
    assert words(text) == expected


ASCII = st.text(st.characters(max_codepoint=127))


@given(ASCII)
def test_ascii_is_read_as_any_text_is(text: str) -> None:
    # An ideograph stands alone: beside it all else is read the slow way.
    assert words(f"{text} 盘") == [*words(text), "盘"]


@given(st.text(), st.text())
def test_a_blank_parts_texts(one: str, other: str) -> None:
    assert words(f"{one} {other}") == words(one) + words(other)


@given(st.text())
def test_words_have_no_blanks_and_read_again_are_the_same(text: str) -> None:
    found = words(text)
    assert all(word and not any(c.isspace() for c in word) for word in found)
    assert words(" ".join(found)) == found


@given(st.text())
def test_ids_are_those_of_the_words(text: str) -> None:
    reader = WordPiece(VOCABULARY)
    assert reader(text) == [number for word in words(text) for number in reader.word(word)]
    assert all(0 <= number < len(VOCABULARY) for number in reader(text))


@pytest.mark.slow
@pytest.mark.parametrize("text", ["a" * 1_000_000, "a " * 500_000, "!" * 1_000_000, "é" * 300_000, "盘" * 300_000])
def test_a_text_of_a_megabyte_ends(text: str) -> None:
    assert set(WordPiece(VOCABULARY)(text)) <= set(range(len(VOCABULARY)))

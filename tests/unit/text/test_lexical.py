from __future__ import annotations

import numpy as np
import pytest

from stormcell.text.lexical import Lexicon

CORPUS = [
    "order <num> not found",
    "order <num> was not found in the store",
    "cannot connect to payment gateway",
    "connection to payment gateway refused",
    "ticket sold out",
]


def learned(texts: list[str]) -> Lexicon:
    lexicon = Lexicon()
    lexicon.learn(texts)
    return lexicon


def cosine(one: str, other: str) -> float:
    a, b = learned(CORPUS).embed([one, other]).astype(float)
    return float(a @ b)


def test_similar_texts_are_nearer_than_different_ones() -> None:
    assert cosine(CORPUS[0], CORPUS[1]) > cosine(CORPUS[0], CORPUS[2]) + 0.3
    assert cosine(CORPUS[2], CORPUS[3]) > cosine(CORPUS[2], CORPUS[4]) + 0.3


def test_forms_of_a_word_are_alike() -> None:
    assert cosine("connect", "connection") > 0.3


def test_reads_camel_case_as_words() -> None:
    assert cosine("OrderNotFound", "order not found") > 0.99


def test_masks_carry_no_meaning() -> None:
    assert np.array_equal(*learned(CORPUS).embed(["order <num>", "order <uuid>"]))
    assert not learned(CORPUS).embed(["<num> <path>"]).any()


def test_rare_words_weigh_more() -> None:
    embedder = learned([*(f"error {word}" for word in ("one", "two", "six", "ten")), "disk"])
    error, disk, both = embedder.embed(["error", "disk", "error disk"])
    assert both @ disk > both @ error


def test_one_of_the_counts_of_another_knows_the_same() -> None:
    lexicon = Lexicon()
    lexicon.learn(["order was not found", "order was paid", "the cart is empty"])
    again = Lexicon.of(*lexicon.counts())
    asked = ["order was lost", "the cart", "something else"]
    assert np.array_equal(again.embed(asked), lexicon.embed(asked))
    assert all(count > 1 for count in lexicon.counts()[1].values())
    with pytest.raises(ValueError, match="expected buckets from 0 to 65535, found 65536"):
        Lexicon.of(3, {65536: 2})

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.text.words import spoken, words_of

PARTS = st.sampled_from(
    ["Order", "not", "HTTP", "Server", "<num>", "<", "*", ">", "é", "É", "İ", "_", " ", "\u2003"]
)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("OrderNotFound", "Order Not Found"),
        ("HTTPServer <num> is down", "HTTP Server is down"),
        ("took <num>ms  in <*>", "took ms in"),
        ("all small", "all small"),
        ("a < b and NotAMask <B>", "a < b and Not A Mask <B>"),
        ("straßeÄrger", "straßeÄrger"),
        ("<num>", ""),
        ("", ""),
    ],
)
def test_says_what_is_language(template: str, said: str) -> None:
    assert spoken(template) == said
    assert words_of(template) == words_of(said)


@given(st.text() | st.lists(PARTS).map("".join))
def test_what_is_spoken_is_spoken_already(template: str) -> None:
    said = spoken(template)
    assert spoken(said) == said
    assert " ".join(said.split()) == said

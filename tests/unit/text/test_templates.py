from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stormcell.text.masking import MAX_CHARACTERS, mask
from stormcell.text.templates import LENGTH, Parsed, Parser
from tests.unit.features.build import log

UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"


def parse(text: str) -> Parsed:
    return Parser().parse(log(text=text))


def test_template_is_the_start_of_the_masked_text() -> None:
    assert parse("order 17 failed").template == "order <num> failed"
    assert parse("no " * 100).template == ("no " * 100)[:LENGTH]


def test_finds_uuids_in_one_spelling() -> None:
    assert parse(f"paid {UUID.upper()} and {UUID}").keys == (f"id:{UUID}",)


def test_the_nil_uuid_links_nothing() -> None:
    assert parse("user 00000000-0000-0000-0000-000000000000").keys == ()


def test_finds_resource_names() -> None:
    assert parse("lock order-item-482913, order-482913").keys == (
        "resource:order-482913",
        "resource:order-item-482913",
    )


def test_short_numbers_and_words_are_no_keys() -> None:
    assert parse("order-12345 ts-order-service utf-8 2023-01-29 482913").keys == ()


def test_keys_are_bounded_in_number() -> None:
    assert len(parse(" ".join(f"order-{n}" for n in range(100_000, 100_030))).keys) == 8


def test_keys_are_searched_in_the_head_only() -> None:
    assert parse("x" * 600 + f" {UUID} order-482913").keys == ()


@given(st.text())
def test_never_fails_and_remembers_rightly(text: str) -> None:
    parser = Parser()
    event = log(text=text)
    assert parser.parse(event) == parser.parse(event) == parse(text)
    assert parser.parse(event).template == mask(text)[:LENGTH]


def test_remembers_no_long_texts() -> None:
    parser = Parser()
    parser.parse(log(text="a" * 1_000_000))
    assert max(map(len, parser._seen)) == MAX_CHARACTERS


def test_forgets_rather_than_grow_without_end() -> None:
    parser = Parser()
    for number in range(70_000):
        parser.parse(log(text=f"t{number:x}"[:7]))
    assert len(parser._seen) <= 65_536

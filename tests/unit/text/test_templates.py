from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import MaskSettings
from stormcell.text.masking import MAX_CHARACTERS, mask
from stormcell.text.skeleton import HOLE, Skeleton, skeleton
from stormcell.text.templates import LENGTH, Parsed, Parser
from tests.unit.features.build import alert, log, span

UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"


def parse(text: str, *masks: MaskSettings, private: bool = False) -> Parsed:
    return Parser(masks, private=private).parse(log(text=text))


def masks(**patterns: str) -> list[MaskSettings]:
    return [MaskSettings(name=name, pattern=pattern, examples={"x": "x"}) for name, pattern in patterns.items()]


def test_the_body_of_a_log_gives_its_skeleton() -> None:
    assert parse("order 17 failed").template == Skeleton(("order", HOLE, "failed"), ())
    text = "NameNode 5 lost " * 50
    assert parse(text).template == skeleton(text)


@pytest.mark.parametrize(
    "make", [lambda text: alert(text=text), lambda text: span(1, text=text)], ids=["alert", "span"]
)
def test_other_texts_give_the_start_of_what_is_masked(make: object) -> None:
    assert callable(make)

    def template(text: str) -> object:
        return Parser().parse(make(text)).template

    assert template("order 17 failed") == "order <num> failed"
    assert template("NameNode lost at 10.0.0.1") == "NameNode lost at <ip>"
    assert template("no " * 100) == ("no " * 100)[:LENGTH]
    # What is masked takes less room: the rest of the template comes from farther on.
    assert template(f"{UUID} " * 40) == ("<uuid> " * 40)[:LENGTH]


def test_one_text_of_two_signals_is_parsed_for_each() -> None:
    parser = Parser()
    body, name = parser.parse(log(text="order 17")), parser.parse(alert(text="order 17"))
    assert (body.template, name.template) == (skeleton("order 17"), "order <num>")
    assert parser.parse(log(text="order 17")) == body


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


def test_masks_of_ones_own_make_a_value_of_a_word() -> None:
    ours = masks(colour="amber|beige")
    assert parse("volume amber is full", *ours).template == Skeleton(("volume", HOLE, "is", "full"), ())
    assert parse("volume amber is full").template != parse("volume beige is full").template
    assert Parser(ours).parse(alert(text="VolumeFull amber")).template == "VolumeFull <colour>"


def test_masks_of_ones_own_come_in_their_order_and_before_others() -> None:
    event = alert(text="order 17 of shop-482913")
    assert Parser(masks(order=r"order \d+")).parse(event).template == "<order> of shop-<num>"
    assert Parser(masks(order=r"order", thing=r"<order> \d+")).parse(event).template == "<thing> of shop-<num>"
    assert (
        Parser(masks(thing=r"<order> \d+", order=r"order")).parse(event).template == "<order> <num> of shop-<num>"
    )


def test_masks_of_ones_own_hide_no_keys() -> None:
    assert parse(f"paid {UUID}", *masks(order=".+")) == Parsed(skeleton("<order>"), (f"id:{UUID}",))


PERSONAL = [
    ("mail joe.doe@shop.example bounced", "joe"),
    ("login password=hunter2secret failed", "hunter"),
    ("got Authorization: Bearer abcdefghijklmnop.qrstuv", "abcdefghijklmnop"),
]


@pytest.mark.parametrize(("text", "secret"), PERSONAL)
@pytest.mark.parametrize("make", [log, alert])
def test_nothing_personal_is_left_in_a_private_template(text: str, secret: str, make: object) -> None:
    assert callable(make)
    assert secret not in repr(Parser(private=True).parse(make(text=text)))


@pytest.mark.parametrize(
    "text", ["order 17 failed", "from 10.0.0.1 at 15:38:06", f"paid {UUID}", "NameNode up", ""]
)
def test_where_nothing_is_personal_privacy_changes_nothing(text: str) -> None:
    assert parse(text, private=True) == parse(text)


def test_a_key_with_a_secret_is_hidden_and_still_tells_one_from_another() -> None:
    def key(text: str) -> str:
        [key] = parse(text, private=True).keys
        return key

    one, other = (key(f"login password=token-{number} failed") for number in (482913, 482914))
    assert "482913" not in one
    assert one != other
    assert one == key("login password=token-482913 failed")


@given(st.text(), st.booleans())
def test_never_fails_and_remembers_rightly(text: str, private: bool) -> None:
    parser = Parser(private=private)
    for event in (log(text=text), alert(text=text)):
        assert parser.parse(event) == parser.parse(event) == Parser(private=private).parse(event)


@given(st.text())
def test_without_masks_the_template_is_that_of_the_text(text: str) -> None:
    parser = Parser()
    assert parser.parse(log(text=text)).template == skeleton(text)
    assert parser.parse(span(1, text=text)).template == mask(text)[:LENGTH]


def test_only_the_start_of_a_text_is_read() -> None:
    start = "a" * MAX_CHARACTERS
    assert parse(start + f" {UUID} 5" * 1000) == parse(start)


def test_remembers_no_long_texts() -> None:
    parser = Parser()
    parser.parse(log(text="a" * 1_000_000))
    assert max(len(text) for _, text in parser._seen) == MAX_CHARACTERS


@pytest.mark.slow
def test_forgets_rather_than_grow_without_end() -> None:
    parser = Parser()
    for number in range(70_000):
        parser.parse(log(text=f"t{number:x}"[:7]))
    assert len(parser._seen) <= 65_536

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.text.masking import MAX_CHARACTERS
from stormcell.text.slots import MOST, Comparison, Slot, differing, slots

UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"


@pytest.mark.parametrize(
    ("template", "text", "values"),
    [
        ("took <*> ms", "took 5 ms", ["5"]),
        ("took <*>", "took 5 ms in all", ["5 ms in all"]),
        ("<*> left", "joe left", ["joe"]),
        ("<*>", "anything at all", ["anything at all"]),
        ("user <*> left <*>", "user joe d. doe left shop 7", ["joe d. doe", "shop 7"]),
        ("user <*> left", "user  left", [""]),
        ("user <*> left", "user \t joe\n left", ["joe"]),
        ("items (<*>) of [<*>]", "items ( 5 ) of [a, b]", ["5", "a, b"]),
        ("done (<*>)", "done(5)", ["5"]),
        ("version <*>. done", "version 3.5.1. done", ["3.5.1"]),
        ("read <*>: <*>", "read a:b: c", ["a:b", "c"]),
        ("<*>, <*>, <*>", "1, 2, 3", ["1", "2", "3"]),
        ("検索 <*> 失敗", "検索 señor 失敗", ["señor"]),
        ("from <ip> by <email>", "from 10.0.0.1 by a@b.example", ["10.0.0.1", "a@b.example"]),
        ("(.*) <*> $", "(.*) a+ $", ["a+"]),
    ],
)
def test_what_stands_in_the_holes(template: str, text: str, values: list[str]) -> None:
    assert [slot.value for slot in slots(template, text)] == values


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("orderId=<*>", "orderId"),
        ("date: <*>", "date"),
        ("date:<*>", "date"),
        ('said="<*>"', "said"),
        ("key = '<*>'", "key"),
        ("host-name=<*>", "host-name"),
        ("a.b.c: <*>", "a.b.c"),
        ("two words: <*>", "words"),
        ("took <*>", ""),
        ("(<*>)", ""),
        ("= <*>", ""),
        ("<*>", ""),
    ],
)
def test_the_word_before_a_value_names_it(template: str, name: str) -> None:
    text = template.replace("<*>", "x")
    assert slots(template, text) == (Slot(name, "text", "x"),)


def test_each_value_has_a_name_of_its_own() -> None:
    found = slots("orderId=<*>, date: <*> at <*>", "orderId=17, date: 2023-01-29 at shop")
    assert found == (Slot("orderId", "num", "17"), Slot("date", "time", "2023-01-29"), Slot("", "text", "shop"))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("17", "num"),
        ("-1.5e3", "num"),
        ("10.0.0.1:80", "ip"),
        (UUID, "uuid"),
        ("a@b.example", "email"),
        ("https://a.b/c", "url"),
        ("/var/lib/x", "path"),
        ("2023-01-29T15:38:06Z", "time"),
        ("0xDEADBEEF", "hex"),
        ("D1345", "id"),
        ("<hidden>", "hidden"),
        ("<ip>", "ip"),
        ("NameNode", "text"),
        ("17 and 18", "text"),
        ("<>", "text"),
        ("", "text"),
    ],
)
def test_kinds_of_values(value: str, kind: str) -> None:
    assert slots("value <*> was set", f"value {value} was set") == (Slot("", kind, value),)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("user <*> left", "user joe stayed"),
        ("user <*> left", "the user joe left"),
        ("user <*> left", "joe left"),
        ("user <*> left", ""),
        ("user <*> left now", "user joe left then"),
        ("<*>: <*>", "no colon"),
        ("a <*> b <*> c", "a 1 c 2 b"),
        ("no hole", "no hole"),
        ("", ""),
    ],
)
def test_a_text_of_another_template_has_no_slots(template: str, text: str) -> None:
    assert slots(template, text) == ()


def test_holes_and_texts_are_looked_at_so_far_only() -> None:
    found = slots(" ".join(["<*>,"] * (MOST + 20)), " ".join(f"{n}," for n in range(MOST + 20)))
    assert [slot.value for slot in found] == [str(n) for n in range(MOST)]
    [slot] = slots("x <*>", "x " + "a" * 1_000_000)
    assert slot.value == "a" * (MAX_CHARACTERS - 2)


@pytest.mark.parametrize("text", ["a" * 5000, "a " * 2500, "(" * 5000, "\0\ud800💥" * 1000, "a:" * 2500])
@pytest.mark.parametrize("template", ["<*> a b <*> a c", "a <*> (b <*>", "<*>:<*>:<*>", "a<*>" * 40])
def test_hostile_texts_end(template: str, text: str) -> None:
    assert all(slot.value in text for slot in slots(template, text))


# Constants and values have no word and no sign in common, so that there is one way to read a text.
CONSTANTS = st.lists(
    st.sampled_from(["opened", "by", "for", "was", "(", ")", "[", "]", ",", ";", "size=", "state: ", "failed"]),
    min_size=1,
    max_size=3,
).map(" ".join)
VALUES = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.uuids().map(lambda uuid: str(uuid).upper()),
    st.lists(st.text("KLMNÄ検7", min_size=1, max_size=8), min_size=1, max_size=3).map(" ".join),
)


@st.composite
def filled(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """Draw a template, and two lists of values for its holes."""
    count = draw(st.integers(1, 6))
    constants = [draw(CONSTANTS) for _ in range(count)]
    template = " <*> ".join([draw(CONSTANTS), *constants])
    if draw(st.booleans()):
        template = template.removesuffix(constants[-1]).rstrip()
    one, other = (draw(st.lists(VALUES, min_size=count, max_size=count)) for _ in range(2))
    return template, one, other


def fill(template: str, values: list[str]) -> str:
    pieces = iter(values)
    return re.sub(r"<\*>", lambda _: next(pieces), template)


@given(filled())
def test_what_is_put_in_comes_out_again(made: tuple[str, list[str], list[str]]) -> None:
    template, values, _ = made
    assert [slot.value for slot in slots(template, fill(template, values))] == values


@given(filled())
def test_differing_has_a_bit_for_each_slot_that_does(made: tuple[str, list[str], list[str]]) -> None:
    template, one, other = made
    wanted = sum(1 << at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    assert differing(template, fill(template, one), fill(template, other)) == wanted
    assert differing(template, fill(template, other), fill(template, one)) == wanted
    assert differing(template, fill(template, one), fill(template, one)) == 0


@given(filled(), st.randoms(use_true_random=False))
def test_what_differs_among_many_does_not_depend_on_their_order(
    made: tuple[str, list[str], list[str]], chance: Random
) -> None:
    template, one, other = made
    values = [[chance.choice(pair) for pair in zip(one, other, strict=True)] for _ in range(5)]
    texts = [fill(template, each) for each in values]
    wanted = sum(1 << at for at, each in enumerate(zip(*values, strict=True)) if len(set(each)) > 1)
    for _ in range(3):
        chance.shuffle(texts)
        comparison = Comparison(template, texts[0])
        grown = [comparison.add(text) for text in texts[1:]]
        assert comparison.bits == wanted
        assert any(grown) == bool(wanted)
        assert comparison.settled == (wanted == (1 << template.count("<*>")) - 1)


def test_a_first_text_of_another_template_hides_nothing() -> None:
    comparison = Comparison("took <*> ms", "it took long")
    for text in ("took 5 ms", "took 5 ms", "took 6 ms"):
        comparison.add(text)
    assert comparison.bits == 1


def test_what_is_known_to_differ_is_kept() -> None:
    comparison = Comparison("a <*> b <*>", "a 1 b 2", known=0b01)
    assert not comparison.add("a 1 b 2 ")
    assert comparison.add("a 7 b 3")
    assert comparison.bits == 0b11


def test_differing_counts_from_the_first_slot() -> None:
    template = "a <*> b <*> c <*>"
    assert differing(template, "a 1 b 2 c 3", "a 9 b 2 c 3") == 0b001
    assert differing(template, "a 1 b 2 c 3", "a 1 b 2 c 9") == 0b100
    assert differing(template, "a 1 b 2 c 3", "a 9 b 9 c 3") == 0b011


@given(st.text(), st.text())
def test_values_are_parts_of_the_text_whatever_the_template(template: str, text: str) -> None:
    for whole in (template, f"{template}<*>{template[::-1]}", "<*>".join(template)):
        found = slots(whole, text)
        assert all(slot.value in text for slot in found)
        assert slots(whole, text) == found


def test_words_are_not_found_inside_others() -> None:
    assert [slot.value for slot in slots("lost <*> in <*>", "lost inode5 in disk3")] == ["inode5", "disk3"]
    assert slots("up <*> a", "upper 5 a") == ()
    assert slots("user <*> left", "user joe left early") == ()
    assert [slot.value for slot in slots("user <*> left", "user left left")] == ["left"]

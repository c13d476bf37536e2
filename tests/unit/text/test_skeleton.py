from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.text.mining import closed
from stormcell.text.skeleton import HOLE, MOST_TOKENS, OPEN, Skeleton, skeleton, spell

UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"


def spelled(text: str) -> str:
    return spell(closed(skeleton(text).tokens))


# Values of one statement: whatever is printed in place of the %, what is left is the same.
VALUES = {
    "numbers": ("order % failed", ["17", "-5", "1e-7", "1,000.5", "0xDEADBEEF", "+3", "#12", "5/7", "3.2.1"]),
    "ids": ("order % failed", [UUID, UUID.upper(), "D1345", "9f86d081884c7d65", "a-5", "pool-1-thread-7"]),
    "ips": ("connect to % failed", ["10.0.0.1", "10.0.0.1:8080", "10.1.2.0/24", "fe80::1", "shop/10.0.0.1:80"]),
    "places": (
        "cannot read % again",
        ["/var/lib/x", r"C:\Users\joe\x.txt", "http://a.b/c?d=1", "https://10.0.0.1:80/", "jdbc:x://db/q"],
    ),
    "times": (
        "started at % for good",
        [
            "2023-01-29T15:38:06.123456789Z",
            "2023-01-29T15:38:06+01:00",
            "2023-01-29 15:38:06,123",
            "2023/01/29 15:38:06",
            "Jan  2 15:04:05",
            "Sat Jan  2 15:04:05 UTC 2021",
            "Jan 2, 2006 3:04:05 PM",
            "02/Jan/2006:15:04:05 +0000",
            "15:04:05.123",
            "1700000000",
        ],
    ),
    "units": ("took % in all", ["5", "5 ms", "5ms", "1.5s", "2m3s", "5 MB", "5.5 GiB", "90 %", "90%", "1h2m3s"]),
    "lists": (
        "hosts [%] are gone",
        ["", "a1", "a1, b2", "a1, b2, c3, d4, e5", "1 2 3", "'a', 'b'", '"a"', "null"],
    ),
    "maps": ("labels % are set", ["{}", "{a=1}", '{"a": "b", "c": [1, 2]}', "{a=1, b=2, c=3}", '{"a": {"b": 1}}']),
    "quoted": ("user % left", ["'joe'", '"joe"', '"joe d. doe"', "'joe doe'", '""', "''", '"a \\" b"', "17"]),
    "pairs": ("done user=% code=5", ["joe", "17", "null", '"joe doe"', "true", "/var/x", "a@b.c"]),
    "nothing": ("value % was set", ["null", "None", "nil", "<nil>", "true", "false", "True", "undefined", "17"]),
    "masks": ("value % was set", ["<ip>", "<*>", "<hidden>", "<*> <*>", "<email>, <email>", "x-<num>"]),
}


@pytest.mark.parametrize(("statement", "values"), VALUES.values(), ids=VALUES)
def test_values_of_one_statement_leave_one_skeleton(statement: str, values: list[str]) -> None:
    found = {skeleton(statement.replace("%", value)) for value in values}
    assert len(found) == 1
    [one] = found
    assert one.names == ()
    assert HOLE in one.tokens


@given(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.ip_addresses(v=4),
    st.datetimes(),
    st.lists(st.integers(0), max_size=20),
)
def test_the_skeleton_does_not_depend_on_values(
    number: int, ratio: float, uuid: object, ip: object, time: object, many: list[int]
) -> None:
    text = f"{time} from {ip}: order {uuid} cost {number} ({ratio}) of parts {many}"
    assert spelled(text) == "<*> from <*>: order <*> cost <*> (<*>) of parts [<*>]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("link up", "link down"),
        ("started", "stopped"),
        ("job 5 started", "job 5 stopped"),
        ("order 5 not found", "order 5 found"),
        ("took 5 ms", "took 5 ms too long"),
        ("5 of 7", "5 or 7"),
        ("state=5", "state: 5"),
        ("user (5) left", "user 5 left"),
        ("is it up?", "is it up!"),
        ("failed: 5", "failed 5"),
    ],
)
def test_words_and_signs_keep_texts_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    "text",
    [
        "disk is full",
        "don't do it",
        "cannot open it: no such thing.",
        "one, two (three)",
        "检索 失败",
        "naïve señor",
    ],
)
def test_words_alone_stay_as_they_are(text: str) -> None:
    assert spelled(text) == text
    assert skeleton(text).names == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('error: msg="disk full" code=5', 'error: msg="disk full" code=<*>'),
        ("5, 6, 7 done", "<*> done"),
        ("5 - 7 done", "<*> done"),
        ("5 of 7, 8 of 9", "<*> of <*> of <*>"),
        ("items (5), [6]; end", "items (<*>), [<*>]; end"),
        ("ts-food-service-f5756978c-k8vqf is down", "<*> is down"),
        ("it's 5 o'clock", "it's <*> o'clock"),
        ('{"level": "info", "msg": "done 5"}', "<*>"),
        ("version 1.2.3: done.", "version <*>: done."),
        ("[thread 5 is idle]", "[thread <*> is idle]"),
        ("[main] took 5", "[main] took <*>"),
        ("<Worker id=5 up> gone", "<*> gone"),
        ("mail from joe@shop.example: 5", "mail from <*>: <*>"),
    ],
)
def test_what_is_left_of_a_text(text: str, shown: str) -> None:
    assert spelled(text) == shown


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("com.shop.Order lost at NameNode", ("com.shop.Order", "NameNode")),
        ("block_manager and Block_manager_", ("block_manager", "Block_manager_")),
        ("NameNode, then DataNode then NameNode", ("NameNode", "DataNode", "NameNode")),
        ("ERROR in ts-order-service.", ("ERROR", "ts-order-service")),
        ("HTTPServer OOMKilled camelCase", ("HTTPServer", "OOMKilled", "camelCase")),
        ("Monday May Up GB UTC", ()),
        ("user=NameNode", ()),
        ("[NameNode5]", ()),
    ],
)
def test_open_names_are_told_in_their_order(text: str, names: tuple[str, ...]) -> None:
    found = skeleton(text)
    assert found.names == names
    assert found.tokens.count(OPEN) == len(names)


def test_open_names_do_not_tell_skeletons_apart() -> None:
    one, other = skeleton("lost NameNode now"), skeleton("lost DataNode now")
    assert one.tokens == other.tokens == ("lost", OPEN, "now")
    assert (one.names, other.names) == (("NameNode",), ("DataNode",))


def test_only_the_first_tokens_count() -> None:
    tokens = ("a",) * MOST_TOKENS + (HOLE,)
    assert skeleton("a " * MOST_TOKENS).tokens == tokens[:-1]
    assert skeleton("a " * (MOST_TOKENS + 1)).tokens == tokens
    assert skeleton("a " * 100 + "5").tokens == tokens


# What a text holds is anybody's choice; runs that almost match an expression must come back.
HOSTILE = [
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    '"',
    "'",
    "`",
    "(",
    "a=",
    '="',
    "='",
    "[{",
    "<a ",
    '"\\',
    "a.",
    "a_",
    ":.!?",
    "//",
]
HOSTILE += [
    "[a, ",
    "<a b",
    "C:\\",
    "a'a",
    "://",
    "x=[",
    '{"a":',
    "A-",
    "$.",
    "5:",
    "<*",
    "\0",
    "💥",
    "\ud800",
    "א",
    " [",
    " '",
    "$",
    "*$",
    "a.a$:",
    "$-",
]


@pytest.mark.parametrize("run", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("end", ["", "]", "}\"'>"], ids=["", "bracket", "all"])
def test_hostile_texts_end(run: str, end: str) -> None:
    found = skeleton(run * 5000 + end)
    assert 1 <= len(found.tokens) <= MOST_TOKENS + 1
    assert found.tokens.count(OPEN) == len(found.names)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "a " * 500_000, "5" * 1_000_000, "[" * 1_000_000, "a=b " * 250_000]
)
def test_a_text_of_a_megabyte_ends(text: str) -> None:
    assert 1 <= len(skeleton(text).tokens) <= MOST_TOKENS + 1


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "0", "123", "١٢٣", "5 6 7", "{}", "\"\" ''", "<*>", "<ip> <num>"]
)
def test_where_no_word_is_a_hole_is_left(text: str) -> None:
    assert skeleton(text) == Skeleton((HOLE,), ())


@pytest.mark.parametrize("text", ["💥💥", "שלום עולם", "\ud800", "half \ud800 a pair", "a\0b", "²", "½"])
def test_any_character_is_taken(text: str) -> None:
    found = skeleton(text)
    assert found == skeleton(text)
    assert found.tokens


PARTS = st.sampled_from(
    [
        *(
            "5",
            "-5",
            "1.5",
            UUID,
            "10.0.0.1:80",
            "2023-01-29",
            "15:38:06,123",
            "Jan",
            "Mon",
            "UTC",
            "ms",
            "GB",
            "%",
        ),
        *(
            "up",
            "down",
            "lost",
            "NameNode",
            "a_b",
            "ERROR",
            "x.y.Z",
            "user=",
            "=",
            ":",
            ",",
            ".",
            "!",
            "?",
            ";",
            "|",
        ),
        *(
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "<",
            ">",
            '"',
            "'",
            "`",
            "/",
            "-",
            "\\",
            "<*>",
            "<ip>",
            "null",
            "true",
            "\0",
        ),
        *("é", "検", "٣", "²", "💥", "@", "http://", "*", "$", "#", " ", " ", " ", "\n"),
    ]
)
TEXTS = st.one_of(st.text(), st.text("aB5[]{}<>\"'`=:.,*- "), st.lists(PARTS, max_size=20).map("".join))


@given(TEXTS)
def test_no_digit_survives(text: str) -> None:
    found = skeleton(text)
    assert not any(c.isdigit() for token in (*found.tokens, *found.names) for c in token)


@given(TEXTS)
def test_no_two_holes_are_neighbours(text: str) -> None:
    assert not re.search(r"<\*>\s*<\*>", spelled(text))


@given(TEXTS)
def test_the_same_text_gives_the_same_skeleton(text: str) -> None:
    found = skeleton(text)
    assert skeleton(text) == found
    assert found.tokens.count(OPEN) == len(found.names)
    assert 1 <= len(found.tokens) <= MOST_TOKENS + 1


@given(TEXTS)
def test_blanks_behind_a_text_make_no_difference(text: str) -> None:
    assert skeleton(f"{text} \n") == skeleton(text)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (("a", ",", "b", ".", "c", ":"), "a, b. c:"),
        (("f", "(", HOLE, ")", "[", "a", "]"), "f (<*>) [a]"),
        (("say", '"', "a", "b", '"', "now"), 'say "a b" now'),
        (("x=", HOLE, "y=", "z"), "x=<*> y=z"),
        ((HOLE, HOLE, "of", HOLE), "<*> of <*>"),
        ((), ""),
    ],
)
def test_spelled_as_people_write(tokens: tuple[str, ...], text: str) -> None:
    assert spell(tokens) == text

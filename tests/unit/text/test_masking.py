from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stormcell.text import masking
from stormcell.text.masking import MAX_CHARACTERS, mask

UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"

MASKED = [
    ("url", "GET https://shop.example/cart?id=7 failed", "GET <url> failed"),
    ("url quoted", 'to "http://10.0.0.1:80/x" now', 'to "<url>" now'),
    ("e-mail", "mail joe.doe+x@shop.example.org bounced", "mail <email> bounced"),
    ("e-mail glued to a time", "10:00:00joe@shop.example", "<time><email>"),
    ("e-mail glued to an e-mail", "a@b.example+c@d.example", "<email><email>"),
    ("uuid", f"order {UUID.upper()} gone", "order <uuid> gone"),
    ("mac", "from 0a:1b:2c:3d:4e:5f", "from <mac>"),
    ("ISO 8601", "at 2023-01-29T15:38:06.123456789Z", "at <time>"),
    ("ISO 8601 with offset", "at 2023-01-29T15:38:06+01:00", "at <time>"),
    ("Java", "at 2023-01-29 15:38:06,123", "at <time>"),
    ("date", "on 2023-01-29 we", "on <time> we"),
    ("Go", "2023/01/29 15:38:06 hi", "<time> hi"),
    ("syslog", "Jan  2 15:04:05 host", "<time> host"),
    ("date(1)", "Sat Jan  2 15:04:05 UTC 2021", "<time>"),
    ("HTTP date", "Mon, 02 Jan 2006 15:04:05 GMT", "<time>"),
    ("common log format", "[02/Jan/2006:15:04:05 +0000] x", "[<time>] x"),
    ("clock", "at 15:04:05.123", "at <time>"),
    ("IPv4", "from 10.1.2.3 up", "from <ip> up"),
    ("IPv4 with port", "from 10.1.2.3:8080", "from <ip>"),
    ("IPv4 network", "in 10.1.2.0/24", "in <ip>"),
    ("IPv6", "from 2001:0db8:0000:0000:0000:ff00:0042:8329.", "from <ip>."),
    ("IPv6 short", "from fe80::1 up", "from <ip> up"),
    ("IPv6 loopback", "at ::1, port", "at <ip>, port"),
    ("IPv6 with port", "[2001:db8::a]:8080", "[<ip>]:<num>"),
    ("path", "open /var/lib/data.db: no", "open <path>: no"),
    ("path of Windows", r"open C:\Users\joe\x.txt", "open <path>"),
    ("pod", "ts-food-service-f5756978c-k8vqf is down", "ts-food-service<pod> is down"),
    ("hex", "at 0xDEADBEEF and 9f86d081884c7d65", "at <hex> and <hex>"),
    ("id", "token Zx81Kq02Lm4471PqRs", "token <id>"),
    ("short id", "train D1345", "train <id>"),
    ("resource", "order-482913", "order-<num>"),
    ("number", "took 35.7 of 1,000 ms", "took <num> of <num> ms"),
    ("number with unit", "35ms", "<num>ms"),
    ("negative number", "left=-5, -7", "left=<num>, <num>"),
    ("exponent", "1.5e-07", "<num>"),
    ("version", "python3.11 at v1.2.3", "python<num> at v<num>"),
]

PLAIN = [
    "Order status not allowed to pay",
    "ts-order-service",
    "ts-order-other-service.default.svc.cluster.local",
    "java.lang.NullPointerException: null",
    "std::vector<int> a::b dead::beef",
    "read/write and/or",
    "facade accessed-decade-other deadbeef",
    "[getSoldTickets][Seat][No content]",
    "naïve señor 検索",
]


@pytest.mark.parametrize(("text", "masked"), [m[1:] for m in MASKED], ids=[m[0] for m in MASKED])
def test_masks(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_every_kind_of_mask_is_tried() -> None:
    tried = {name for _, _, masked in MASKED for name in re.findall(r"<([a-z]+)>", masked)}
    assert tried == set(masking._MASKS)


@pytest.mark.parametrize("text", PLAIN)
def test_leaves_words_alone(text: str) -> None:
    assert mask(text) == text


def test_collapses_white_space() -> None:
    assert mask(" a\n\t b\u2003c ") == "a b c"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sent 9999999 bytes", "sent 10000000 bytes"),
        ("sent 9999999999999999 bytes", "sent 1 bytes"),
        ("left 0.25", "left 1e-9"),
        ("value: 5", "value: -5"),
        ("pod ts-food-service-f5756978c-k8vqf", "pod ts-food-service-5b67c48447-mv5hb"),
        (f"order {UUID}", "order 00112233-4455-6677-8899-aabbccddeeff"),
        ("from 10.0.0.1", "from fe80::1"),
    ],
)
def test_values_of_one_kind_give_one_template(one: str, other: str) -> None:
    assert mask(one) == mask(other)


PARTS = st.sampled_from(
    [
        *(
            "2023-01-29",
            "T",
            "Z",
            " 15:38:06",
            ".123",
            ":",
            "::",
            "/",
            "\\",
            "C:",
            "a",
            "fe80",
            "1",
            "255",
            "-",
            ".",
        ),
        *(
            "@",
            "<",
            ">",
            "num",
            "deadbeef",
            "0x",
            "E",
            "e",
            "+",
            "://",
            "x",
            "é",
            "_",
            "5b67c48447",
            "mv5hb",
            " ",
            "\n",
        ),
        *("=", "1.2.3.4", "٣", "ts-order-service", "<time>", "Jan 2 10:00:00", "a@b.c", UUID),
    ]
)
TEXTS = st.one_of(st.text(), st.text("abf019:.-/<>@ eEzZT"), st.lists(PARTS, max_size=15).map("".join))


@given(TEXTS)
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(
    TEXTS
    | st.lists(st.sampled_from(["AAAAaaaa", "-", "face", "deadbeefdead", "x", " "]), max_size=12).map("".join)
)
@example("AAAAaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
def test_what_seems_to_hold_nothing_holds_nothing(text: str) -> None:
    if masking._MAY_MASK.search(text) is None:
        assert masking._MASK.search(text) is None
        assert mask(text) == " ".join(text.split())


@given(TEXTS)
def test_no_digit_survives(text: str) -> None:
    assert not re.search(r"\d", mask(text))


@given(st.integers(0, 255), st.integers(0, 2**64), st.uuids(), st.floats(allow_nan=False, allow_infinity=False))
def test_template_does_not_depend_on_values(octet: int, number: int, uuid: object, ratio: float) -> None:
    text = f"from 10.0.{octet}.1: order {uuid} cost {number} ({ratio}) of order-{number:06d}"
    assert mask(text) == "from <ip>: order <uuid> cost <num> (<num>) of order-<num>"


# Runs that almost match a mask again and again: a mask that could read one in many ways would not come back.
HOSTILE = ["1:" * 7 + "1" * 40 + " ", "a@", "a.b@", "/a", "\\", "1.", "1.2.3.4.", "-deadbee0-", "http:/", " Jan "]
HOSTILE += [
    "f::",
    "1:",
    "2023-01-2",
    "a1",
    "A1",
    "1,",
    "1e",
    "aA1-",
    "0",
    "::",
    "a" * 64 + "@",
    "aa:1b:",
    "a-",
    " \n",
]


@pytest.mark.parametrize("run", HOSTILE)
@pytest.mark.parametrize("end", ["", "!", "@"])
def test_hostile_texts_end(run: str, end: str) -> None:
    text = run * (MAX_CHARACTERS // len(run)) + end
    assert len(mask(text)) <= MAX_CHARACTERS


def test_only_the_start_of_a_long_text_counts() -> None:
    text = "word " * 500
    assert mask(text + "!" * 10_000_000) == mask(text)

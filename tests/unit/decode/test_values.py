"""Attribute values."""

from __future__ import annotations

from typing import Any

import pytest

from stormcell.types import Value
from tests.unit.decode.build import attribute, line, log, logs, only, outcome


def decoded(value: Any) -> Value:
    return only(logs(log(attributes=[attribute("k", value)]))).attributes["k"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"stringValue": "x"}, "x"),
        ({"stringValue": ""}, ""),
        ({"intValue": "12"}, 12),
        ({"intValue": 12}, 12),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"doubleValue": 1.5}, 1.5),
        ({"doubleValue": "1.5"}, 1.5),
        ({"doubleValue": float("nan")}, "NaN"),
        ({"doubleValue": "NaN"}, "NaN"),
        ({"doubleValue": float("inf")}, "Infinity"),
        ({"doubleValue": "Infinity"}, "Infinity"),
        ({"doubleValue": float("-inf")}, "-Infinity"),
        ({"doubleValue": "-Infinity"}, "-Infinity"),
        ({"boolValue": True}, True),
        ({"boolValue": False}, False),
        ({"bytesValue": "aGk="}, "aGk="),
        ({"bytesValue": "_-8"}, "/+8="),
        ({"arrayValue": {"values": [{"intValue": "1"}, {}]}}, [1, None]),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {"values": [attribute("a", {"boolValue": True})]}}, {"a": True}),
        ({"kvlistValue": {}}, {}),
        ({}, None),
        (None, None),
        ({"stringValue": None}, None),
    ],
)
def test_values(value: Any, expected: Value) -> None:
    got = decoded(value)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize("literal", [b"NaN", b"1e999"])
def test_numbers_beyond_json(literal: bytes) -> None:
    data = line(logs(log(attributes=[attribute("k", {"doubleValue": 777})]))).replace(b"777", literal)
    assert only(data).attributes["k"] == ("NaN" if literal == b"NaN" else "Infinity")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"stringValue": 5}, "stringValue: expected text, found 5"),
        ({"intValue": "x"}, 'intValue: expected a whole number of 64 bits, found "x"'),
        ({"intValue": 2**63}, "intValue: expected a whole number of 64 bits, found 9223372036854775808"),
        ({"intValue": True}, "intValue: expected a whole number of 64 bits, found true"),
        ({"doubleValue": "x"}, 'doubleValue: expected a number, found "x"'),
        ({"doubleValue": True}, "doubleValue: expected a number, found true"),
        ({"doubleValue": 10**400}, "doubleValue: expected a number, found 1" + "0" * 59 + "..."),
        ({"boolValue": 1}, "boolValue: expected true or false, found 1"),
        ({"bytesValue": "?"}, 'bytesValue: expected base64, found "?"'),
        ({"bytesValue": "é"}, 'bytesValue: expected base64, found "\\u00e9"'),
        ({"arrayValue": []}, "arrayValue: expected an object with a list of values, found a list"),
        ({"kvlistValue": 5}, "kvlistValue: expected an object with a list of values, found 5"),
    ],
)
def test_a_broken_value_is_null_and_a_problem(value: Any, message: str) -> None:
    (event,), problems = outcome(logs(log(attributes=[attribute("k", value), attribute("l", {})])))
    assert event.attributes == {"k": None, "l": None}
    path = "resourceLogs[0].scopeLogs[0].logRecords[0].attributes[0].value"
    assert problems == [f"stdin:1: {path}.{message}"]


def test_a_broken_value_inside_a_list_leaves_its_siblings() -> None:
    items = [{"intValue": "1"}, 7, {"intValue": "3"}]
    (event,), (problem,) = outcome(logs(log(attributes=[attribute("k", {"arrayValue": {"values": items}})])))
    assert event.attributes == {"k": [1, None, 3]}
    assert "attributes[0].value.arrayValue.values[1]: expected a value such as" in problem


def nested(depth: int, *, maps: bool) -> Any:
    value: Any = {"stringValue": "core"}
    for _ in range(depth):
        if maps:
            value = {"kvlistValue": {"values": [attribute("k", value)]}}
        else:
            value = {"arrayValue": {"values": [value]}}
    return value


def depth_of(value: Value) -> tuple[int, Value]:
    depth = 0
    while isinstance(value, list | dict):
        value = value[0] if isinstance(value, list) else value["k"]
        depth += 1
    return depth, value


@pytest.mark.parametrize("maps", [True, False])
@pytest.mark.parametrize(
    ("depth", "left"),
    [
        (31, (31, "core")),
        (32, (32, "core")),
        (33, (32, "(nested deeper than 32)")),
        (100, (32, "(nested deeper than 32)")),
    ],
)
def test_nesting_is_cut_at_32(depth: int, left: Any, maps: bool) -> None:
    assert depth_of(decoded(nested(depth, maps=maps))) == left


def test_json_nested_beyond_the_parser_is_a_problem() -> None:
    deep = b'{"resourceLogs":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    events, problems = outcome(deep + line(logs(log())))
    assert len(events) == 1
    assert problems == ["stdin:1: expected JSON that can be read, found it nested too deep"]


def test_a_number_of_thousands_of_digits_is_a_problem() -> None:
    events, problems = outcome(b'{"resourceLogs": ' + b"9" * 5000 + b"}\n" + line(logs(log())))
    assert len(events) == 1
    assert problems[0].startswith("stdin:1: expected JSON that can be read, found")


def test_invalid_utf8_is_replaced() -> None:
    data = line(logs(log(body={"stringValue": "caf-"}))).replace(b"caf-", b"caf\xff")
    assert only(data).text == "caf\ufffd"


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"a\uDFFFb", "a\ufffdb"),
        (rb"\udc00\ud800", "\ufffd\ufffd"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud800", r"\ud800"),
        (rb"\\\ud800", "\\\ufffd"),
    ],
)
def test_lone_surrogates_are_replaced(escaped: bytes, text: str) -> None:
    event = only(line(logs(log(body={"stringValue": "MARK"}))).replace(b"MARK", escaped))
    assert event.text == text
    assert event.text.encode("utf-8")


def test_raw_control_characters_inside_json_are_kept() -> None:
    event = only(line(logs(log(body={"stringValue": "MARK"}))).replace(b"MARK", b"a\x00\x1b[1mb\tc"))
    assert event.text == "a\x00\x1b[1mb\tc"

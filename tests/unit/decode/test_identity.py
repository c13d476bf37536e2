"""The uid of log records that have none: equal ones have one, whichever way they came; different ones do not."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData

from stormcell.config import Settings
from stormcell.decode import Report
from stormcell.decode.requests import Requests
from stormcell.types import Request, RequestKind
from tests.unit.decode.build import NOW, SPAN, TRACE, attribute, line, log, logs, only

PAIRS: dict[str, Any] = {
    "file": {"stringValue": "app.log"},
    "long": {"stringValue": "x" * 200},
    "umlaut": {"stringValue": "größe"},
    "small": {"intValue": "5"},
    "large": {"intValue": str(2**60)},
    "below": {"intValue": "-3"},
    "share": {"doubleValue": 0.25},
    "none": {"doubleValue": "NaN"},
    "yes": {"boolValue": True},
    "raw": {"bytesValue": "aGk="},
    "list": {"arrayValue": {"values": [{"stringValue": "a"}, {}]}},
    "map": {"kvlistValue": {"values": [attribute("b", {"intValue": "1"}), attribute("a", {})]}},
    "unset": {},
    "empty": {"stringValue": ""},
}


def message(pairs: dict[str, Any]) -> LogRecord:
    record = LogRecord(time_unix_nano=NOW)
    record.body.string_value = "hello"
    for name, value in pairs.items():
        pair = record.attributes.add(key=name)
        pair.value.SetInParent()
        held: Any = pair.value
        match list(value.items()):
            case [("stringValue", text)]:
                held.string_value = text
            case [("intValue", digits)]:
                held.int_value = int(digits)
            case [("doubleValue", number)]:
                held.double_value = float(number)
            case [("boolValue", truth)]:
                held.bool_value = truth
            case [("bytesValue", _)]:
                held.bytes_value = b"hi"
            case [("arrayValue", _)]:
                held.array_value.values.add().string_value = "a"
                held.array_value.values.add()
            case [("kvlistValue", _)]:
                held.kvlist_value.values.add(key="b").value.int_value = 1
                held.kvlist_value.values.add(key="a").value.SetInParent()
    return record


def on_the_wire(record: LogRecord) -> str:
    """Return the uid of a record that is read at a glance if it can be."""
    data = LogsData()
    data.resource_logs.add().scope_logs.add().log_records.append(record)
    data.resource_logs[0].resource.attributes.add(key="service.name").value.string_value = "shop"
    request = Request(RequestKind.LOGS, data.SerializeToString(), NOW)
    (found,) = Requests(Settings(), Report()).records(request)
    assert found.uid == found.event().uid
    return found.uid


def as_json(pairs: dict[str, Any], **fields: Any) -> str:
    return only(line(logs(log(attributes=[attribute(*pair) for pair in pairs.items()], **fields)))).uid


@pytest.mark.parametrize("name", PAIRS)
def test_each_kind_of_value(name: str) -> None:
    one = {"before": {"stringValue": "x"}, name: PAIRS[name]}
    assert on_the_wire(message(one)) == as_json(one)
    assert as_json(one) != as_json({"before": {"stringValue": "x"}})


def test_all_together_in_any_order() -> None:
    turned = dict(reversed(PAIRS.items()))
    assert len({on_the_wire(message(PAIRS)), on_the_wire(message(turned)), as_json(PAIRS), as_json(turned)}) == 1
    plain = {name: PAIRS[name] for name in ("file", "small", "yes")}
    assert on_the_wire(message(plain)) == on_the_wire(message(dict(reversed(plain.items()))))


def test_of_a_name_that_comes_twice_the_last_counts() -> None:
    record = message({"file": {"stringValue": "first"}})
    record.attributes.add(key="file").value.string_value = "app.log"
    assert on_the_wire(record) == as_json({"file": {"stringValue": "app.log"}})


def test_the_name_of_an_event_is_part_of_it() -> None:
    record = message({})
    record.event_name = "order.failed"
    assert on_the_wire(record) == as_json({}, eventName="order.failed") != as_json({})


def test_the_observed_time_is_none_of_it() -> None:
    record = message({})
    before = on_the_wire(record)
    record.observed_time_unix_nano = NOW + 5
    assert on_the_wire(record) == before


def test_it_is_the_same_everywhere() -> None:
    """Uids are stored: they must not change from run to run, nor by chance from version to version."""
    assert on_the_wire(message({"file": {"stringValue": "app.log"}, "line": {"intValue": "300"}})) == EXPECTED


EXPECTED = "92564dee7216e263"

OTHERS: list[dict[str, Any]] = [
    {},
    {"timeUnixNano": str(NOW + 1)},
    {"body": {"stringValue": "hellp"}},
    {"body": {"intValue": "1"}},
    {"body": {"stringValue": "1"}},
    {"severityNumber": 9},
    {"traceId": TRACE},
    {"spanId": SPAN},
    {"eventName": "hello"},
    {"attributes": [attribute("a", {"stringValue": "b"})]},
    {"attributes": [attribute("a", {"stringValue": ""}), attribute("b", {})]},
    {"attributes": [attribute("a", {"intValue": "1"})]},
    {"attributes": [attribute("a", {"boolValue": True})]},
    {"attributes": [attribute("a", {"doubleValue": 1})]},
    {"attributes": [attribute("a", {"stringValue": "1"})]},
    {"attributes": [attribute("a", {})]},
]


def test_what_differs_has_another() -> None:
    found = [only(line(logs(log(**fields)))).uid for fields in OTHERS]
    found.append(only(line(logs(log(), resource={"attributes": []}))).uid)
    assert len(set(found)) == len(found)

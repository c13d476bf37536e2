"""Whatever comes in, reading ends in events and problems."""

from __future__ import annotations

import base64
import gzip
import json
import math
from typing import Any

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from tests.unit.decode.build import alert, events_of, line, log, logs, outcome, span, traces, webhook

quick = settings(max_examples=150, deadline=None)

KEYS = [
    *("resourceLogs", "scopeLogs", "logRecords", "resourceSpans", "scopeSpans", "spans", "alerts"),
    *("resource", "attributes", "key", "value", "values", "body", "status", "labels", "annotations"),
    *("timeUnixNano", "startTimeUnixNano", "endTimeUnixNano", "severityNumber", "severityText", "code"),
    *("startsAt", "endsAt", "fingerprint", "receiver", "name", "traceId", "spanId", "resourceMetrics"),
    *("stringValue", "intValue", "doubleValue", "boolValue", "bytesValue", "arrayValue", "kvlistValue"),
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1700000000000000000", "NaN", "firing", "resolved", "2023-11-14T22:13:20Z", "aGk="])
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=30,
)


def check_sound(data: bytes) -> None:
    """Read; every event can be written as UTF-8 and JSON, and every problem is safe to print."""
    events, problems = outcome(data)
    for event in events:
        assert 0 < event.time < 2**63
        assert 0 <= event.duration < 2**63
        assert 0 <= event.severity <= 24
        assert event.uid
        whole = [event.uid, event.service, event.text, event.resource, event.attributes]
        assert json.dumps(whole, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert all(problem.isprintable() for problem in problems)


@quick
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    check_sound(data)
    check_sound(gzip.compress(data, mtime=0))
    check_sound(b"\x0a" + data)
    check_sound(len(data).to_bytes(4, "big") + data)


@quick
@given(json_values)
def test_any_json(value: Any) -> None:
    check_sound(line(value))
    check_sound(json.dumps(value, indent=1).encode())


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(inner, (*path, key))
    return found


GOOD = [
    logs(log(attributes=[{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}}])),
    traces(span(status={"code": 2})),
    webhook(alert(annotations={"a": "b"}), receiver="x"),
]


@quick
@given(st.sampled_from(GOOD), st.data(), json_values)
def test_any_json_anywhere_in_a_good_request(request: Any, data: Any, value: Any) -> None:
    path = data.draw(st.sampled_from(places(request)[1:]))
    changed = json.loads(json.dumps(request))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    check_sound(line(changed))
    events, _ = outcome(line(request) + line(changed) + line(request))
    assert len(events) >= 2


PACKED = [gzip.compress(line(GOOD[0]), mtime=0), zstandard.ZstdCompressor().compress(line(GOOD[1])), line(GOOD[2])]


@quick
@given(st.sampled_from(PACKED), st.data())
def test_any_damage(packed: bytes, data: Any) -> None:
    at = data.draw(st.integers(0, len(packed) - 1))
    check_sound(packed[:at])
    check_sound(packed[:at] + data.draw(st.binary(max_size=3)) + packed[at + 1 :])


# One request as a plain model, written both ways.
words = st.text(max_size=8)
int64 = st.integers(-(2**63), 2**63 - 1)
times = st.integers(1, 2**63 - 1)
models = st.recursive(
    st.none() | st.booleans() | int64 | st.floats() | words | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
attribute_models = st.dictionaries(words | st.just("log.record.uid"), models, max_size=4)
ids = st.sampled_from([b"", b"\0"]) | st.binary(min_size=16, max_size=16) | st.binary(min_size=8, max_size=8)


def to_json(model: Any) -> Any:
    if model is None:
        return {}
    if isinstance(model, bool):
        return {"boolValue": model}
    if isinstance(model, int):
        return {"intValue": str(model)}
    if isinstance(model, float):
        return {"doubleValue": model if math.isfinite(model) else str(number_name(model))}
    if isinstance(model, str):
        return {"stringValue": model}
    if isinstance(model, bytes):
        return {"bytesValue": base64.b64encode(model).decode()}
    if isinstance(model, list):
        return {"arrayValue": {"values": [to_json(item) for item in model]}}
    return {"kvlistValue": {"values": pairs_to_json(model)}}


def number_name(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def pairs_to_json(model: dict[str, Any]) -> Any:
    return [{"key": key, "value": to_json(value)} for key, value in model.items()]


def fill(value: AnyValue, model: Any) -> None:
    if isinstance(model, bool):
        value.bool_value = model
    elif isinstance(model, int):
        value.int_value = model
    elif isinstance(model, float):
        value.double_value = model
    elif isinstance(model, str):
        value.string_value = model
    elif isinstance(model, bytes):
        value.bytes_value = model
    elif isinstance(model, list):
        value.array_value.SetInParent()
        for item in model:
            fill(value.array_value.values.add(), item)
    elif isinstance(model, dict):
        value.kvlist_value.SetInParent()
        fill_pairs(value.kvlist_value.values, model)


def fill_pairs(pairs: Any, model: dict[str, Any]) -> None:
    for key, value in model.items():
        pair = pairs.add(key=key)
        pair.value.SetInParent()
        fill(pair.value, value)


@quick
@given(attribute_models, attribute_models, models, times, st.integers(0, 24), words, ids, ids)
def test_logs_are_the_same_in_json_and_protobuf(
    resource: Any,
    attributes: Any,
    body: Any,
    time: int,
    severity: int,
    text: str,
    trace: bytes,
    span_id: bytes,
) -> None:
    record = {
        "timeUnixNano": time,
        "severityNumber": severity,
        "severityText": text,
        "eventName": text,
        "body": to_json(body),
        "attributes": pairs_to_json(attributes),
        "traceId": trace.hex(),
        "spanId": span_id.hex().upper(),
    }
    as_json = logs(record, resource={"attributes": pairs_to_json(resource)})
    data = LogsData()
    holder = data.resource_logs.add()
    fill_pairs(holder.resource.attributes, resource)
    message = holder.scope_logs.add().log_records.add(
        time_unix_nano=time,
        severity_number=severity,
        severity_text=text,
        event_name=text,
        trace_id=trace,
        span_id=span_id,
    )
    fill(message.body, body)
    fill_pairs(message.attributes, attributes)
    (event,) = events_of(line(as_json))
    assert event == events_of(data.SerializeToString())[0]
    assert event.time == time


@quick
@given(attribute_models, attribute_models, times, times, st.integers(0, 2), words, ids, ids)
def test_spans_are_the_same_in_json_and_protobuf(
    resource: Any, attributes: Any, time: int, end: int, code: int, name: str, trace: bytes, span_id: bytes
) -> None:
    record = {
        "startTimeUnixNano": str(time),
        "endTimeUnixNano": str(end),
        "name": name,
        "status": {"code": code},
        "attributes": pairs_to_json(attributes),
        "traceId": trace.hex(),
        "spanId": span_id.hex(),
        "parentSpanId": trace.hex(),
    }
    as_json = traces(record, resource={"attributes": pairs_to_json(resource)})
    data = TracesData()
    holder = data.resource_spans.add()
    fill_pairs(holder.resource.attributes, resource)
    message = holder.scope_spans.add().spans.add(
        start_time_unix_nano=time,
        end_time_unix_nano=end,
        name=name,
        trace_id=trace,
        span_id=span_id,
        parent_span_id=trace,
    )
    message.status.code = code  # type: ignore[assignment]  # an open enumeration, whatever its stub says
    fill_pairs(message.attributes, attributes)
    (event,) = events_of(line(as_json))
    assert event == events_of(data.SerializeToString())[0]
    assert event.duration == max(end - time, 0)

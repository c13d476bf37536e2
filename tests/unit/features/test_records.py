"""What is read as records gives the same rows as what is read as whole events."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from stormcell import semconv
from stormcell.config import PrivacySettings, Settings
from stormcell.decode import Report, read
from stormcell.features.rows import build_rows
from stormcell.types import Event, Record, Rows, Signal
from tests.unit.features.test_rows import assert_equal

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PATHS = [ROOT / "tests" / "fixtures", ROOT / "benchmarks" / "data" / "trainticket-overlap"]

NAMES = st.sampled_from(
    ["log.record.uid", "request_id", "X-Request-ID", "logger", "source", "http.route", "", "n" * 200]
)
SHORT = st.sampled_from(
    ["", "a", "b", "took 5 ms", "took 70 ms", "x" * 127, "x" * 128, "y" * 20_000, "joe@shop.example"]
)


def value(draw: st.DrawFn, target: AnyValue, depth: int = 0) -> None:
    kind = draw(st.sampled_from(["text"] * 6 + ["none", "int", "bool", "double", "bytes", "list", "map"]))
    if kind == "text":
        target.string_value = draw(SHORT)
    elif kind == "int":
        target.int_value = draw(st.integers(-(2**63), 2**63 - 1))
    elif kind == "bool":
        target.bool_value = draw(st.booleans())
    elif kind == "double":
        target.double_value = draw(st.floats())
    elif kind == "bytes":
        target.bytes_value = draw(st.binary(max_size=4))
    elif kind == "list":
        target.array_value.SetInParent()
        if depth < 2:
            value(draw, target.array_value.values.add(), depth + 1)
    elif kind == "map":
        target.kvlist_value.SetInParent()
        if depth < 2:
            value(draw, target.kvlist_value.values.add(key="k").value, depth + 1)


def attributes(draw: st.DrawFn, holder: Any) -> None:
    for _ in range(draw(st.integers(0, 3))):
        pair = holder.attributes.add(key=draw(NAMES))
        if draw(st.booleans()):
            value(draw, pair.value)


TIMES = st.sampled_from([0, 1, 10**18, 10**18 + 5, 10**18 + 2 * 10**9, 2**63 - 1, 2**63, 2**64 - 1])
IDS = st.sampled_from([b"", bytes(8), bytes(16), b"12345678", b"87654321", b"1234567812345678", b"123"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw a request of records with few different values, now and then with broken bytes."""
    logs, traces = LogsData(), TracesData()
    whole = draw(st.sampled_from([logs, traces]))
    for _ in range(draw(st.integers(1, 2))):
        holder: Any = logs.resource_logs.add() if whole is logs else traces.resource_spans.add()
        for _ in range(draw(st.integers(0, 2))):
            name = draw(st.sampled_from(["service.name", "k8s.pod.name"]))
            value(draw, holder.resource.attributes.add(key=name).value)
        scope: Any = holder.scope_logs.add() if whole is logs else holder.scope_spans.add()
        for _ in range(draw(st.integers(0, 4))):
            attributes(draw, log(draw, scope) if whole is logs else span(draw, scope))
    data = whole.SerializeToString()
    if data and draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + draw(st.binary(max_size=2)) + data[at + draw(st.integers(0, 2)) :]
    return data


def log(draw: st.DrawFn, scope: Any) -> Any:
    record = scope.log_records.add(
        time_unix_nano=draw(TIMES),
        observed_time_unix_nano=draw(TIMES),
        severity_number=draw(st.integers(0, 30)),
        severity_text=draw(st.sampled_from(["", "WARN"])),
        trace_id=draw(IDS),
        span_id=draw(IDS),
    )
    value(draw, record.body)
    return record


def span(draw: st.DrawFn, scope: Any) -> Any:
    record = scope.spans.add(
        start_time_unix_nano=draw(TIMES),
        end_time_unix_nano=draw(TIMES),
        name=draw(SHORT),
        trace_id=draw(IDS),
        span_id=draw(IDS),
        parent_span_id=draw(IDS),
    )
    record.status.code = draw(st.integers(0, 4))
    return record


def both(data: bytes) -> tuple[list[Event], list[Record], Report, Report]:
    """Read a file whose content is ``data`` as events and as records."""
    reports = Report(), Report()
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))):
        events = list(read(["-"], reports[0]))
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))):
        records = list(read(["-"], reports[1]).records())
    return events, records, *reports


@given(st.lists(requests(), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_records_are_the_events(made: list[bytes]) -> None:
    framed = b"".join(len(request).to_bytes(4, "big") + request for request in made if request)
    events, records, one, other = both(framed)
    assert one == other
    for event, record in zip(events, records, strict=True):
        assert record.event() == event
        fields = ["uid", "signal", "time", "service", "severity", "text", "duration", "trace_id", "resource"]
        if event.signal is Signal.SPAN:
            fields += ["span_id", "parent_id"]
        for field in fields:
            assert getattr(record, field) == getattr(event, field), field
        linking = [(name, held) for name, held in event.attributes.items() if semconv.links(name)]
        assert [(name, held) for name, held in record.attributes.items() if semconv.links(name)] == linking


@given(st.lists(requests(), min_size=1, max_size=4), st.booleans())
@settings(max_examples=200, deadline=None)
def test_records_give_the_rows_of_the_events(made: list[bytes], mask: bool) -> None:
    events, records, _, _ = both(b"".join(len(data).to_bytes(4, "big") + data for data in made if data))
    assert_equal(rows(events, mask=mask), rows(records, mask=mask))


def rows(events: list[Event] | list[Record], *, mask: bool) -> Rows:
    return build_rows(events, Settings(privacy=PrivacySettings(mask=mask)))


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
@pytest.mark.parametrize("mask", [True, False])
def test_files_give_the_same_rows_either_way(path: Path, mask: bool) -> None:
    one, other = Report(), Report()
    chosen = Settings(privacy=PrivacySettings(mask=mask))
    whole = build_rows(list(read([path], one)), chosen)
    assert_equal(whole, build_rows(read([path], other), chosen))
    assert one == other
    assert len(whole) > 50


def test_a_reading_goes_on_where_it_was_left() -> None:
    reading = read([PATHS[0] / "otlp" / "nezha_logs.pb.gz"])
    first = next(reading)
    assert first not in list(reading)
    assert list(reading) == []

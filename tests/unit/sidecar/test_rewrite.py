"""Telemetry as it goes on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from stormcell.config import Settings
from stormcell.sidecar.forward import Rewriter
from stormcell.sidecar.forward.sampling import Sampler
from stormcell.types import Assignment, Record, Request, RequestKind
from tests.unit.sidecar.otlp import (
    NOON,
    ByUid,
    Nowhere,
    attributes,
    log,
    logs,
    records,
    span,
    spans,
    text,
    traces,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "otlp"
OURS = ("stormcell.group.id", "stormcell.exemplar", "stormcell.surprise")


def rewritten(request: Request, rewriter: Rewriter | None = None) -> bytes:
    made = (rewriter or Rewriter(ByUid())).rewrite(request)
    assert made is not None
    return made.body


def without_ours(message: Any, logs: bool) -> bytes:
    """Return a request without what was added to its records."""
    for holder in message.resource_logs if logs else message.resource_spans:
        for scope in holder.scope_logs if logs else holder.scope_spans:
            for record in scope.log_records if logs else scope.spans:
                kept = [pair for pair in record.attributes if pair.key not in OURS]
                assert len(kept) == len(record.attributes) - len(OURS)
                del record.attributes[:]
                record.attributes.extend(kept)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def test_each_record_gets_what_is_known_of_it_and_keeps_the_rest() -> None:
    made = rewritten(logs([log("a"), log("b"), log("a")], [log("c", "x" * 1000)]))
    found = [attributes(record) for record in records(made)]
    for uid, one in zip("abac", found, strict=True):
        assert one == {
            "log.record.uid": uid,
            "stormcell.group.id": f"g-{uid}",
            "stormcell.exemplar": uid,
            "stormcell.surprise": 0.5,
        }


def test_each_record_gets_its_template_in_the_place_of_one_that_it_came_with() -> None:
    class Mined:
        def assign(self, record: Record) -> Assignment:
            return Assignment(None, "", 0.0, 0.5, "background", template=f"{record.text.split()[0]} <*> \ud800")

    forged = [text("stormcell.template", "no")]
    found = records(rewritten(logs([log("a", "b 7", 9, *forged), log("c", "d 8", 9)]), Rewriter(Mined())))
    assert [attributes(one)["stormcell.template"] for one in found] == ["b <*> ?", "d <*> ?"]


def test_each_span_too() -> None:
    made = rewritten(traces(span(1, "a", text("x", "y")), span(2)))
    first, second = (attributes(one) for one in spans(made))
    assert first["stormcell.exemplar"] == f"{1:016x}"
    assert second["stormcell.group.id"] == f"g-{2:016x}"
    assert first["x"] == "y"


@pytest.mark.parametrize(("name", "message"), [("logs", LogsData), ("traces", TracesData)])
def test_real_requests_are_the_same_but_for_what_is_added(name: str, message: Any) -> None:
    data = gzip.decompress((FIXTURES / f"nezha_{name}.pb.gz").read_bytes())
    made = rewritten(Request(RequestKind(name), data, NOON))
    assert made.count(b"stormcell.exemplar") > 1
    bare = without_ours(message.FromString(made), name == "logs")
    assert bare == message.FromString(data).SerializeToString(deterministic=True)


def test_without_a_group_there_is_its_surprise_alone() -> None:
    [record] = records(rewritten(logs([log("a")]), Rewriter(Nowhere())))
    assert attributes(record) == {"log.record.uid": "a", "stormcell.surprise": 0.5}


def test_what_is_no_event_goes_on_as_it_came() -> None:
    timeless = LogRecord()
    made = records(rewritten(logs([log("a"), timeless, log("", time=0), log("b")])))
    assert made[1:3] == [timeless, log("", time=0)]
    assert [attributes(made[at])["stormcell.exemplar"] for at in (0, 3)] == ["a", "b"]


def test_what_claims_to_be_known_already_is_replaced() -> None:
    forged = [text("stormcell.group.id", "g-x"), text("x", "stormcell."), text("stormcell.surprise", "no")]
    [record] = records(rewritten(logs([log("a", "hello", 9, *forged)])))
    assert attributes(record)["stormcell.group.id"] == "g-a"
    assert attributes(record)["x"] == "stormcell."
    [other] = records(rewritten(logs([log("a", "hello", 9, *forged)]), Rewriter(Nowhere())))
    assert attributes(other) == {"log.record.uid": "a", "x": "stormcell.", "stormcell.surprise": 0.5}


def test_our_own_telemetry_goes_on_as_it_came() -> None:
    request = logs([log("a")], service="stormcell")
    assert rewritten(request) == request.body


def test_text_that_is_none_and_deep_values_go_on() -> None:
    deep = b"\x2a\x00"
    for _ in range(200):  # deeper than protobuf reads
        inner = b"\x0a" + _varint(len(deep)) + deep
        deep = b"\x2a" + _varint(len(inner)) + inner
    body = b"\x2a" + _varint(len(deep)) + deep
    broken = b"\x2a\x04\x0a\x02\xff\xfe"  # a body of bytes that are no UTF-8
    stamp = b"\x09" + NOON.to_bytes(8, "little")
    bare = [stamp + body, stamp + broken]
    scope = b"".join(b"\x12" + _varint(len(record)) + record for record in bare)
    holder = b"\x12" + _varint(len(scope)) + scope
    made = rewritten(Request(RequestKind.LOGS, b"\x0a" + _varint(len(holder)) + holder, NOON))
    for record in bare:
        assert record in made
    assert made.count(b"stormcell.exemplar") == 2


def _varint(number: int) -> bytes:
    return bytes((number,)) if number < 0x80 else bytes((number & 0x7F | 0x80,)) + _varint(number >> 7)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [("logs", RequestKind.LOGS_JSON, LogsData), ("trace", RequestKind.TRACES_JSON, TracesData)],
)
def test_json_goes_on_as_protobuf(name: str, kind: RequestKind, message: Any) -> None:
    document = json.loads((FIXTURES / f"{name}.json").read_text())
    made = message.FromString(rewritten(Request(kind, json.dumps(document).encode(), NOON)))
    if kind is RequestKind.LOGS_JSON:
        [record] = made.resource_logs[0].scope_logs[0].log_records
        known = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
        assert record.trace_id.hex() == known["traceId"].lower()
        assert record.span_id.hex() == known["spanId"].lower()
        assert record.body.string_value == known["body"]["stringValue"]
    else:
        [record] = made.resource_spans[0].scope_spans[0].spans
        known = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        assert record.span_id.hex() == known["spanId"].lower()
        assert record.parent_span_id.hex() == known["parentSpanId"].lower()
    assert record.attributes[-1].key == "stormcell.surprise"


def test_broken_records_of_json_are_left_out_and_counted() -> None:
    good = {"timeUnixNano": str(NOON), "body": {"stringValue": "a\ud800b"}}
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": {}}, good, {"traceId": "xyz"}]}]}, 7]}
    made = Rewriter(Nowhere()).rewrite(Request(RequestKind.LOGS_JSON, json.dumps(body).encode(), NOON))
    assert made is not None
    assert (made.seen, made.kept, made.broken) == (3, 1, 2)
    assert records(made.body)[0].body.string_value == "a?b"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (RequestKind.LOGS, b"\xff\xff"),
        (RequestKind.TRACES_JSON, b"[]"),
        (RequestKind.LOGS_JSON, b"{"),
        (RequestKind.LOGS_JSON, b'{"a":' * 100_000),
    ],
)
def test_what_is_no_request_is_refused(kind: RequestKind, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Rewriter(ByUid()).rewrite(Request(kind, body, NOON))


def test_alerts_are_no_telemetry() -> None:
    assert Rewriter(ByUid()).rewrite(Request(RequestKind.ALERTMANAGER, b"{}", NOON)) is None


def test_telemetry_goes_on_whatever_we_fail_at() -> None:
    class Broken:
        def assign(self, record: Record) -> Assignment:
            raise RuntimeError("a mistake of ours")

    request = logs([log("a"), log("b")])
    made = Rewriter(Broken()).rewrite(request)
    assert made is not None
    assert (made.body, made.seen, made.kept) == (request.body, 2, 2)


def test_sampled_records_say_for_how_many_they_stand_and_empty_scopes_go() -> None:
    settings = Settings.model_validate({"forward": {"sampling": True, "sampling_per_template": 2}})
    rewriter = Rewriter(Nowhere(), Sampler(settings))
    before = log("before", "usual 1", 9, text("stormcell.sampling.adjusted_count", "7"))
    crowd = [log(f"u{n}", f"usual {n}") for n in range(101)]
    made = rewriter.rewrite(logs(crowd, [before, log("e", "usual 1", 17)], [log("u-last", "usual 3")]))
    assert made is not None
    found = records(made.body)
    assert (made.seen, made.kept) == (104, 4)
    counts = {
        attributes(one)["log.record.uid"]: attributes(one).get("stormcell.sampling.adjusted_count")
        for one in found
    }
    # What was sampled before stays as it is, and what goes on in any case stands for itself.
    assert (counts.pop("before"), counts.pop("e")) == ("7", None)
    assert sorted(filter(None, counts.values())) == [51, 51]
    nothing = Rewriter(Nowhere(), Sampler(settings)).rewrite(logs())
    assert nothing is not None
    assert nothing.body == b""

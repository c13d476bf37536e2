"""OTLP over HTTP, as https://opentelemetry.io/docs/specs/otlp/#otlphttp describes it."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
import zstandard
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from stormcell.errors import RefusedError
from stormcell.sidecar.counts import Reason, Signal
from stormcell.types.live import RequestKind
from tests.integration.sidecar.support import JSON, NOW, PROTOBUF, Sidecar, logs, traces


def status_of(answer: httpx.Response) -> Status:
    assert answer.headers["content-type"] == "application/x-protobuf"
    return Status.FromString(answer.content)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [("/v1/logs", logs(), RequestKind.LOGS), ("/v1/traces", traces(), RequestKind.TRACES)],
    ids=["logs", "traces"],
)
def test_protobuf_is_kept_and_answered_with_an_empty_message(
    served: Sidecar, path: str, body: bytes, kind: RequestKind
) -> None:
    answer = served.post(path, body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    (request,) = served.inbox.kept
    assert (request.kind, request.body, request.received) == (kind, body, NOW)


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/logs", RequestKind.LOGS_JSON), ("/v1/traces", RequestKind.TRACES_JSON)]
)
def test_json_is_answered_in_json(served: Sidecar, path: str, kind: RequestKind) -> None:
    answer = served.post(path, b'{"a": 1}', {"content-type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json"
    assert served.inbox.kept[0].kind is kind


def test_an_empty_request_succeeds(served: Sidecar) -> None:
    assert served.post("/v1/logs", b"").status_code == 200
    assert served.inbox.bodies == [b""]


def test_a_connection_serves_many_requests(served: Sidecar) -> None:
    with served.client() as client:
        for number in range(5):
            assert client.post("/v1/logs", content=logs(number), headers=PROTOBUF).status_code == 200
    assert served.inbox.bodies == [logs(number) for number in range(5)]


def test_tells_how_much_of_a_request_is_left_out(served: Sidecar) -> None:
    served.check.rejected, served.check.message = 2, "two have no time"
    said = ExportLogsServiceResponse.FromString(served.post("/v1/logs", logs(3)).content).partial_success
    assert (said.rejected_log_records, said.error_message) == (2, "two have no time")
    told = ExportTraceServiceResponse.FromString(served.post("/v1/traces", traces(2)).content).partial_success
    assert (told.rejected_spans, told.error_message) == (2, "two have no time")
    answer = served.post("/v1/logs", b'{"a": 1, "b": 2}', JSON).json()
    assert answer == {"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "two have no time"}}
    answer = served.post("/v1/traces", b'{"a": 1, "b": 2}', JSON).json()
    assert answer == {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "two have no time"}}
    assert served.counts.items == {Signal.LOGS: 1, Signal.TRACES: 0}
    assert served.counts.rejected_items == {Signal.LOGS: 4, Signal.TRACES: 4}


def test_a_warning_alone_rejects_nothing(served: Sidecar) -> None:
    served.check.message = "service.name is missing"
    said = ExportLogsServiceResponse.FromString(served.post("/v1/logs", logs()).content)
    assert said.HasField("partial_success")
    assert (said.partial_success.rejected_log_records, said.partial_success.error_message) == (
        0,
        "service.name is missing",
    )


@pytest.mark.parametrize("cut", [1, 10])
def test_truncated_protobuf_is_bad_data(served: Sidecar, cut: int) -> None:
    answer = served.post("/v1/logs", logs()[:-cut])
    assert answer.status_code == 400
    status = status_of(answer)
    bad = BadRequest()
    assert status.details[0].Unpack(bad)
    assert bad.field_violations[0].description == status.message != ""
    assert "retry-after" not in answer.headers
    assert not served.inbox.kept
    assert served.counts.rejected == {(Signal.LOGS, Reason.CONTENT): 1}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"a":' + b"9" * 5000 + b"}", b"[" * 100_000, b"1e999999"],
    ids=["empty", "cut", "list", "null", "bytes", "number", "depth", "infinite"],
)
def test_json_that_is_no_request_is_bad_data(served: Sidecar, body: bytes) -> None:
    answer = served.post("/v1/traces", body, JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert answer.json()["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert not served.inbox.kept


def test_json_with_the_same_key_twice_and_huge_numbers_does_no_harm(served: Sidecar) -> None:
    body = b'{"a": 1, "a": 2, "b": ' + b"9" * 4000 + b', "c": 1e400, "d": NaN}'
    assert served.post("/v1/logs", body, JSON).status_code == 200
    assert served.inbox.bodies == [body]


@pytest.mark.parametrize("retry_after", [0.2, 7.0])
def test_what_is_refused_is_to_be_sent_again(served: Sidecar, retry_after: float) -> None:
    served.inbox.refusal = RefusedError("the journal is full", retry_after=retry_after)
    answer = served.post("/v1/logs", logs())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1" if retry_after < 1 else "7")
    info = RetryInfo()
    assert status_of(answer).details[0].Unpack(info)
    assert info.retry_delay.ToNanoseconds() == retry_after * 1e9
    assert status_of(answer).message == "the journal is full"
    answer = served.post("/v1/logs", b"{}", JSON)
    assert (answer.status_code, answer.json()["message"]) == (503, "the journal is full")
    assert served.counts.refused == {(Signal.LOGS, Reason.OVERLOAD): 2}


def test_a_failure_of_ours_is_not_to_be_sent_again_and_tells_nothing(
    served: Sidecar, caplog: pytest.LogCaptureFixture
) -> None:
    served.inbox.failure = ZeroDivisionError("a secret")
    answer = served.post("/v1/logs", logs())
    assert answer.status_code == 500
    assert b"secret" not in answer.content
    assert "a secret" in caplog.text
    served.inbox.failure = None
    assert served.post("/v1/logs", logs()).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/grpc", "text/json"]
)
def test_other_types_are_not_taken(served: Sidecar, content_type: str) -> None:
    answer = served.post("/v1/logs", logs(), {"content-type": content_type})
    assert answer.status_code == 415
    assert "application/x-protobuf or application/json" in answer.json()["message"]
    assert not served.inbox.kept


@pytest.mark.parametrize("content_type", ["application/x-protobuf", "application/json"])
def test_metrics_are_not_taken(served: Sidecar, content_type: str) -> None:
    answer = served.post("/v1/metrics", b"{}", {"content-type": content_type})
    assert answer.status_code == 404
    assert b"metrics are not taken" in answer.content
    assert served.counts.rejected == {(Signal.METRICS, Reason.UNSUPPORTED): 1}


def test_other_addresses_and_methods_are_told_so(served: Sidecar) -> None:
    with served.client() as client:
        answer = client.get("/v1/logs")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json()["message"] == "this address takes other methods only"
        assert client.get("/nothing").status_code == 404
        assert client.get("/nothing").json()["message"] == "there is nothing at this address"


def test_gzip_and_zstd_are_kept_decompressed(served: Sidecar) -> None:
    body = logs(1000)
    assert served.post("/v1/logs", gzip.compress(body), PROTOBUF, **{"content-encoding": "gzip"}).is_success
    zstd = zstandard.compress(body)
    assert served.post("/v1/logs", zstd, PROTOBUF, **{"content-encoding": "zstd"}).is_success
    two = gzip.compress(body[:100]) + gzip.compress(body[100:])
    assert served.post("/v1/logs", two, PROTOBUF, **{"content-encoding": "GZIP"}).is_success
    assert served.post("/v1/logs", body, PROTOBUF, **{"content-encoding": "identity"}).is_success
    assert served.inbox.bodies == [body] * 4


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(logs())[:-4]),
        ("gzip", logs()),
        ("zstd", zstandard.compress(logs())[:-4]),
        ("zstd", logs()),
    ],
    ids=["gzip-cut", "gzip-none", "zstd-cut", "zstd-none"],
)
def test_damaged_compression_is_bad_data(served: Sidecar, encoding: str, body: bytes) -> None:
    answer = served.post("/v1/logs", body, PROTOBUF, **{"content-encoding": encoding})
    assert answer.status_code == 400
    assert encoding in status_of(answer).message


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_other_compressions_are_not_taken(served: Sidecar, encoding: str) -> None:
    answer = served.post("/v1/logs", logs(), PROTOBUF, **{"content-encoding": encoding})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, zstd")


def test_messages_are_ascii_in_json(served: Sidecar) -> None:
    served.check.message = "\x1b[31m\u202e<script>"
    content = served.post("/v1/logs", b"{}", JSON).content
    assert content.isascii()
    assert json.loads(content)["partialSuccess"]["errorMessage"] == served.check.message

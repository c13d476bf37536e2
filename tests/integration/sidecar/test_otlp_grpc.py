"""OTLP over gRPC, as https://opentelemetry.io/docs/specs/otlp/#otlpgrpc describes it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from stormcell.errors import RefusedError
from stormcell.sidecar.counts import Reason, Signal
from stormcell.types.live import RequestKind
from tests.integration.sidecar.support import (
    LOGS,
    METRICS,
    NOW,
    TRACES,
    Sidecar,
    logs,
    read_all,
    sidecar,
    traces,
    until,
)


def details_of(error: grpc.Call) -> Status:
    (value,) = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    status = Status.FromString(value)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return status


@pytest.mark.parametrize(
    ("method", "body", "kind"),
    [(LOGS, logs(), RequestKind.LOGS), (TRACES, traces(), RequestKind.TRACES)],
    ids=["logs", "traces"],
)
def test_a_request_is_kept_and_answered_with_an_empty_message(
    served: Sidecar, method: str, body: bytes, kind: RequestKind
) -> None:
    assert served.call(method, body) == b""
    (request,) = served.inbox.kept
    assert (request.kind, request.body, request.received) == (kind, body, NOW)


def test_an_empty_request_succeeds(served: Sidecar) -> None:
    assert served.call(LOGS, b"") == b""
    assert served.inbox.bodies == [b""]


def test_tells_how_much_of_a_request_is_left_out(served: Sidecar) -> None:
    served.check.rejected, served.check.message = 2, "two have no time"
    said = ExportLogsServiceResponse.FromString(served.call(LOGS, logs(3))).partial_success
    assert (said.rejected_log_records, said.error_message) == (2, "two have no time")
    told = ExportTraceServiceResponse.FromString(served.call(TRACES, traces(2))).partial_success
    assert (told.rejected_spans, told.error_message) == (2, "two have no time")
    assert served.counts.requests == {Signal.LOGS: 1, Signal.TRACES: 1}
    assert served.counts.items == {Signal.LOGS: 1, Signal.TRACES: 0}
    assert served.counts.rejected_items == {Signal.LOGS: 2, Signal.TRACES: 2}


def test_truncated_protobuf_is_bad_data(served: Sidecar) -> None:
    error = served.fail(LOGS, logs()[:-1])
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    bad = BadRequest()
    assert details_of(error).details[0].Unpack(bad)
    assert bad.field_violations[0].description == error.details() != ""
    assert not served.inbox.kept
    assert served.counts.rejected == {(Signal.LOGS, Reason.CONTENT): 1}


@pytest.mark.parametrize("retry_after", [0.0, 0.25, 30.0])
def test_what_is_refused_is_to_be_sent_again(served: Sidecar, retry_after: float) -> None:
    served.inbox.refusal = RefusedError("the journal is full", retry_after=retry_after)
    error = served.fail(TRACES, traces())
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "the journal is full")
    info = RetryInfo()
    assert details_of(error).details[0].Unpack(info)
    assert info.retry_delay.ToNanoseconds() == retry_after * 1e9
    assert served.counts.refused == {(Signal.TRACES, Reason.OVERLOAD): 1}


def test_a_failure_of_ours_is_not_to_be_sent_again_and_tells_nothing(
    served: Sidecar, caplog: pytest.LogCaptureFixture
) -> None:
    served.inbox.failure = ZeroDivisionError("a secret")
    error = served.fail(LOGS, logs())
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in (error.details() or "")
    assert "a secret" in caplog.text


def test_metrics_are_not_taken(served: Sidecar) -> None:
    error = served.fail(METRICS, b"")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "metrics are not taken" in (error.details() or "")
    error = served.fail("/some.Service/Export", b"")
    assert (error.code(), error.details()) == (grpc.StatusCode.UNIMPLEMENTED, "there is no such method here")


def test_gzip_is_kept_decompressed(served: Sidecar) -> None:
    body = logs(1000)
    assert served.call(LOGS, body, compression=grpc.Compression.Gzip) == b""
    assert served.inbox.bodies == [body]


def test_other_compressions_are_not_taken(served: Sidecar) -> None:
    error = served.fail(LOGS, logs(1000), compression=grpc.Compression.Deflate)
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert not served.inbox.kept


def test_a_call_without_a_message_is_bad_data(served: Sidecar) -> None:
    with served.channel() as channel, pytest.raises(grpc.RpcError) as caught:
        channel.stream_unary(LOGS)(iter(()), timeout=20)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_many_calls_at_once_are_all_kept(served: Sidecar) -> None:
    bodies = [logs(1, f"failure {number}") for number in range(200)]
    with served.channel() as channel:
        call = channel.unary_unary(LOGS)
        answers = [call.future(body, timeout=30) for body in bodies]
        assert [answer.result() for answer in answers] == [b""] * len(bodies)
    assert sorted(served.inbox.bodies) == sorted(bodies)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_too_large_requests_are_not_to_be_sent_again(
    compression: grpc.Compression, caplog: pytest.LogCaptureFixture
) -> None:
    with sidecar(max_request_bytes=100_000) as served:
        error = served.fail(LOGS, logs(10_000), compression=compression)
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert not [key for key, _ in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
        assert served.call(LOGS, logs(), compression=compression) == b""
        assert served.inbox.bodies == [logs()]
        assert not caplog.records


def test_calls_that_send_nothing_do_not_keep_others_out() -> None:
    with sidecar(threads=2, request_seconds=60) as served, served.channel() as channel:
        never = threading.Event()

        def nothing() -> Iterator[bytes]:
            never.wait()
            yield from ()

        stalled = [channel.stream_unary(LOGS).future(nothing()) for _ in range(4)]
        until(lambda: served.counts.refused[Signal.LOGS, Reason.INCOMPLETE] >= 1)
        assert served.call(LOGS, logs()) == b""
        never.set()
        assert [call.exception(20) for call in stalled].count(None) == 0


def test_idle_connections_are_closed_before_long() -> None:
    with sidecar(request_seconds=0.4, max_connections=8) as served:
        address = ("127.0.0.1", served.grpc_server.port)
        idle = [socket.create_connection(address, timeout=20) for _ in range(40)]
        with served.channel() as channel:
            assert channel.unary_unary(LOGS)(logs(), timeout=20, wait_for_ready=True) == b""
        for connection in idle:
            connection.close()


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(100), bytes(1000)])
def test_garbage_harms_nobody_else(served: Sidecar, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.grpc_server.port), timeout=20) as connection:
        connection.sendall(garbage)
        read_all(connection)
    assert served.call(LOGS, logs()) == b""


def test_a_call_that_sends_nothing_is_given_up() -> None:
    with sidecar(request_seconds=0.1) as served, served.channel() as channel:
        never = threading.Event()

        def nothing() -> Iterator[bytes]:
            never.wait()
            yield from ()

        with pytest.raises(grpc.RpcError) as caught:
            channel.stream_unary(LOGS)(nothing(), timeout=30)
        never.set()
        assert caught.value.code() is grpc.StatusCode.CANCELLED
        until(lambda: served.counts.refused == {(Signal.LOGS, Reason.INCOMPLETE): 1})

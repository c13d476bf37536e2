"""What senders make of our answers, by the rules that OTLP sets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from stormcell.errors import RefusedError
from tests.integration.sidecar.support import LOGS, METRICS, PROTOBUF, Sidecar, logs, sidecar

# https://opentelemetry.io/docs/specs/otlp/#failures and #retryable-response-codes
RETRYABLE_CODES = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
RETRYABLE_STATUSES = {429, 502, 503, 504}
# Senders that know less than the specification try again after these alone: webhooks of Alertmanager after 5xx.
RETRYABLE_BY_ALL = {502, 503, 504}


@dataclass(frozen=True)
class Verdict:
    """What a sender does next: 0 seconds without a hint."""

    again: bool
    after: float = 0.0


@pytest.fixture(scope="module")
def _running() -> Iterator[Sidecar]:
    with sidecar(max_request_bytes=100_000) as running:
        yield running


@pytest.fixture
def served(_running: Sidecar) -> Sidecar:
    _running.forget()
    return _running


def by_grpc(served: Sidecar, method: str, body: bytes) -> Verdict:
    error = served.fail(method, body)
    hint = None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                info = RetryInfo()
                if detail.Unpack(info):
                    hint = info.retry_delay.ToNanoseconds() / 1e9
    again = error.code() in RETRYABLE_CODES or (
        error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and hint is not None
    )
    return Verdict(again, hint or 0.0)


def by_http(served: Sidecar, path: str, body: bytes, **headers: str) -> Verdict:
    answer = served.post(path, body, {**PROTOBUF, **headers})
    assert answer.status_code >= 400
    again = answer.status_code in RETRYABLE_STATUSES
    assert again == (answer.status_code in RETRYABLE_BY_ALL)
    return Verdict(again, float(answer.headers.get("retry-after", 0)))


def test_what_is_refused_is_sent_again_after_the_time_that_was_asked(served: Sidecar) -> None:
    served.inbox.refusal = RefusedError("the journal is full", retry_after=4)
    assert by_grpc(served, LOGS, logs()) == Verdict(True, 4.0)
    assert by_http(served, "/v1/logs", logs()) == Verdict(True, 4.0)
    served.inbox.refusal = None
    assert served.call(LOGS, logs()) == b""
    assert served.post("/v1/logs", logs()).status_code == 200
    assert served.inbox.bodies == [logs()] * 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [(LOGS, "/v1/logs", logs()[:-1]), (LOGS, "/v1/logs", logs(10_000)), (METRICS, "/v1/metrics", b"")],
    ids=["broken", "large", "metrics"],
)
def test_what_can_never_be_taken_is_given_up(served: Sidecar, method: str, path: str, body: bytes) -> None:
    assert by_grpc(served, method, body) == Verdict(False)
    assert by_http(served, path, body) == Verdict(False)


def test_what_fails_here_every_time_is_given_up(served: Sidecar, caplog: Any) -> None:
    served.inbox.failure = ZeroDivisionError()
    assert by_grpc(served, LOGS, logs()) == Verdict(False)
    assert by_http(served, "/v1/logs", logs()) == Verdict(False)
    assert caplog.records


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {"content-encoding": "br"}])
def test_what_is_written_otherwise_is_given_up(served: Sidecar, headers: dict[str, str]) -> None:
    assert by_http(served, "/v1/logs", logs(), **headers) == Verdict(False)

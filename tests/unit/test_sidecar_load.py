"""What the sidecar is loaded with: no two bodies alike, and all that is refused for now is sent again."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))  # benchmarks are scripts beside each other, not a package

from _sidecar_bodies import Bodies, numbers  # noqa: E402
from _sidecar_load import Load  # noqa: E402
from _sidecar_process import buckets, quantile  # noqa: E402

INFINITE = float("inf")


def records_of(request: bytes) -> list[LogRecord]:
    message = ExportLogsServiceRequest.FromString(request)
    return [one for part in message.resource_logs for scope in part.scope_logs for one in scope.log_records]


@pytest.mark.parametrize("uid", [False, True])
def test_every_record_has_its_number_and_a_body_of_its_own(uid: bool) -> None:
    bodies = Bodies(50, uid=uid)
    requests = [bodies.make(first) for first in range(0, 1500, 50)]
    assert list(numbers(iter(requests))) == list(range(1500))
    records = [record for request in requests for record in records_of(request)]
    assert len({record.body.string_value for record in records}) == len(records) == 1500
    uids = {
        one.value.string_value for record in records for one in record.attributes if one.key == "log.record.uid"
    }
    assert len(uids) == (1500 if uid else 0)
    assert all(0 < record.time_unix_nano <= time.time_ns() + 10**9 for record in records)
    assert not any(mark in record.body.string_value for record in records for mark in "@%~{}")


class Server:
    """Refuses the first requests as it is told to, and keeps the numbers of five others."""

    def __init__(self, *refusals: tuple[grpc.StatusCode, float | None]) -> None:
        self.refusals = list(refusals)
        self.kept: list[int] = []
        self.load: Load | None = None

    def export(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        if self.refusals:
            code, seconds = self.refusals.pop(0)
            if seconds is not None:
                detail = AnyMessage()
                detail.Pack(RetryInfo(retry_delay=Duration(nanos=int(seconds * 1e9))))
                status = Status(code=code.value[0], details=[detail])
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(code, "not now")
        self.kept += numbers(iter([request]))
        if self.load is not None and len(self.kept) >= 50:
            self.load.stop()
        return b""


@contextmanager
def serving(server: Server) -> Iterator[str]:
    made = grpc.server(ThreadPoolExecutor(1))
    handler = grpc.unary_unary_rpc_method_handler(server.export)
    service = "opentelemetry.proto.collector.logs.v1.LogsService"
    made.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
    port = made.add_insecure_port("127.0.0.1:0")
    made.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        made.stop(None).wait()


def test_what_is_refused_for_now_is_sent_again_and_what_is_acknowledged_written_down(tmp_path: Path) -> None:
    server = Server((grpc.StatusCode.RESOURCE_EXHAUSTED, 0.01), (grpc.StatusCode.UNAVAILABLE, None))
    path = tmp_path / "acknowledged"
    with serving(server) as target:
        server.load = load = Load(target, Bodies(10, uid=False), 200, 1000, path)
        load.run(1, 60)
    tally = load.tally
    assert tally.refused == 20
    assert (tally.failed, tally.rejected, tally.acknowledged) == (0, 0, tally.sent)
    assert len(server.kept) == tally.acknowledged == 10 * len(tally.waits) == 50
    said = [tuple(map(int, line.split())) for line in path.read_text().splitlines()]
    assert sorted(server.kept) == sorted(number for first, last in said for number in range(first, last + 1))


def test_what_is_refused_for_good_is_not_sent_again() -> None:
    server = Server((grpc.StatusCode.INVALID_ARGUMENT, None))
    with serving(server) as target:
        server.load = load = Load(target, Bodies(10, uid=False), 0, 0, None)
        load.run(1, 60)
    assert load.tally.failed == 10
    assert load.tally.error == "INVALID_ARGUMENT: not now"
    assert server.kept == list(range(10, 60))


def test_quantiles_are_of_what_came_between() -> None:
    text = """# TYPE took histogram
took_bucket{le="0.1"} %d
took_bucket{le="0.2"} %d
took_bucket{le="+Inf"} %d
took_sum 1
other_bucket{le="0.1"} 9
"""
    before, after = buckets(text % (5, 5, 5), "took"), buckets(text % (5, 15, 25), "took")
    assert after == {0.1: 5, 0.2: 15, INFINITE: 25}
    assert quantile(before, after, 0.25) == pytest.approx(0.15)
    assert quantile(before, after, 0.99) == INFINITE
    assert buckets(text % (1, 1, 1), "nothing") == {}

"""Destinations that are away or refuse: what is sent on waits on the disk, in its order, and arrives."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import log, logs, span, traces
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver, Received

pytestmark = pytest.mark.slow


def _nobody() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _exporter(name: str, kind: str, target: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "target": target, "wait": 0, "interval": 0}


def _posted(requests: Iterable[Received]) -> list[tuple[str, int, str]]:
    """Return the id, revision and status of the groups that came by webhook."""
    found = []
    for request in requests:
        group = json.loads(request.body)["incident_group"]
        assert request.headers["idempotency-key"] == f"{group['id']}/{group['revision']}"
        found.append((group["id"], group["revision"], group["status"]))
    return found


def _exported(requests: Iterable[Received]) -> list[tuple[str, int, str]]:
    """Return the same of those that came as log records."""
    found = []
    for request in requests:
        for record in _records(request.body):
            values = {one.key: one.value for one in record.attributes}
            id, _, revision = values["log.record.uid"].string_value.partition("/")
            found.append((id, int(revision), values["stormcell.group.status"].string_value))
    return found


def _records(body: bytes) -> list[Any]:
    made = ExportLogsServiceRequest.FromString(body)
    return [record for part in made.resource_logs for scope in part.scope_logs for record in scope.log_records]


def _waiting(sidecar: Running, group: str, status: str) -> int:
    """Return how many exporters are to be handed a group with a status."""
    outbox = sidecar.cli("outbox", "list", "--json").json
    assert {one["state"] for one in outbox} == {"pending"}
    return len({one["exporter"] for one in outbox if (one["group"], one["status"]) == (group, status)})


def test_groups_arrive_in_order_after_an_outage_and_a_crash(tmp_path: Path) -> None:
    ports = _nobody(), _nobody()
    exporters = [
        _exporter("hook", "webhook", f"http://127.0.0.1:{ports[0]}"),
        _exporter("collector", "otlp", f"grpc://127.0.0.1:{ports[1]}"),
    ]
    settings = {"live": HASTY, "notifications": {"exporters": exporters}}
    with Running(tmp_path / "sidecar", settings).start() as sidecar, ExitStack() as stack:
        for name, at in (("disk full on db", 0), ("card terminal refused", 2000)):
            sidecar.send(logs(*[log(f"{at}-{number}", name, at=at + number) for number in range(5)]))
        until(lambda: len(sidecar.placed()) == 10, PATIENCE)
        first, second = [group["id"] for group in sidecar.exported()["groups"]]
        until(lambda: all(one["problem"] for one in sidecar.get("status")["delivery"].values()), PATIENCE)
        sidecar.post(f"groups/{second}/ack")
        until(lambda: _waiting(sidecar, second, "acknowledged") == 2, PATIENCE)
        sidecar.kill()
        sidecar.start()
        sidecar.post(f"groups/{second}/resolve")
        until(lambda: _waiting(sidecar, second, "resolved") == 2, PATIENCE)
        hook = stack.enter_context(HttpReceiver(port=ports[0]))
        collector = stack.enter_context(GrpcReceiver(port=ports[1]))
        until(lambda: sidecar.cli("outbox", "list", "--json").json == [], PATIENCE)
        until(lambda: not any(one["problem"] for one in sidecar.get("status")["delivery"].values()), PATIENCE)
        for arrived in (_posted(hook.requests), _exported(collector.requests)):
            told = [(revision, status) for id, revision, status in arrived if id == second]
            assert [revision for revision, _ in told] == sorted(revision for revision, _ in told)
            # No change of status is passed over, though the receiver never saw the others.
            statuses = [status for _, status in told]
            assert [*dict.fromkeys(statuses)] == ["open", "acknowledged", "resolved"]
            assert first in {id for id, _, _ in arrived}


def test_what_is_refused_for_good_is_kept_aside(tmp_path: Path) -> None:
    with HttpReceiver(Answer(400)) as receiver:
        settings = {"live": HASTY, "notifications": {"exporters": [_exporter("hook", "webhook", receiver.url)]}}
        with Running(tmp_path / "sidecar", settings).start() as sidecar:
            # All in one tick, so that there is one revision of the group.
            sidecar.send(logs(*[log(f"a{number}", "disk full on db", at=number / 10) for number in range(5)]))
            until(lambda: sidecar.get("status")["delivery"]["hook"]["dead"] == 1, PATIENCE)
            [dead] = sidecar.cli("outbox", "list", "--json").json
            [id] = sidecar.groups()
            assert (dead["exporter"], dead["group"], dead["state"], dead["attempts"]) == ("hook", id, "dead", 1)
            assert "400" in dead["problem"]
            printed = sidecar.cli("outbox", "list")
            assert "given up" in printed.out
            assert id in printed.out
            assert "0 to be handed over, 1 given up" in printed.err
            # Somebody mends the receiver, and lets it be tried again.
            assert sidecar.cli("outbox", "retry", "--all").code == 0
            sidecar.post(f"groups/{id}/ack")  # it looks there whenever something changes
            until(lambda: sidecar.cli("outbox", "list", "--json").json == [], PATIENCE)
            until(lambda: len(receiver.requests) == 3, PATIENCE)
            assert [status for _, _, status in _posted(receiver.requests)] == ["open", "open", "acknowledged"]


@pytest.mark.parametrize(("scheme", "kind"), [("http", HttpReceiver), ("grpc", GrpcReceiver)])
def test_telemetry_is_forwarded_after_an_outage_and_a_crash(
    scheme: str, kind: type[HttpReceiver] | type[GrpcReceiver], tmp_path: Path
) -> None:
    port = _nobody()
    settings = {"live": HASTY, "forward": {"endpoint": f"{scheme}://127.0.0.1:{port}"}}
    with Running(tmp_path / "sidecar", settings).start() as sidecar:
        for number in range(3):
            sidecar.send(logs(log(f"a{number}", "disk full on db", at=number)))
            sidecar.send(traces(span(number + 1, "GET /", at=number)))
        until(lambda: sidecar.get("status")["forward"]["problem"] != "", PATIENCE)
        until(lambda: len(sidecar.placed()) == 6, PATIENCE)
        sidecar.kill()
        sidecar.start()
        sidecar.send(logs(log("a3", "disk full on db", at=3)))
        # Up again, but busy for now.
        busy = Answer(503, {"retry-after": "1"}, code=grpc.StatusCode.UNAVAILABLE, retry=0.5)
        with kind(busy, port=port) as receiver:
            until(lambda: sidecar.get("status")["forward"]["behind_bytes"] == 0, PATIENCE)
            assert sidecar.get("status")["forward"]["problem"] == ""
            assert sidecar.stop() == 0, sidecar.said
            assert [*_forwarded(receiver.requests[1:])] == ["a0", "1", "a1", "2", "a2", "3", "a3"]


def _forwarded(requests: Iterable[Received]) -> Iterator[str]:
    """Yield the uids of log records, and the numbers of spans."""
    for request in requests:
        if "race" in request.path:
            made = ExportTraceServiceRequest.FromString(request.body)
            for part in made.resource_spans:
                yield from (str(int(span.span_id.hex(), 16)) for scope in part.scope_spans for span in scope.spans)
        else:
            for record in _records(request.body):
                [uid] = [one.value.string_value for one in record.attributes if one.key == "log.record.uid"]
                yield uid

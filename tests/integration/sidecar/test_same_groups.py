"""The sidecar finds what `stormcell group --live` finds in files of the same events, byte for byte.

Real events, sent so close to their time that ticks go on between the requests.
"""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.program import EXAMPLE, stormcell
from tests.integration.sidecar.running import PATIENCE, Running, lines, method_of
from tests.integration.sidecar.support import LOGS, until
from tests.integration.telemetry import Json, write

pytestmark = pytest.mark.slow

SECOND = 10**9
STRETCH = 120
"""Seconds of which one request tells."""
THINNED = 6
"""One of so many logs and spans is enough."""
JITTER = 60
"""Seconds by which requests come late, by chance."""
_PARTS = {"resourceLogs": ("scopeLogs", "logRecords"), "resourceSpans": ("scopeSpans", "spans")}


@dataclass(frozen=True)
class Sent:
    """A request, and the times of its events, ns."""

    document: Json
    first: int
    last: int


def _time(record: Json) -> int:
    if "startsAt" in record:
        return int(datetime.fromisoformat(record["startsAt"]).timestamp()) * SECOND
    return int(record.get("timeUnixNano") or record["startTimeUnixNano"])


def _alone(document: Json) -> Iterator[tuple[int, Json]]:
    """Yield each log record or span of a request, as a resource of its own, with its time."""
    [(name, resources)] = document.items()
    scopes, records = _PARTS[name]
    for resource in resources:
        for scope in resource[scopes]:
            for record in scope[records]:
                yield _time(record), {**resource, scopes: [{**scope, records: [record]}]}


def _stretches(document: Json) -> Iterator[Sent]:
    """Yield a request as several, each of what happened within a stretch of time."""
    if "alerts" in document:
        times = [*map(_time, document["alerts"])]
        yield Sent(document, min(times), max(times))
        return
    [name] = document
    parts: dict[int, list[tuple[int, Json]]] = {}
    for time, resource in islice(_alone(document), 0, None, THINNED):
        parts.setdefault(time // (STRETCH * SECOND), []).append((time, resource))
    for part in parts.values():
        times = [time for time, _ in part]
        yield Sent({name: [resource for _, resource in part]}, min(times), max(times))


def _sent() -> list[Sent]:
    """Return the requests of the example in the order of their first events."""
    found: list[Sent] = []
    for file in sorted(EXAMPLE.iterdir()):
        for document in lines(gzip.decompress(file.read_bytes())):
            found += _stretches(document)
    return sorted(found, key=lambda one: one.first)


IN_TIME = _sent()
_CHANCE = random.Random(5)
LATE = sorted(IN_TIME, key=lambda one: one.first + _CHANCE.uniform(0, JITTER) * SECOND)


def _lateness(requests: Iterable[Sent]) -> int:
    """Return the seconds by which an event comes after a later one, at most."""
    latest, most = 0, 0
    for one in requests:
        most = max(most, latest - one.first)
        latest = max(latest, one.last)
    return most // SECOND + 1


LIVE = {
    "tick_seconds": 600,
    "lateness_seconds": max(_lateness(IN_TIME), _lateness(LATE)),
    # Time is that of events alone.
    "idle_seconds": 3600,
}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The groups.json of the files."""
    folder = tmp_path_factory.mktemp("replayed")
    write(folder / "in" / "requests.jsonl", *(one.document for one in IN_TIME))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIVE.items():
            patch.setenv(f"STORMCELL_LIVE__{name.upper()}", str(value))
        ran = stormcell("group", "--live", folder / "in", "--out", folder / "out")
    assert ran.code == 0, ran.err
    return (folder / "out" / "groups.json").read_bytes()


def _protobuf(document: Json) -> bytes:
    """Return a request as OTLP/gRPC has it; the JSON of protobuf has bytes as base64, OTLP's has ids as hex."""
    message = ExportLogsServiceRequest() if method_of(document) == LOGS else ExportTraceServiceRequest()
    return bytes(ParseDict(_with_bytes(document), message).SerializeToString())


def _with_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(one)).decode()
        if name.lower().endswith(("traceid", "spanid"))
        else _with_bytes(one)
        for name, one in value.items()
    }


def _send(sidecar: Running, requests: Sequence[Sent]) -> None:
    """Send telemetry over gRPC and alerts by webhook, each once the one before is acknowledged."""
    for one in requests:
        if "alerts" in one.document:
            sidecar.send(one.document)
        else:
            sidecar.call((method_of(one.document), _protobuf(one.document)))


def _exported(sidecar: Running) -> bytes:
    assert sidecar.stop() == 0, sidecar.said
    return sidecar.cli("groups", "export").out.encode()


def test_whatever_order_they_came_in(replayed: bytes, tmp_path: Path) -> None:
    with Running(tmp_path / "sidecar", {"live": LIVE}).start() as sidecar:
        _send(sidecar, LATE)
        until(lambda: sidecar.engine("ticks") >= 3, PATIENCE)
        assert sidecar.engine("late") == 0
        assert _exported(sidecar) == replayed


def test_though_it_was_killed_between_them(replayed: bytes, tmp_path: Path) -> None:
    with Running(tmp_path / "sidecar", {"live": LIVE}).start() as sidecar:
        for part in (IN_TIME[:80], IN_TIME[75:130]):
            # The last of what came before the crash come again, as from a client that was not answered.
            _send(sidecar, part)
            until(lambda: sidecar.engine("ticks") >= 1, PATIENCE)
            sidecar.kill()
            sidecar.start()
        _send(sidecar, IN_TIME[125:])
        assert _exported(sidecar) == replayed

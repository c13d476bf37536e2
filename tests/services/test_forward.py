"""What the sidecar sends back to the Collector is all it got, with what is known of the groups on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.services.actors import otlp_exporter, reader, start_collector, start_sidecar
from tests.services.servers import Servers, free_port, until
from tests.services.storm import telemetry

SURPRISE, TEMPLATE = "stormcell.surprise", "stormcell.template"
GROUP, EXEMPLAR = "stormcell.group.id", "stormcell.exemplar"


def records(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the log records and spans of a file of whole OTLP requests, one a line."""
    for line in file.read_text("utf-8").splitlines(keepends=True) if file.exists() else ():
        if line.endswith("\n"):
            request = json.loads(line)
            for resource in request.get("resourceLogs", request.get("resourceSpans", ())):
                for scope in resource.get("scopeLogs", resource.get("scopeSpans", ())):
                    yield from scope.get("logRecords", scope.get("spans", ()))


def attributes(record: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in record.get("attributes", ())}


def uid(record: dict[str, Any]) -> str:
    return str(attributes(record).get("log.record.uid") or record["spanId"])


def once_more(file: Path) -> Iterator[str]:
    """Yield the last requests of a file with other uids."""
    for line in file.read_text("utf-8").splitlines()[-20:]:
        request = json.loads(line)
        for record in (
            r for held in request["resourceLogs"] for scope in held["scopeLogs"] for r in scope["logRecords"]
        ):
            for pair in record["attributes"]:
                if pair["key"] == "log.record.uid":
                    pair["value"]["stringValue"] += "-again"
        yield json.dumps(request) + "\n"


def test_through_the_collector_and_back(servers: Servers, tmp_path: Path) -> None:
    files = telemetry(tmp_path / "telemetry")

    def sent_by_now() -> dict[str, dict[str, Any]]:
        return {uid(record): record for file in files.iterdir() for record in records(file)}

    back, out = f"127.0.0.1:{free_port()}", tmp_path / "out.jsonl"
    # Hours pass within seconds: a tick for every five seconds of them would take all the time there is.
    settings = {"live": {"tick_seconds": 600}, "forward": {"endpoint": f"grpc://{back}", "gzip": False}}
    sidecar = start_sidecar(servers, settings)
    there = {"receivers": ["otlpjsonfile"], "exporters": ["otlp"]}
    again = {"receivers": ["otlp"], "exporters": ["file"]}
    start_collector(
        servers,
        {
            "receivers": {
                "otlpjsonfile": reader(files),
                "otlp": {"protocols": {"grpc": {"endpoint": back}}},
            },
            "exporters": {
                "otlp": otlp_exporter(sidecar.grpc),
                "file": {"path": str(out), "flush_interval": "200ms"},
            },
            "pipelines": {"logs": there, "traces": there, "logs/back": again, "traces/back": again},
        },
    )

    def all_come_back() -> bool:
        return len({uid(record) for record in records(out)}) == len(sent_by_now())

    until("all to come back", all_come_back)
    # What comes before there are groups has none; what says the same again does.
    until("groups to live", lambda: sum(sidecar.read("status")["groups"].values()) > 0)
    (files / "again.jsonl").write_text("".join(once_more(files / "logs.otlp.jsonl")), "utf-8")
    until("all to come back", all_come_back)

    came, sent = list(records(out)), sent_by_now()
    assert len(came) == len(sent), "each once"
    for record in came:
        added = attributes(record).keys() - attributes(sent[uid(record)]).keys()
        assert added in ({SURPRISE}, {SURPRISE, TEMPLATE}, {SURPRISE, TEMPLATE, GROUP, EXEMPLAR})
        fields = ("traceId", "spanId", "timeUnixNano", "startTimeUnixNano", "endTimeUnixNano", "body", "name")
        assert [record.get(field) for field in fields] == [sent[uid(record)].get(field) for field in fields]
    named = {attributes(record)[EXEMPLAR] for record in came if GROUP in attributes(record)}
    assert named
    assert named <= sent.keys()
    assert sidecar.server.stop() == 0

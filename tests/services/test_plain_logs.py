"""Lines of a log file, read by the Collector: what many send before they have anything better."""

from __future__ import annotations

from pathlib import Path

from tests.services.actors import otlp_exporter, start_collector, start_sidecar
from tests.services.servers import Servers, until


def test_every_line_is_a_log(servers: Servers, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    lines = [f"2024-05-01T10:00:{at % 60:02} ERROR order {at} failed: connection refused\n" for at in range(300)]
    log.write_text("".join(lines), "utf-8")
    sidecar = start_sidecar(servers)
    start_collector(
        servers,
        {
            "receivers": {"filelog": {"include": [str(log)], "start_at": "beginning"}},
            "exporters": {"otlp": otlp_exporter(sidecar.grpc)},
            "pipelines": {"logs": {"receivers": ["filelog"], "exporters": ["otlp"]}},
        },
    )
    until("the lines", lambda: sidecar.received("logs") >= len(lines))
    with log.open("a", encoding="utf-8") as file:
        file.write("2024-05-01T10:05:00 INFO recovered\n")
    until("the line that came later", lambda: sidecar.received("logs") == len(lines) + 1)

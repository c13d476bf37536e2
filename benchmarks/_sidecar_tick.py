"""A tick of the engine over many atoms, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from itertools import chain

from _otlp import START, log_requests, said, span_requests
from stormcell.config import Settings
from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.engine.live import Live, Memory
from stormcell.features.knowledge import Knowledge
from stormcell.types import Request, RequestKind

TICKS = 3


def main() -> None:
    """Hold the events, then tick over them again and again without anything new."""
    count = int(sys.argv[1])
    settings = Settings()
    requests, live = Requests(settings, Report()), Live(settings, Memory(Knowledge(settings)))
    logs = ((RequestKind.LOGS, body) for body in log_requests(said(count)))
    spans = ((RequestKind.TRACES, body) for body in span_requests(count))
    for kind, body in chain(logs, spans):
        live.extend(requests.records(Request(kind, body, START)))
    took, cpu, atoms = [], [], 0
    for _ in range(TICKS):
        wall, used = time.perf_counter(), time.process_time()
        found = live.tick(live.end())
        took.append(time.perf_counter() - wall)
        cpu.append(time.process_time() - used)
        atoms = len(found.solution.surprise)
    passed, rows = len(found.solution.weights), len(live.builder)
    print(json.dumps({"seconds": min(took), "cpu": min(cpu), "atoms": atoms, "passed": passed, "rows": rows}))


if __name__ == "__main__":
    main()

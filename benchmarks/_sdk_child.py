"""Jobs (_sdk_child.py JOB ...) of scripts/bench sdk in processes of their own; prints one line of JSON."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from _sdk_cost import Timed, durations, idle_clock, paced, settle, typical
from _sdk_service import LOGS, SPANS, Kept, Service, prepared
from _sdk_sides import PATIENCE, Side, batch, side
from _timing import peak_memory

RATE = 2000
"""Spans and records a second of a busy service, as many of each."""
WARM = 12
"""Seconds after which groups live: a tick is made of what came before, once later events have come."""
CALLS = 5000
"""Calls in a round at full speed."""

_REQUESTS = RATE / (SPANS + LOGS)
_SHARES = {"p50": 0.5, "p99": 0.99}
_DIFFERENT = 200
"""Requests whose spans and records all threads give."""
_FLUSHED = 50
"""Requests after which all is flushed where nothing is to be dropped."""
_IDLE = 7.0
"""Seconds after which groups are found without later events; a little more than live.idle_seconds."""

Rounds = dict[tuple[str, str], list[Sequence[float]]]
"""Nanoseconds of each call, by side and signal."""


def cost(folder: str, rounds: str, seconds: str, storms: str) -> dict[str, Any]:
    """Time calls of ours and of the SDK's by turns: of a service that is busy, then at full speed.

    So much work of the background goes on meanwhile as there is; before another's turn it comes to its end.
    """
    from _sdk_ours import hub, ours

    shared = hub(Path(folder) / "busy")
    sides = {"ours": ours(shared), "sdk": batch(), "annotated": ours(shared, annotate=True)}
    busy = _busy(sides, int(rounds), float(seconds))
    for each in sides.values():
        each.close()
    # Anew: ticks over all that was said before would take long.
    sides = {"ours": ours(hub(Path(folder) / "full")), "sdk": batch()}
    full, dropped = _full(sides, int(storms))
    for each in sides.values():
        each.close()
    clock = idle_clock()
    return {"busy": _figures(busy, clock), "full": _figures(full, clock), "dropped": dropped, "clock": clock}


def beside(folder: str, rounds: str, seconds: str) -> dict[str, Any]:
    """Time calls of ours, of a service that is busy, where it is grouped in a process of its own."""
    from _sdk_ours import hub, ours

    sides = {"ours": ours(hub(Path(folder), engine="process"))}
    busy = _busy(sides, int(rounds), float(seconds))
    sides["ours"].close()
    return {"busy": _figures(busy, idle_clock())}


def _busy(sides: dict[str, Side], rounds: int, seconds: float) -> Rounds:
    timed, found = Timed(), defaultdict[tuple[str, str], list[Sequence[float]]](list)
    service = Service(timed, timed, lines=20_000)

    def turn(each: Side, seconds: float) -> list[int]:
        gc.collect()
        timed.turn(each.ending, each.emitting)
        served = paced(service.request, int(seconds * _REQUESTS), _REQUESTS)
        _finish(each, engine=each is not sides.get("sdk"))
        return served

    turn(sides["ours"], min(WARM, 3 * seconds))
    for name in _turns(list(sides), rounds):
        found[name, "requests"].append(turn(sides[name], seconds))
        found[name, "spans"].append(timed.spans)
        found[name, "records"].append(timed.records)
    return found


def _full(sides: dict[str, Side], rounds: int) -> tuple[Rounds, dict[str, float]]:
    found = defaultdict[tuple[str, str], list[Sequence[float]]](list)
    passed, given = {name: each.passed() for name, each in sides.items()}, dict.fromkeys(sides, 0)
    kept = prepared(CALLS // SPANS)
    for turn, name in enumerate(_turns(list(sides), rounds)):
        if turn % len(sides) == 0:
            kept = prepared(CALLS // SPANS)
        each = sides[name]
        for signal, (call, items) in _called(each, kept).items():
            settle(PATIENCE)
            gc.collect()
            found[name, signal].append(durations(call, items))
            each.flush()
            given[name] += len(items)
    return found, {name: 1 - (each.passed() - passed[name]) / given[name] for name, each in sides.items()}


def _turns(names: list[str], rounds: int) -> list[str]:
    """Return whose turn it is, each once a round, each round begun by another."""
    return [names[(first + at) % len(names)] for first in range(rounds) for at in range(len(names))]


def _figures(rounds: Rounds, clock: float) -> dict[str, float]:
    """Return microseconds of each side's calls, without what looking at the clock takes."""
    return {
        f"{name} {signal} {label}": (typical(took, share) - clock) / 1000
        for (name, signal), took in rounds.items()
        for label, share in _SHARES.items()
    }


def held(name: str, folder: str, endpoint: str, requests: str, seconds: str) -> dict[str, Any]:
    """Serve requests spread over the last so many seconds, and see what memory is held once all is done with.

    Nothing is dropped, as all is flushed again and again.
    """
    count, past = int(requests), int(float(seconds) * 1e9)
    with side(name, Path(folder), endpoint) as made:
        service = Service(made.ending, made.emitting, lines=20_000)
        began = time.time_ns() - past
        for at in range(count):
            service.request(began + at * past // count)
            if (at + 1) % _FLUSHED == 0:
                made.flush()
        _finish(made, engine=name in ("embedded", "beside"))
        own, others = os.getpid(), Path("/proc/self/task").glob("*/children")
        children = [int(pid) for path in others for pid in path.read_text().split()]
        found = {"memory": _memory(own), "peak": peak_memory(), "passed": made.passed()}
        return {**found, "beside": sum(map(_memory, children))}


def engine(folder: str) -> dict[str, Any]:
    """Group in a folder, for other processes, until standard input ends; prints a line once it does."""
    with side("embedded", Path(folder), "") as made:
        Service(made.ending, made.emitting, lines=LOGS).request()
        made.flush()
        print("groups", flush=True)
        sys.stdin.read()
    return {}


def spent(name: str, folder: str, endpoint: str, seconds: str, signal: str) -> dict[str, Any]:
    """See how many seconds of a core each span or record of a busy service takes in all."""
    with side(name, Path(folder), endpoint) as made:
        spans = signal == "spans"
        service = Service(made.ending, made.emitting, lines=20_000, spans=spans, logs=not spans)
        paced(service.request, int((WARM if name == "embedded" else 1) * _REQUESTS), _REQUESTS)
        _finish(made, engine=name == "embedded")
        before, count = time.process_time(), int(float(seconds) * _REQUESTS)
        paced(service.request, count, _REQUESTS)
        _finish(made, engine=name == "embedded")
        return {"cpu": (time.process_time() - before) / (count * (SPANS if spans else LOGS))}


def _finish(made: Side, *, engine: bool) -> None:
    """Wait until nothing is to be done about what came; an engine waits a little whether more comes."""
    made.flush()
    if engine:
        time.sleep(_IDLE)
    settle(PATIENCE)


def _memory(pid: int) -> int:
    """Return the bytes of memory that a process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def threads(folder: str, count: str, each: str, signal: str) -> dict[str, Any]:
    """Have many threads call at once, as fast as they can, and count what became of what they gave."""
    from _sdk_ours import counting_hub, ours

    kept, shared = prepared(_DIFFERENT), counting_hub(Path(folder))
    made = ours(shared)
    call, items = _called(made, kept)[signal]

    def run() -> None:
        for item in islice(cycle(items), int(each)):
            call(item)

    running = [threading.Thread(target=run) for _ in range(int(count))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    made.close()
    return {"counts": made.counts(), "sent": shared.sent}


def _called(made: Side, kept: Kept) -> dict[str, tuple[Callable[[Any], None], Sequence[Any]]]:
    """Return what is called, with what, for each signal."""
    return {"spans": (made.ending.on_end, kept.spans), "records": (made.emitting.on_emit, kept.records)}


_JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "beside": beside,
    "cost": cost,
    "engine": engine,
    "held": held,
    "spent": spent,
    "threads": threads,
}

if __name__ == "__main__":
    print(json.dumps(_JOBS[sys.argv[1]](*sys.argv[2:])))

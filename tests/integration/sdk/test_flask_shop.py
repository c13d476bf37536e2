"""examples/flask-shop as its README runs it: what goes wrong in three ways comes out as three groups."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.program import ROOT, stormcell
from tests.integration.telemetry import Json

SHOP = ROOT / "examples" / "flask-shop"
SECONDS = 32
PATIENCE = 60.0
FAILURES = {
    ("/checkout", 504): r"POST payments|payment of order \S+ failed",
    ("/search", 500): r"query index|Exception on /search",
    ("/cart", 503): r"INSERT carts|cart of customer \S+ not saved",
}
"""Route and status of the requests of each failure, and what its exemplar says."""

Request = tuple[str, int]


@dataclass(frozen=True)
class Day:
    """A day of the shop.

    Attributes
    ----------
    answers : str
        How many of which kind its customers say they got.
    requests : dict of str to tuple of str and int
        Route and status of the request that each span was for, as another exporter saw them.
    traces : dict of str to tuple of str and int
        The same of each trace.
    groups : list of dict
    """

    answers: str
    requests: dict[str, Request]
    traces: dict[str, Request]
    groups: list[Json]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    folder = tmp_path_factory.mktemp("shop")
    with _shop(folder) as url:
        load = subprocess.run(
            [sys.executable, SHOP / "load.py", "--url", url, "--seconds", str(SECONDS), "--seed", "3"],
            check=False,
            capture_output=True,
            text=True,
        )
    assert load.returncode == 0, load.stderr + (folder / "said.txt").read_text("utf-8")
    spans = list(_spans((folder / "said.txt").read_text("utf-8")))
    traces = {
        span["context"]["trace_id"].removeprefix("0x"): _request(span)
        for span in spans
        if span["parent_id"] is None
    }
    requests = {
        span["context"]["span_id"].removeprefix("0x"): traces[span["context"]["trace_id"].removeprefix("0x")]
        for span in spans
    }
    listed = stormcell("groups", "list", "--store", folder / "stormcell", "--json").json
    groups = [
        stormcell("groups", "show", group["id"], "--store", folder / "stormcell", "--json").json
        for group in listed
    ]
    return Day(load.stdout.splitlines()[-1], requests, traces, groups)


@contextmanager
def _shop(folder: Path) -> Iterator[str]:
    """Run the shop, and stop it as Ctrl-C does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    programs = Path(sys.executable).parent
    telemetry = {
        # The second tells what there was to group.
        "OTEL_TRACES_EXPORTER": "stormcell,console",
        "OTEL_LOGS_EXPORTER": "stormcell",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_SERVICE_NAME": "shop",
        # Newer ones do so by themselves.
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
        "STORMCELL_LIVE__DATA": str(folder / "stormcell"),
        # As many of them as in the 40 seconds of the README.
        "STORMCELL_BACKGROUND__BUCKET_SECONDS": "4",
        "SHOP_DATA": str(folder / "shop"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [programs / "opentelemetry-instrument", programs / "flask", "--app", "app", "run", "-p", str(port)]
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [*map(str, command)],
            cwd=SHOP,
            env={**os.environ, **telemetry},
            stdout=said,
            stderr=subprocess.STDOUT,
            # A shell lets what it runs in the background ignore it, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        yield url
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()


def _spans(said: str) -> Iterator[Json]:
    """Yield the spans that the console exporter wrote among other things."""
    for found in re.finditer(r"^\{$.*?^\}$", said, re.MULTILINE | re.DOTALL):
        yield json.loads(found[0])


def _request(span: Json) -> Request:
    told = span["attributes"]
    return told["http.route"], told.get("http.response.status_code") or told["http.status_code"]


def _failures(day: Day, group: Json) -> set[Request]:
    return {day.requests[uid] for uid in group["members"] if uid in day.requests} & set(FAILURES)


@pytest.mark.slow
class TestFlaskShop:
    def test_things_went_wrong_as_they_should(self, day: Day) -> None:
        kinds = Counter(day.traces.values())
        assert all(kinds[failure] >= 20 for failure in FAILURES), day.answers
        assert kinds["/", 200] >= 20
        assert "no answer" not in day.answers

    def test_each_failure_is_a_group(self, day: Day) -> None:
        assert sorted(map(sorted, (_failures(day, group) for group in day.groups))) == sorted(
            [failure] for failure in FAILURES
        ), [group["title"] for group in day.groups]

    def test_a_group_holds_all_of_its_failure(self, day: Day) -> None:
        for group in day.groups:
            (failure,) = _failures(day, group)
            spans = {uid for uid, request in day.requests.items() if request == failure}
            assert spans <= set(group["members"]), group["title"]

    def test_an_exemplar_is_of_the_failing_route(self, day: Day) -> None:
        for group in day.groups:
            (failure,) = _failures(day, group)
            assert re.search(FAILURES[failure], group["medoid"]["text"]), group["medoid"]
            assert day.traces[group["trace"]] == failure
            spans = [one["uid"] for one in group["exemplars"] if one["signal"] == "span"]
            assert [day.requests[uid] for uid in spans] == [failure]

    def test_no_group_holds_what_went_well(self, day: Day) -> None:
        for group in day.groups:
            held = {day.requests[uid] for uid in group["members"] if uid in day.requests}
            assert held == _failures(day, group), group["title"]

"""All queries of dashboards and all recorded rules find something in what a sidecar tells a real Prometheus."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from math import isnan
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.deploy.test_grafana import BOARDS, expressions
from tests.deploy.test_prometheus import ALL
from tests.services.actors import PROGRAM, Sidecar, start_sidecar
from tests.services.servers import Servers, free_port, get, post, until
from tests.services.storm import STORM
from tests.services.test_prometheus import asked, start_prometheus

CHOSEN = {"$instance": ".*", "$measure": "psi", "$__rate_interval": "1m"}
"""What Grafana puts into queries."""
LIVE = {"tick_seconds": 600, "lateness_seconds": 3600, "idle_seconds": 2, "settle_seconds": 1}
"""Hours of telemetry within seconds."""


def settings() -> dict[str, Any]:
    """Return settings with all that can be told of; what it sends to and fetches from is not there."""
    nobody = f"http://127.0.0.1:{free_port()}"
    return {
        "live": LIVE,
        "drift": {"window_seconds": 600, "min_events": 20},
        "rollout": {"share": 1.0, "windows": 1000},
        "forward": {"endpoint": nobody},
        "kibana_alerts": {"url": nobody},
        "notifications": {"exporters": [{"name": "pager", "kind": "webhook", "target": nobody}]},
    }


def codebook(sidecar: Sidecar, *arguments: str | Path) -> Any:
    """Run a command on codebooks in the store of the sidecar; return what it prints."""
    ran = subprocess.run(
        [*PROGRAM, "codebook", *map(str, arguments), "--json"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def requests(name: str) -> Iterator[bytes]:
    with gzip.open(STORM / f"{name}.otlp.jsonl.gz") as file:
        yield from file


@pytest.fixture(scope="module")
def told(shared_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a Prometheus that saw a sidecar do all that it can do."""
    scratch = tmp_path_factory.mktemp("told")
    token = scratch / "token"
    token.write_text("nobody asks for it", "utf-8")
    sidecar = start_sidecar(shared_servers, settings())
    url = start_prometheus(shared_servers, sidecar.http.removeprefix("http://"), token)
    until("the sidecar to be up", lambda: list(asked(url, 'up{job="stormcell"}').values()) == [1.0])

    api = f"{sidecar.http}/api/v1"
    small = scratch / "small.yaml"
    small.write_text("codebook: {max_codewords: 8}\n", "utf-8")
    logs = STORM / "logs.otlp.jsonl.gz"
    first = codebook(sidecar, "train", logs, "--out", sidecar.data, "--config", small)["version"]
    second = codebook(sidecar, "train", logs, "--out", sidecar.data)["version"]
    for version in (first, second):
        post(f"{api}/codebooks/{version}/promote", b"{}")
    post(f"{api}/codebooks/rollback", b"{}")
    post(f"{api}/codebooks/{second}/promote", b"{}")
    canary = codebook(sidecar, "train", logs, "--out", sidecar.data, "--seed", "7", "--config", small)["version"]
    post(f"{api}/codebooks/{canary}/canary", b"{}")
    for outcome in ("done", "failed", "skipped"):
        report = {"job": "train", "outcome": outcome, "seconds": 3.5, "version": ""}
        post(f"{api}/codebooks/jobs", json.dumps(report).encode())

    for name, path in (("logs", "logs"), ("traces", "traces")):
        for body in requests(name):
            post(f"{sidecar.http}/v1/{path}", body)
    with suppress(HTTPError):
        post(f"{sidecar.http}/v1/logs", b"no telemetry")
    until("windows that are over", lambda: bool(sidecar.read("codebooks/status")["windows"]))
    until("groups", lambda: bool(sidecar.read("groups")["groups"]))
    for group in sidecar.read("groups")["groups"][:2]:
        post(f"{api}/groups/{group['id']}/ack", b"{}")
    report = {"job": "train", "outcome": "done", "seconds": 4.5, "version": ""}
    post(f"{api}/codebooks/jobs", json.dumps(report).encode())
    return url


def filled(expression: str) -> str:
    """Return an expression as Grafana asks it."""
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


def numbers(url: str, query: str) -> list[float]:
    """Return what a query finds, but for what is no number."""
    return [value for value in asked(url, query).values() if not isnan(value)]


@pytest.mark.parametrize("board", BOARDS)
def test_every_query_of_a_dashboard_finds_something(told: str, board: str) -> None:
    queries = {filled(expression) for expression in expressions(BOARDS[board])}
    assert queries
    found: set[str] = set()

    def all_found() -> bool:
        found.update(query for query in queries - found if numbers(told, query))
        return found == queries

    try:
        until("every query to find something", all_found, patience=60)
    finally:
        print("finds nothing:", *sorted(queries - found), sep="\n")


def test_everything_recorded_is_there(told: str) -> None:
    recorded = {(rule["record"], rule.get("labels", {}).get("slo", "")) for rule in ALL if "record" in rule}

    def missing() -> set[str]:
        queries = {name + (f'{{slo="{slo}"}}' if slo else "") for name, slo in recorded}
        return {query for query in queries if not numbers(told, query)}

    try:
        until("all that is recorded", lambda: not missing(), patience=60)
    finally:
        print("is not there:", *sorted(missing()), sep="\n")


def test_all_rules_are_well(told: str) -> None:
    groups = json.loads(get(f"{told}/api/v1/rules"))["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(ALL)
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


def test_the_objective_of_assignment_is_a_bound_of_its_histogram(told: str) -> None:
    buckets = asked(told, "sum by (le) (stormcell_codebook_assignment_duration_seconds_bucket)")
    assert 0 < buckets["0.001",] <= buckets["+Inf",]

"""A real Prometheus, with the configuration of deploy/: it reads our metrics, and evaluates the rules on them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.services.actors import start_sidecar
from tests.services.servers import ROOT, Servers, free_port, get, tool, until

DEPLOY = ROOT / "deploy" / "prometheus"
TOKEN = "prometheus-and-telemetrygen"


def start_prometheus(servers: Servers, target: str, token: Path) -> str:
    """Start Prometheus with what deploy/ adds to its configuration, all of it often; return its URL."""
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    config["rule_files"] = [str(_hasty(servers.folder, name)) for name in config["rule_files"]]
    [job] = config["scrape_configs"]
    job["scrape_interval"] = "1s"
    job["authorization"]["credentials_file"] = str(token)
    job["static_configs"] = [{"targets": [target]}]
    config["global"] = {"evaluation_interval": "1s"}
    file = servers.folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    options = {
        "config.file": file,
        "storage.tsdb.path": servers.folder / "prometheus",
        "web.listen-address": url.removeprefix("http://"),
    }
    command = [tool("prometheus"), *(f"--{name}={value}" for name, value in options.items())]
    servers.start("prometheus", command, f"{url}/-/ready")
    return url


def _hasty(folder: Path, name: str) -> Path:
    """Return a copy of rules without intervals of their own."""
    rules = yaml.safe_load((DEPLOY / name).read_text("utf-8"))
    for group in rules["groups"]:
        group.pop("interval", None)
    (folder / name).write_text(yaml.safe_dump(rules), "utf-8")
    return folder / name


def asked(url: str, query: str) -> dict[tuple[str, ...], float]:
    """Return the values of an expression by the values of their labels."""
    answer: Any = json.loads(get(f"{url}/api/v1/query?query={quote(query)}"))
    return {tuple(one["metric"].values()): float(one["value"][1]) for one in answer["data"]["result"]}


def test_it_reads_our_metrics_and_evaluates_the_rules(servers: Servers, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN, "utf-8")
    scopes = {"name": "all", "file": str(token), "scopes": ["ingest", "read"]}
    sidecar = start_sidecar(servers, {"receivers": {"tokens": [scopes]}})
    url = start_prometheus(servers, sidecar.http.removeprefix("http://"), token)
    until("the sidecar to be up", lambda: list(asked(url, 'up{job="stormcell"}').values()) == [1.0])

    generate = [tool("telemetrygen"), "logs", "--otlp-insecure", f"--otlp-endpoint={sidecar.grpc}", "--logs=40"]
    header = f'--otlp-header=authorization="Bearer {TOKEN}"'
    subprocess.run([*generate, "--rate=0", header], check=True, capture_output=True)
    accepted = "sum by (stormcell_signal) (stormcell_ingest_accepted_total)"
    until("the logs to be counted", lambda: asked(url, accepted).get(("log",)) == 40.0)

    def health() -> set[str]:
        groups = json.loads(get(f"{url}/api/v1/rules"))["data"]["groups"]
        return {rule["health"] for group in groups for rule in group["rules"]}

    until("the rules to be evaluated", lambda: health() == {"ok"})
    # Of a history of seconds the start itself is a large share: objectives are for longer ones.
    assert asked(url, 'ALERTS{alertstate="firing", slo=""}') == {}


def test_alertmanager_takes_the_routes_that_are_documented(tmp_path: Path) -> None:
    [routes] = re.findall(r"```yaml\n(routes:.*?)```", (ROOT / "docs/slo.md").read_text("utf-8"), re.DOTALL)
    names = ["nobody", "pager", "tickets"]
    config = {
        "route": {"receiver": "nobody", **yaml.safe_load(routes)},
        "receivers": [{"name": one} for one in names],
    }
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    for labels, receiver in {
        ("alertname=StormcellDown", "route=page"): "pager",
        ("alertname=StormcellDrift", "route=ticket"): "tickets",
        ("alertname=HostDown", "route=page"): "nobody",
    }.items():
        command = [tool("amtool"), "config", "routes", "test", "--config.file", str(file), *labels]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() == [receiver]

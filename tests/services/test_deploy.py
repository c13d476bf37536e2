"""What deploy/ says, judged by those it is said to."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.actors import PROGRAM, start_sidecar
from tests.services.servers import ROOT, Servers, free_port, tool, until

DEPLOY = ROOT / "deploy"


def run(*command: str | Path, **environment: str) -> str:
    """Run a command, which must succeed; return what it printed."""
    ended = subprocess.run(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_prometheus_takes_its_configuration() -> None:
    run(tool("promtool"), "check", "config", "--syntax-only", DEPLOY / "prometheus/prometheus.yml")
    run(tool("promtool"), "check", "rules", "--lint-fatal", *(DEPLOY / "prometheus").glob("*.rules.yml"))


KINDS = {"Namespace", "StatefulSet", "Service", "ConfigMap", "NetworkPolicy", "ServiceAccount"}


def built(folder: str) -> list[Any]:
    """Return the manifests of a folder, put together."""
    return list(yaml.safe_load_all(run(tool("kustomize"), "build", DEPLOY / folder)))


@pytest.mark.parametrize("version", ["1.29", "1.37"])
@pytest.mark.parametrize(
    ("folder", "kinds"),
    [("kubernetes", KINDS), ("kubernetes-with-training", KINDS | {"CronJob", "Role", "RoleBinding"})],
)
def test_kubernetes_takes_the_manifests(folder: str, kinds: set[str], version: str, tmp_path: Path) -> None:
    manifests = tmp_path / "manifests.yaml"
    manifests.write_text(run(tool("kustomize"), "build", DEPLOY / folder), "utf-8")
    assert {document["kind"] for document in built(folder)} == kinds
    run(tool("kubernetes-validate"), "--strict", "--kubernetes-version", version, manifests)


def one(documents: list[Any], kind: str, name: str) -> Any:
    """Return the manifest of a name."""
    [found] = [each for each in documents if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def test_the_job_that_trains_fits_what_is_around_it() -> None:
    documents = built("kubernetes-with-training")
    job = one(documents, "CronJob", "codebook-job")["spec"]["jobTemplate"]["spec"]["template"]
    [container] = job["spec"]["containers"]
    maps = {document["metadata"]["name"] for document in documents if document["kind"] == "ConfigMap"}
    [settings] = [volume["configMap"]["name"] for volume in job["spec"]["volumes"] if "configMap" in volume]
    assert settings in maps
    # All that it may do in the cluster: to look at the ConfigMap that it is told of, and to patch it.
    asked = dict(argument.split("=", 1) for argument in container["args"] if "=" in argument)
    assert asked["--configmap"] in maps
    [rule] = one(documents, "Role", "codebook-job")["rules"]
    assert (rule["resourceNames"], rule["verbs"]) == ([asked["--configmap"]], ["get", "patch"])
    account = one(documents, "RoleBinding", "codebook-job")["subjects"][0]
    assert job["spec"]["serviceAccountName"] == account["name"]
    # Its pods are none of the Service, and let into the sidecar's all the same.
    labels = job["metadata"]["labels"].items()
    assert not labels >= one(documents, "Service", "stormcell")["spec"]["selector"].items()
    [way] = one(documents, "NetworkPolicy", "stormcell-from-codebook-job")["spec"]["ingress"]
    assert labels >= way["from"][0]["podSelector"]["matchLabels"].items()
    # It is locked as the sidecar is.
    [sidecar, *_] = one(documents, "StatefulSet", "stormcell")["spec"]["template"]["spec"]["containers"]
    assert container["securityContext"] == sidecar["securityContext"]


def test_every_name_of_a_config_map_is_one_that_is_made() -> None:
    documents = built("kubernetes")
    made = {document["metadata"]["name"] for document in documents if document["kind"] == "ConfigMap"}
    [pod] = [document["spec"]["template"]["spec"] for document in documents if document["kind"] == "StatefulSet"]
    assert {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume} == made
    [policy] = [document["spec"] for document in documents if document["kind"] == "NetworkPolicy"]
    [names] = [peer for peer in policy["egress"][0]["to"] if "podSelector" in peer]
    assert names["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}


def test_the_recipe_of_the_image_has_no_findings() -> None:
    run(tool("hadolint"), DEPLOY / "Containerfile")


def commands() -> list[str]:
    """Return the commands of the README that change nothing."""
    readme = (DEPLOY / "README.md").read_text("utf-8").partition("## Before it goes live")[2]
    return readme.partition("```sh\n")[2].partition("```")[0].splitlines()


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_readme_work(command: str) -> None:
    name, *arguments = shlex.split(command)
    program = [*PROGRAM] if name == "stormcell" else [tool(name)]
    run(*program, *arguments)


needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this system has no systemd")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a command that is there."""
    text = (DEPLOY / "systemd/stormcell.service").read_text("utf-8")
    file = tmp_path / "stormcell.service"
    file.write_text(text.replace("/opt/stormcell/bin/stormcell", shutil.which("true") or ""), "utf-8")
    return file


@needs_systemd
def test_systemd_takes_the_unit(unit: Path) -> None:
    assert run(tool("systemd-analyze"), "verify", unit) == ""


@needs_systemd
def test_the_unit_is_locked_down(unit: Path) -> None:
    # "OK" ends at 5.0 of 10; what keeps ours from 0 is that it uses the network and may compile.
    run(tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", unit)


def test_the_collector_of_the_example_hands_on(servers: Servers, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("collectors", "utf-8")
    sidecar = start_sidecar(
        servers, {"receivers": {"tokens": [{"name": "c", "file": str(token), "scopes": ["ingest", "read"]}]}}
    )
    sidecar.token = "collectors"
    grpc, http, grouped, health = (free_port() for _ in range(4))
    given = {
        "receivers::otlp::protocols::grpc::endpoint": f"127.0.0.1:{grpc}",
        "receivers::otlp::protocols::http::endpoint": f"127.0.0.1:{http}",
        "receivers::otlp/grouped::protocols::grpc::endpoint": f"127.0.0.1:{grouped}",
    }
    variables = {
        "STORMCELL_ENDPOINT": sidecar.grpc,
        "STORMCELL_TOKEN": "collectors",
        "HEALTH_ENDPOINT": f"127.0.0.1:{health}",
        "QUEUE_FOLDER": str(tmp_path / "queue"),
    }
    command: list[str | Path] = [tool("otelcol"), "--config", DEPLOY / "collector/collector.yaml"]
    for name, value in given.items():
        command += ["--config", f"yaml:{name}: {value}"]
    servers.start("collector", command, f"http://127.0.0.1:{health}/", variables)
    run(
        tool("telemetrygen"),
        "logs",
        "--otlp-insecure",
        f"--otlp-endpoint=127.0.0.1:{grpc}",
        "--logs=50",
        "--rate=0",
    )
    until("the logs", lambda: sidecar.received("logs") == 50)

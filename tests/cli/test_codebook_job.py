"""stormcell codebook job, at the real API on a real socket."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from stormcell.access import Scope
from stormcell.forks import Lock
from stormcell.store import SqliteStore
from stormcell.types import NoteKind
from tests.certificates import Authority
from tests.integration.program import stormcell
from tests.unit.operate.sidecar_api import Served, sampled, served
from tests.unit.wire.cluster import Cluster, pod
from tests.unit.wire.servers import HttpReceiver

NAME = "stormcell-codebook"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing between tries."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "stormcell.db"


@pytest.fixture
def api(path: Path) -> Iterator[Served]:
    sampled(path, 0)
    with served(path, (("trainer", {Scope.READ, Scope.TRAIN, Scope.ADMINISTER}),)) as running:
        yield running


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "trainer"
    file.write_text("trainer\n")
    return file


def runs(path: Path) -> list[tuple[object, object, str]]:
    """Return the outcomes of runs as the sidecar knows them, the first first."""
    with SqliteStore(path, create=False) as store:
        notes = store.notes(NoteKind.JOB)[::-1]
    return [(note.detail["outcome"], note.detail.get("problem", ""), note.version) for note in notes]


def test_it_trains_and_tells_and_has_nothing_to_do_then(api: Served, path: Path, token: Path) -> None:
    ran = stormcell("codebook", "job", "--url", api.url, "--token-file", token, "--promote-first")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Trained cb-")
    assert ran.out.endswith(": 4 codewords of 600 events. It is live.\n")
    ran = stormcell("codebook", "job", "--url", api.url, "--token-file", token, "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json
    assert (told["outcome"], told["state"], told["config_map"]) == ("skipped", "live", None)
    assert told["why"] == f"{told['version']} was trained of this sample already"
    assert runs(path) == [("done", "", told["version"]), ("skipped", "", told["version"])]


def test_the_token_may_come_from_the_environment(
    api: Served, path: Path, token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_TOKEN_FILE", str(token))
    ran = stormcell("codebook", "job", "--url", api.url)
    assert ran.code == 0
    assert "It is a candidate.\nNo codebook is live: make it so with `stormcell codebook promote cb-" in ran.out


def test_the_live_one_is_written_into_a_config_map(
    api: Served, path: Path, token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    may = {("get", NAME), ("patch", NAME)}
    with Cluster(pod(tmp_path / "account", authority), authority.issue("server"), may) as cluster:
        for name, value in cluster.variables.items():
            monkeypatch.setenv(name, value)
        command: list[str | Path] = ["codebook", "job", "--url", api.url, "--token-file", token]
        command += ["--configmap", NAME, "--service-account", cluster.account, "--promote-first"]
        ran = stormcell(*command)
        assert (ran.code, ran.out) == (1, "")
        assert "needs the right to patch it: see deploy/kubernetes/codebook-job" in ran.err
        # The codebook is there all the same, and the next run goes on.
        cluster.holds(NAME)
        ran = stormcell(*command, "--json")
        assert ran.code == 0
        told = ran.json
        assert told["config_map"] == {
            "name": NAME,
            "namespace": "storms",
            "version": told["version"],
            "changed": True,
        }
        assert told["version"] in cluster.data(NAME)["codebook.json"]
        ran = stormcell(*command)
        assert f"The ConfigMap storms/{NAME} held {told['version']}, which is live.\n" in ran.out
    assert [outcome for outcome, *_ in runs(path)] == ["failed", "skipped", "skipped"]


def test_a_failure_is_reported(api: Served, path: Path, token: Path, tmp_path: Path) -> None:
    config = tmp_path / "stormcell.yaml"
    config.write_text("codebook: {sample: 50}\n")
    ran = stormcell("codebook", "job", "--url", api.url, "--token-file", token, "--config", config)
    assert (ran.code, ran.out) == (2, "")
    assert "set it back, or train from the start" in ran.err
    [(outcome, problem, version)] = runs(path)
    assert (outcome, version) == ("failed", "")
    assert str(problem) in ran.err


def test_a_token_that_cannot_be_read_is_wrong_use(api: Served, path: Path, tmp_path: Path) -> None:
    ran = stormcell("codebook", "job", "--url", api.url, "--token-file", tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"stormcell: --token-file: cannot read {tmp_path / 'none'}")
    assert runs(path) == []


def test_a_sidecar_that_is_down_is_told(tmp_path: Path) -> None:
    ran = stormcell("codebook", "job", "--url", "http://127.0.0.1:9")
    assert (ran.code, ran.out) == (1, "")
    assert "http://127.0.0.1:9 cannot be reached" in ran.err
    assert "The failure could not be reported either" in ran.err


@pytest.mark.parametrize("url", ["ftp://sidecar", "localhost", "http://user:password@localhost"])
def test_what_is_no_address_is_wrong_use(url: str) -> None:
    ran = stormcell("codebook", "job", "--url", url)
    assert ran.code == 2
    assert "expected a URL such as http://localhost:14318" in ran.err
    assert "password@" not in ran.err


def test_outside_of_a_cluster_there_is_no_config_map(api: Served, token: Path, tmp_path: Path) -> None:
    command = ("codebook", "job", "--url", api.url, "--token-file", token, "--configmap", NAME)
    ran = stormcell(*command, "--service-account", tmp_path / "none")
    assert ran.code == 2
    assert "expected to run in a pod of Kubernetes with a service account" in ran.err


def test_of_two_runs_one_waits_for_nothing(api: Served, path: Path, token: Path) -> None:
    named = hashlib.sha256(api.url.encode()).hexdigest()[:12]
    lock = Lock(Path(tempfile.gettempdir()) / f"stormcell-codebook-job-{os.getuid()}-{named}.lock")
    try:
        ran = stormcell("codebook", "job", "--url", api.url, "--token-file", token)
    finally:
        lock.release()
    assert ran.code == 1
    assert f"another run of this job is at {api.url} now" in ran.err
    assert runs(path) == []
    assert stormcell("codebook", "job", "--url", api.url, "--token-file", token).code == 0


def test_its_own_telemetry_goes_where_the_settings_say(api: Served, token: Path, tmp_path: Path) -> None:
    config = tmp_path / "stormcell.yaml"
    with HttpReceiver() as receiver:
        config.write_text(yaml.safe_dump({"telemetry": {"otlp_endpoint": receiver.url}}))
        ran = stormcell("codebook", "job", "--url", api.url, "--token-file", token, "--config", config)
    assert ran.code == 0
    bodies = {request.path: request.body for request in receiver.requests}
    [span] = ExportTraceServiceRequest.FromString(bodies["/v1/traces"]).resource_spans[0].scope_spans[0].spans
    assert span.name == "codebook job"
    metrics = ExportMetricsServiceRequest.FromString(bodies["/v1/metrics"]).resource_metrics[0].scope_metrics[0]
    found = {metric.name: metric for metric in metrics.metrics}
    [point] = found["stormcell.job.runs"].sum.data_points
    assert {one.key: one.value.string_value for one in point.attributes} == {
        "stormcell.job": "train",
        "stormcell.outcome": "done",
    }
    assert found["stormcell.job.duration"].gauge.data_points[0].as_double > 0

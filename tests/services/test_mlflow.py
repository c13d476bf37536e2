"""Codebooks in a real MLflow; `scripts/test-mlflow` makes its environment and runs these."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stormcell.errors import DeliveryError, NotFoundError, SettingsError
from stormcell.registry import registry
from stormcell.types import CodebookState
from tests.cli.test_learn import logs
from tests.contract.registries import FIRST, SECOND, Case, RegistryContract, document
from tests.integration.program import stormcell
from tests.services.servers import Server, Servers, free_port

pytest.importorskip("mlflow")

from stormcell_exporters.registries.mlflow import (  # behind the check that it can be used at all
    FILE,
    MODEL,
    PARENT_TAG,
    SCHEMA_TAG,
    STATE_TAG,
    VERSION_TAG,
)

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


@dataclass
class _Mlflow:
    url: str
    server: Server
    artifacts: Path
    _down: bool = False

    @property
    def target(self) -> str:
        return self.url if not self._down else f"http://127.0.0.1:{free_port()}"

    @property
    def client(self) -> Any:
        from mlflow import MlflowClient

        return MlflowClient(self.url, registry_uri=self.url)

    def versions(self) -> list[Any]:
        return sorted(self.client.search_model_versions(f"name = '{MODEL}'"), key=lambda one: int(one.version))

    def states(self) -> dict[str, str]:
        found = self.versions()
        told = {one.tags[VERSION_TAG]: one.tags[STATE_TAG] for one in found}
        if found:
            # The aliases say the same as the tags.
            of = {str(one.version): one.tags[VERSION_TAG] for one in found}
            aliases = self.client.get_registered_model(MODEL).aliases
            said = {alias: of[str(number)] for alias, number in aliases.items()}
            assert said == {state: one for one, state in told.items() if state in ("live", "canary")}
        return told

    def runs(self) -> list[Any]:
        experiment = self.client.get_experiment_by_name(MODEL)
        return [] if experiment is None else [*self.client.search_runs([experiment.experiment_id])]

    def written(self) -> object:
        return (
            [(one.version, one.tags, one.last_updated_timestamp) for one in self.versions()],
            [(run.info.run_id, run.info.status, run.info.end_time) for run in self.runs()],
        )

    def refuse(self) -> None:
        self._down = True

    def empty(self) -> None:
        for run in self.runs():
            self.client.delete_run(run.info.run_id)
        if self.client.search_registered_models(f"name = '{MODEL}'"):
            self.client.delete_registered_model(MODEL)


@pytest.fixture(scope="module")
def server(shared_servers: Servers) -> _Mlflow:
    folder = shared_servers.data(None)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", folder / "artifacts"),
    ]
    started = shared_servers.start("mlflow", command, f"{url}/health", QUIET)
    return _Mlflow(url, started, folder / "artifacts")


@pytest.fixture
def mlflow(server: _Mlflow, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Mlflow]:
    for variable in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(variable)
    yield replace(server)
    server.empty()


@pytest.fixture
def case(mlflow: _Mlflow) -> Case:
    return Case(registry("mlflow"), mlflow)


class TestMlflow(RegistryContract):
    @pytest.fixture
    def case(self, case: Case) -> Case:
        return case


def test_what_people_see_in_mlflow(case: Case, mlflow: _Mlflow, capfd: pytest.CaptureFixture[str]) -> None:
    where = case.registry.push(replace(FIRST, state=CodebookState.CANARY), document(FIRST), mlflow.url)
    assert where == f"{mlflow.url}/#/models/{MODEL}/versions/1"
    assert capfd.readouterr().out == ""  # standard output is ours

    [version] = mlflow.versions()
    assert mlflow.client.get_registered_model(MODEL).aliases == {"canary": version.version}
    assert version.tags == {
        VERSION_TAG: FIRST.version,
        PARENT_TAG: FIRST.provenance.parent,
        SCHEMA_TAG: "stormcell.codebook/1",
        STATE_TAG: "canary",
    }
    [run] = mlflow.runs()
    assert (run.info.run_id, run.info.run_name, run.info.status) == (version.run_id, FIRST.version, "FINISHED")
    assert run.data.params["seed"] == "0"
    assert run.data.params["weight.text"] == "4.0"
    assert run.data.params["text.embedder"] == "static"
    assert run.data.params["sites"].startswith("berlin, ")
    assert run.data.metrics["loss"] == 0.031
    assert run.data.metrics["events"] == 12_578
    assert [one.path for one in mlflow.client.list_artifacts(run.info.run_id)] == [FILE]


def test_a_codebook_goes_from_one_store_to_another(mlflow: _Mlflow, tmp_path: Path) -> None:
    source = logs(tmp_path / "logs.json", range(30))
    trained = stormcell("codebook", "train", source, "--out", tmp_path / "one", "--promote", "--json").json
    there = ("--registry", "mlflow", "--target", mlflow.url)
    pushed = stormcell("codebook", "push", "--store", tmp_path / "one", *there, "--json")
    assert pushed.json["version"] == trained["version"]
    assert pushed.json["where"].startswith(mlflow.url)
    assert mlflow.states() == {trained["version"]: "live"}
    pulled = stormcell("codebook", "pull", *there, "--out", tmp_path / "other")
    assert (pulled.code, pulled.out) == (0, "")
    file = f"codebooks/{trained['version']}.json"
    assert (tmp_path / "other" / file).read_bytes() == (tmp_path / "one" / file).read_bytes()
    missing = stormcell("codebook", "pull", "cb-0123456789ab", *there, "--out", tmp_path / "other")
    assert missing.code == 1
    assert "there is no codebook cb-0123456789ab" in missing.err


def test_a_push_that_was_broken_off_goes_on_where_it_was(case: Case, mlflow: _Mlflow) -> None:
    case.registry.push(FIRST, document(FIRST), mlflow.url)
    [run] = mlflow.runs()
    mlflow.client.delete_registered_model(MODEL)  # as if it had died before the model version
    case.registry.push(FIRST, document(FIRST), mlflow.url)
    assert [one.info.run_id for one in mlflow.runs()] == [run.info.run_id]
    assert case.registry.pull(FIRST.version, mlflow.url) == document(FIRST)


def test_a_run_that_never_ended_is_made_again(case: Case, mlflow: _Mlflow) -> None:
    case.registry.push(SECOND, document(SECOND), mlflow.url)
    experiment = mlflow.client.get_experiment_by_name(MODEL).experiment_id
    mlflow.client.create_run(experiment, tags={VERSION_TAG: FIRST.version})
    case.registry.push(FIRST, document(FIRST), mlflow.url)
    assert case.registry.pull(FIRST.version, mlflow.url) == document(FIRST)


def test_a_file_that_is_gone_is_not_found(case: Case, mlflow: _Mlflow) -> None:
    case.registry.push(FIRST, document(FIRST), mlflow.url)
    [version] = mlflow.versions()
    [file] = (path for path in mlflow.artifacts.rglob(FILE) if version.run_id in path.parts)
    file.unlink()
    with pytest.raises(NotFoundError, match=FIRST.version):
        case.registry.pull(FIRST.version, mlflow.url)


def test_a_server_that_is_down_may_be_tried_again(case: Case) -> None:
    target = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(DeliveryError) as told:
        case.registry.pull(FIRST.version, f"{target}/s3cret")
    assert str(told.value) == (
        f"cannot pull {FIRST.version}: MLflow at {target} cannot be reached: Connection refused;"
        " is a server, 3 or later, running there?"
    )
    assert told.value.retryable


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://ann:s3cret@mlflow:5000", "without a user and a password: set MLFLOW_TRACKING_USERNAME"),
        ("http://mlflow:5000/?token=s3cret", "without a \\? or a #"),
        ("mlflow", "expected a URL such as http://mlflow.example.com:5000"),
    ],
)
def test_a_password_in_the_url_is_refused_and_not_said(case: Case, target: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as told:
        case.registry.pull(FIRST.version, target)
    assert "s3cret" not in str(told.value)


def test_what_is_no_mlflow_is_told(case: Case, mlflow: _Mlflow) -> None:
    with pytest.raises((DeliveryError, NotFoundError), match="MLflow"):
        case.registry.push(FIRST, document(FIRST), f"{mlflow.url}/elsewhere")


def test_its_makers_are_told_nothing() -> None:
    program = (
        "from stormcell.registry import registry; registry('mlflow')\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled; print(is_telemetry_disabled())"
    )
    # Within a test it tells nothing in any case, which variables show.
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH", "HOME")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=clean)
    assert done.stdout == "True\n"

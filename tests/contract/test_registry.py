"""What every Registry keeps to: those that need no server. MLflow's is in tests/services/test_mlflow.py."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from stormcell.errors import NotFoundError, OutputError, SettingsError
from stormcell.protocols import Registry
from stormcell.registry import registry
from stormcell.types import CodebookState
from stormcell_exporters.registries.folder import INDEX, SCHEMA
from tests.contract.registries import FIRST, SECOND, Case, RegistryContract, document

REGISTERED = ("folder", "mlflow")


def test_all_of_ours_are_known_here() -> None:
    ours = {point.name for point in entry_points(group="stormcell.registries") if "stormcell" in point.value}
    assert ours == set(REGISTERED)


@pytest.mark.skipif(
    find_spec("mlflow") is not None, reason="tells what to install where MLflow's client is missing"
)
def test_without_its_client_the_one_for_mlflow_tells_what_to_install() -> None:
    with pytest.raises(SettingsError, match=r"pip install 'stormcell\[mlflow\]'"):
        registry("mlflow")


@dataclass
class _Folder:
    folder: Path

    @property
    def target(self) -> str:
        return str(self.folder)

    def states(self) -> dict[str, str]:
        if not (self.folder / INDEX).exists():
            return {}
        index = json.loads((self.folder / INDEX).read_text())
        assert index["schema"] == SCHEMA
        return {one["version"]: one["state"] for one in index["codebooks"]}

    def written(self) -> object:
        return {path.name: path.stat().st_mtime_ns for path in self.folder.iterdir()}

    def refuse(self) -> None:
        self.folder.rename(self.folder.with_name("gone"))
        self.folder.symlink_to("/proc/1")  # a folder in which nobody makes files


@pytest.fixture
def case(tmp_path: Path) -> Case:
    folder = tmp_path / "codebooks"
    folder.mkdir()
    return Case(registry("folder"), _Folder(folder))


class TestFolder(RegistryContract):
    @pytest.fixture
    def case(self, case: Case) -> Case:
        return case


def test_the_index_tells_what_each_is(case: Case) -> None:
    where = case.registry.push(FIRST, document(FIRST), case.place.target)
    assert Path(where).read_bytes() == document(FIRST)
    index = json.loads(Path(case.place.target, INDEX).read_text())
    [told] = index["codebooks"]
    assert (told["version"], told["codewords"], told["made"]) == (
        FIRST.version,
        57,
        "2023-11-14T22:15:00.000Z",
    )
    assert told["provenance"]["parent"] == FIRST.provenance.parent
    assert told["provenance"]["metrics"]["loss"] == 0.031


def test_a_file_that_is_gone_is_not_found(case: Case) -> None:
    live = replace(FIRST, state=CodebookState.LIVE)
    Path(case.registry.push(live, document(live), case.place.target)).unlink()
    for version in ("", FIRST.version):
        with pytest.raises(NotFoundError, match=FIRST.version):
            case.registry.pull(version, case.place.target)


def test_a_file_that_was_altered_is_written_anew(case: Case) -> None:
    Path(case.registry.push(FIRST, document(FIRST), case.place.target)).write_bytes(b"{")
    case.registry.push(FIRST, document(FIRST), case.place.target)
    assert case.registry.pull(FIRST.version, case.place.target) == document(FIRST)


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"schema": "stormcell.registry/2", "codebooks": []}',
        b'{"schema": "stormcell.registry/1"}',
        b'{"schema": "stormcell.registry/1", "codebooks": [1]}',
        b'{"schema": "stormcell.registry/1", "codebooks": [{"version": "../x", "state": "live"}]}',
        b'{"schema": "stormcell.registry/1", "codebooks": [{"version": "cb-000000000001", "state": "x"}]}',
    ],
)
def test_an_index_that_is_none_stops_it_and_stays(case: Case, index: bytes) -> None:
    path = Path(case.place.target, INDEX)
    path.write_bytes(index)
    for attempt in (
        lambda: case.registry.push(FIRST, document(FIRST), case.place.target),
        lambda: case.registry.pull("", case.place.target),
    ):
        with pytest.raises(OutputError, match=r"index\.json is no index of codebooks"):
            attempt()
    assert path.read_bytes() == index


def test_the_registry_that_is_shown_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "federation.md"
    [program] = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)  # our own document
    drawer = names["DrawerRegistry"]()
    assert isinstance(drawer, Registry)
    assert Path(drawer.push(FIRST, b"{}", str(tmp_path))).read_bytes() == b"{}"
    assert drawer.pull(FIRST.version, str(tmp_path)) == b"{}"
    with pytest.raises(NotFoundError, match="no live codebook"):
        drawer.pull("", str(tmp_path))


def test_of_many_that_push_at_once_none_is_lost(case: Case) -> None:
    every = [replace(SECOND, version=f"cb-{number:012x}") for number in range(20)]
    threads = [
        threading.Thread(target=case.registry.push, args=(one, document(one), case.place.target)) for one in every
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert case.place.states() == {one.version: "candidate" for one in every}

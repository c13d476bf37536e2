"""What is shipped works where it is installed, away from the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, Environment, run

pytestmark = pytest.mark.slow

VERSION = "import stormcell; print(stormcell.__version__, stormcell.__file__)"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A clean environment with the wheel."""
    environment = Environment(tmp_path_factory.mktemp("installed"))
    environment.install(wheel)
    return environment


@pytest.fixture(scope="module")
def editable(installed: Environment, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A clean environment with an editable checkout, and the dependencies of the other."""
    environment = Environment(tmp_path_factory.mktemp("editable"))
    environment.install("--no-deps", "--editable", checkout)
    environment.borrow(installed)
    return environment


def test_the_wheel_imports(installed: Environment, wheel: Path, tmp_path: Path) -> None:
    version, file = run(installed.bin / "python", "-c", VERSION, cwd=tmp_path).split()
    assert version == wheel.name.split("-")[1]
    assert Path(file).is_relative_to(installed.bin.parent)


def test_the_wheel_runs(installed: Environment, wheel: Path, tmp_path: Path) -> None:
    assert wheel.name.split("-")[1] in run(installed.bin / "stormcell", "--version", cwd=tmp_path)
    assert "draft" in run(installed.bin / "stormcell", "demo", cwd=tmp_path).lower()


def test_the_dependencies_agree(installed: Environment, tmp_path: Path) -> None:
    run(installed.bin / "python", "-m", "pip", "check", cwd=tmp_path)


def test_an_editable_install_is_the_checkout(editable: Environment, checkout: Path, tmp_path: Path) -> None:
    _, file = run(editable.bin / "python", "-c", VERSION, cwd=tmp_path).split()
    assert Path(file) == checkout / "plugin" / "stormcell" / "__init__.py"
    assert ROOT not in Path(file).parents
    exporters = "import stormcell_exporters; print(stormcell_exporters.__file__)"
    file = run(editable.bin / "python", "-c", exporters, cwd=tmp_path).strip()
    assert Path(file) == checkout / "exporters" / "stormcell_exporters" / "__init__.py"


def test_an_editable_install_runs(editable: Environment, tmp_path: Path) -> None:
    assert "draft" in run(editable.bin / "stormcell", "demo", cwd=tmp_path).lower()

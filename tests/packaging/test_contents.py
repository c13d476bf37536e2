"""What is in the wheel and the sdist, and what is not."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import run

pytestmark = pytest.mark.slow


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("plugin/stormcell", "stormcell"),
        ("exporters/stormcell_exporters", "stormcell_exporters"),
        ("templates", "stormcell/templates"),
        ("examples/trainticket", "stormcell/examples/trainticket"),
    ],
)
def test_the_wheel_holds_every_source(wheel: Path, checkout: Path, folder: str, package: str) -> None:
    base = checkout / folder
    sources = {path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file()}
    assert sources, f"{folder} is empty"
    assert {f"{package}/{name}" for name in sources} <= names_in(wheel)


def test_the_wheel_holds_what_else_a_user_needs(wheel: Path) -> None:
    names = names_in(wheel)
    [metadata] = {name.split("/")[0] for name in names if ".dist-info/" in name}
    needed = {"LICENSE", "NOTICE"}
    assert {f"{metadata}/licenses/{name}" for name in needed} <= names
    assert {"stormcell/py.typed", "stormcell_exporters/py.typed"} <= names
    assert any(name.startswith("stormcell/schemas/") and name.endswith(".json") for name in names)
    assert any(name.startswith("stormcell/templates/runbook/") for name in names)


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    for name in names_in(wheel):
        top = name.split("/")[0]
        assert top in ("stormcell", "stormcell_exporters") or top.endswith(".dist-info"), name
        assert "test" not in Path(name).stem.split("_"), name
        assert not name.endswith((".pyc", ".db")), name


def test_the_sdist_makes_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    # By tar: what Python says of filters differs from version to version.
    run("tar", "-xzf", sdist, cwd=tmp_path)
    [source] = tmp_path.iterdir()
    for name in ("pyproject.toml", "LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "tests/conftest.py"):
        assert (source / name).is_file(), name
    again = tmp_path / "again"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", again, cwd=source)
    assert (again / wheel.name).read_bytes() == wheel.read_bytes()

"""The example, grouped once for all tests that only look."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.program import EXAMPLE, stormcell
from tests.unit.web.group.browsing import Browser


@pytest.fixture(scope="session")
def grouped_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages") / "out"
    ran = stormcell("group", EXAMPLE, "--out", out)
    assert ran.code == 0, ran.err
    return out / "stormcell.db"


@pytest.fixture
def store(grouped_store: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copy(grouped_store, tmp_path / "stormcell.db"))


@pytest.fixture
def browser(store: Path) -> Browser:
    return Browser(store)


@pytest.fixture(scope="session")
def looking(grouped_store: Path) -> Browser:
    """Pages over the example, for tests that change nothing."""
    return Browser(grouped_store)

"""The example, grouped once for all tests that only look."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.program import EXAMPLE, stormcell


@pytest.fixture(scope="session")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``stormcell group examples/trainticket --out`` wrote."""
    out = tmp_path_factory.mktemp("example") / "out"
    ran = stormcell("group", EXAMPLE, "--out", out)
    assert ran.code == 0, ran.err
    return out

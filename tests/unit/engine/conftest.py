"""Fixtures of the tests of the engine."""

from __future__ import annotations

import pytest

from tests.unit.engine.engines import Faults, Faulty


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Makes methods fail."""
    return lambda owner, name: Faulty(monkeypatch, owner, name)

"""What all tests share: settings that make them the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline and no "too slow": a test never judges the speed of the machine it runs on.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples every time: what failed in CI fails again at the desk, where more are drawn.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, max_examples=50)
# For scripts/check: fewer examples, so that it is run before every commit.
settings.register_profile("quick", settings.get_profile("default"), max_examples=10)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")


_SLOW = Path(__file__).with_name("slow.txt")


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what ``scripts/find-slow-tests`` found to be."""
    slow = frozenset(_SLOW.read_text(encoding="utf-8").split())
    for item in items:
        if item.nodeid.partition("[")[0] in slow:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Hide STORMCELL_* variables of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("STORMCELL_")]:
            patch.delenv(name)
        yield

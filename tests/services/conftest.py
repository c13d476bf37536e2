"""What the tests among real servers share; `scripts/test-services` makes the servers ready and runs them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.services.servers import Servers


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Start servers; all that still run end with the test."""
    started = Servers(tmp_path)
    yield started
    started.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the servers logged."""
    report = yield
    started = getattr(item, "funcargs", {}).get("servers")
    if report.failed and isinstance(started, Servers):
        report.sections.extend((f"log of {server.name}", server.said()) for server in started.all)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.heavy)
            item.add_marker(pytest.mark.services)

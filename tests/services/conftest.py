"""What the tests among real servers share; `scripts/test-services` makes the servers ready and runs them."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from tests.services.elastic import VERSIONS, Elasticsearch, Role, start_elasticsearch
from tests.services.people import every_lack
from tests.services.servers import Server, Servers

ROLES: Final[Mapping[str, Role]] = {
    # What Stormcell needs, and nothing else.
    "writer": {
        "cluster": ["monitor", "manage_index_templates", "manage_ilm"],
        "indices": [{"names": ["stormcell-*"], "privileges": ["all"]}],
    },
    "reader": {"indices": [{"names": ["stormcell-*"], "privileges": ["read", "view_index_metadata"]}]},
    "stranger": {},
}


def memory() -> Path | None:
    """Return a folder in memory if there is one with some room.

    Elasticsearch waits for the disk at each write; a test of it takes a fifth of the time so. What is there
    outlives a process that is killed.
    """
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > 1 << 30 else None


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Start servers; all that still run end with the test."""
    started = Servers(tmp_path, memory())
    yield started
    started.end()


@pytest.fixture(scope="session")
def shared_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start servers for many tests."""
    started = Servers(tmp_path_factory.mktemp("servers"), memory())
    yield started
    started.end()


@pytest.fixture(scope="session")
def elasticsearch_9(shared_servers: Servers) -> Elasticsearch:
    """Return a node of the newer major version, for tests that keep to their own ``prefix``."""
    return start_elasticsearch(shared_servers, VERSIONS[9])


@pytest.fixture(scope="session")
def elasticsearch_8(shared_servers: Servers) -> Elasticsearch:
    """Return a node of the older major version, likewise."""
    return start_elasticsearch(shared_servers, VERSIONS[8])


@pytest.fixture(scope="session")
def elasticsearch_secure(shared_servers: Servers) -> Elasticsearch:
    """Return a node with security and TLS, and a user for each of ``ROLES``, who is called like it.

    It knows the roles that we document, too, and those that lack one privilege of them; see ``people.hire``.
    """
    users = {role: [role] for role in ROLES}
    return start_elasticsearch(
        shared_servers, security=True, tls=True, users=users, roles={**ROLES, **every_lack()}
    )


def client_major() -> int:
    """Return the major version of the client in this environment."""
    return int(version("elasticsearch").partition(".")[0])


@pytest.fixture
def elasticsearch(request: pytest.FixtureRequest) -> Elasticsearch:
    """Return a node of the client's own major version; ``elasticsearch_secure`` is of the newer one always."""
    node: Elasticsearch = request.getfixturevalue(f"elasticsearch_{client_major()}")
    return node


@pytest.fixture
def prefix() -> str:
    """Return how the names of a test's own indices begin."""
    return f"stormcell-{uuid4().hex[:8]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the servers logged."""
    report = yield
    if report.failed:
        used = [*_used(getattr(item, "funcargs", {}).values())]
        report.sections.extend((f"log of {server.name}", server.said()) for server in used)
    return report


def _used(fixtures: Iterable[object]) -> Iterator[Server]:
    for fixture in fixtures:
        if isinstance(fixture, Servers):
            yield from fixture.all
        elif isinstance(fixture, Elasticsearch):
            yield fixture.server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.heavy)
            item.add_marker(pytest.mark.services)

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.sidecar.support import Sidecar, sidecar


@pytest.fixture(scope="module")
def _running() -> Iterator[Sidecar]:
    with sidecar() as running:
        yield running


@pytest.fixture
def served(_running: Sidecar) -> Sidecar:
    """Return both receivers with the default limits, no tokens and no TLS, that have seen nothing."""
    _running.forget()
    return _running

"""A service that exports all that is logged, ours and that of what we use: it never hears itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.sdk.service import ran

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", ["processor", "exporter"])
@pytest.mark.parametrize("mode", ["embedded", "endpoint"])
def test_what_we_log_is_not_exported_and_idle_stays_idle(way: str, mode: str, tmp_path: Path) -> None:
    ran("listening", tmp_path, way, mode)

"""Services that fork: what children say is grouped too, once, and nobody waits for what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.sdk.service import acknowledged, next_start, ran

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", ["plain", "busy", "multi"])
def test_what_children_say_is_grouped_once(way: str, tmp_path: Path) -> None:
    _, err = ran("forking", way, tmp_path, seconds=120)
    assert "Warning" not in err
    stored = next_start(tmp_path / "data")
    assert len(stored) == len(set(stored))
    told = acknowledged(tmp_path)
    assert told <= set(stored)
    # What was not acknowledged is there by chance only: of the busy one.
    assert {uid for uid in stored if not uid.startswith("talk-")} == told

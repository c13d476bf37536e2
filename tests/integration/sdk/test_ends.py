"""Services that end, in whatever way: what they said is kept, and nothing is left open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.sdk.service import next_start, ran

pytestmark = pytest.mark.slow

SAID = {
    "last_word": {"last-word"},
    "forgotten": {f"forgotten-{number}-{one:05}" for number in range(3) for one in range(2)},
    "many_times": {f"{name}-{one:05}" for name in ("before", "again") for one in range(5)},
}


@pytest.mark.parametrize("way", list(SAID))
def test_what_was_said_before_the_end_is_grouped(way: str, tmp_path: Path) -> None:
    assert ran("ending", way, tmp_path) == ("", "")
    assert next_start(tmp_path / "data") == sorted(SAID[way])


def test_three_spans_and_a_log_record_of_a_short_script(tmp_path: Path) -> None:
    assert ran("ending", "script", tmp_path) == ("", "")
    stored = next_start(tmp_path / "data")
    assert len(stored) == 4
    assert "the-sum" in stored

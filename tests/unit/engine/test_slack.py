"""Memory is given back when there may be much of it, and only where the C library can."""

from __future__ import annotations

import pytest

from stormcell.engine import slack
from stormcell.engine.slack import Slack

MIB = 1 << 20


def test_memory_is_given_back_once_the_process_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    held, trimmed = [100 * MIB], []

    def trim(keep: int) -> int:
        trimmed.append(keep)
        held[0] -= 20 * MIB
        return 1

    monkeypatch.setattr(slack, "_trim", lambda: trim)
    monkeypatch.setattr(slack, "memory", lambda: held[0])
    found = Slack()
    found.give_back()
    assert (trimmed, held) == ([0], [80 * MIB])
    held[0] += 7 * MIB
    found.give_back()
    assert len(trimmed) == 1
    held[0] += 1 * MIB
    found.give_back()
    assert len(trimmed) == 2


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr("stormcell.engine.slack.sys.platform", platform)
    monkeypatch.setattr("stormcell.engine.slack.ctypes.CDLL", lambda name: pytest.fail("looked into a library"))
    Slack().give_back()

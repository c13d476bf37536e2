"""Exporters of a service's own that raise or never return: others get groups, and the service goes on and ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from stormcell.types import Group
from tests.integration.sdk.service import PATIENCE, Service, next_start
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow


class Keeping:
    """Keeps groups."""

    def __init__(self) -> None:
        self.groups: list[Group] = []

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Keep them."""
        self.groups += groups


class Raising:
    """Raises what nobody expects."""

    def __init__(self) -> None:
        self.calls = 0

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Raise."""
        self.calls += 1
        raise RuntimeError("no")


class Hanging:
    """Never returns."""

    def __init__(self) -> None:
        self.entered, self.never = threading.Event(), threading.Event()

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Wait for ever."""
        self.entered.set()
        self.never.wait()


def test_one_that_raises_and_one_that_hangs(tmp_path: Path) -> None:
    keeping, raising, hanging = Keeping(), Raising(), Hanging()
    service = Service(tmp_path / "data", exporters=[raising, hanging, keeping])
    uids = service.say_some("first", 5)
    assert service.flush()
    until(lambda: bool(keeping.groups) and bool(raising.calls) and hanging.entered.is_set(), PATIENCE)
    found = len(keeping.groups)
    uids += service.say_some("second-longer", 5)
    assert service.flush()
    until(lambda: len(keeping.groups) > found, PATIENCE)
    ended = threading.Thread(target=service.shutdown, args=(3000,), daemon=True)
    ended.start()
    ended.join(PATIENCE)
    assert not ended.is_alive()
    assert service.logs.counts()["processed"] == len(uids)
    hanging.never.set()
    assert next_start(tmp_path / "data") == sorted(uids)

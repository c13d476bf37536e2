"""When a sidecar says that it is ready, and what it says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.sidecar.app import Sidecar
from stormcell.sidecar.status import readiness, status
from stormcell.store import SqliteStore
from tests.unit.engine.engines import until


def test_it_is_ready_while_everything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = {"data": tmp_path, "tick_seconds": 0.2, "idle_seconds": 1e6}
    settings = Settings.model_validate({"live": live, "receivers": {"grpc_port": 0, "http_port": 0}})
    sidecar = Sidecar(settings)
    assert not readiness(sidecar).ready
    assert readiness(sidecar).checks["receivers"] == "not listening"
    sidecar.start()
    try:
        assert readiness(sidecar).ready

        def full(*_: Any, **__: Any) -> None:
            raise StoreError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(SqliteStore, "save", full)
            sidecar.runtime.engine.nudge()
            until(lambda: not readiness(sidecar).ready)
            checks = readiness(sidecar).checks
            assert (checks["receivers"], checks["intake"], checks["ticks"]) == ("ok", "ok", "the disk is full")
            assert status(sidecar)["engine"]["problem"] == "the disk is full"
        until(lambda: readiness(sidecar).ready)
        assert status(sidecar)["engine"]["failed_ticks"] > 0
        assert status(sidecar)["model"] == {"known": 0, "new": 0, "failures": 0, "problem": "", "unusable": {}}
    finally:
        assert sidecar.stop()

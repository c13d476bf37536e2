"""A sidecar that starts: what it loads, and when it says that it is ready."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from stormcell.config import Settings
from stormcell.errors import StoreError
from stormcell.sidecar.app import Sidecar
from stormcell.sidecar.status import readiness, status
from stormcell.store import SqliteStore

IDLE = """
import sys
from stormcell.config import Settings
from stormcell.sidecar.app import Sidecar
receivers = {"grpc_port": 0, "http_port": 0}
sidecar = Sidecar(Settings.model_validate({"live": {"data": sys.argv[1]}, "receivers": receivers}))
sidecar.start()
assert sidecar.is_ready
heavy = ("numpy", "google.protobuf", "opentelemetry", "pydantic", "stormcell.text", "stormcell.engine.engine")
print(*(name for name in heavy if name in sys.modules))
assert sidecar.stop()
"""


def settings(data: Path, **sections: object) -> Settings:
    receivers = {"grpc_port": 0, "http_port": 0}
    return Settings.model_validate({"live": {"data": data}, "receivers": receivers, **sections})


def test_one_that_has_nothing_to_do_has_loaded_little(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", IDLE, tmp_path], capture_output=True, text=True, check=True)
    assert ran.stdout == "pydantic\n"


def test_what_it_says_of_itself_before_anything_comes(tmp_path: Path) -> None:
    sidecar = Sidecar(settings(tmp_path))
    assert not readiness(sidecar).ready
    sidecar.start()
    found = readiness(sidecar)
    assert found.ready
    assert found.checks == {"receivers": "ok", "engine": "nothing to do yet"}
    idle = status(sidecar)
    sidecar.runtime.engine.nudge()
    end = time.monotonic() + 60
    while sidecar.runtime.engine.loaded is None or not sidecar.runtime.engine.loaded.stats.ticks:
        assert time.monotonic() < end, "nothing woke it"
        time.sleep(0.01)
    assert readiness(sidecar).checks == dict.fromkeys(("receivers", "intake", "ticks", "engine"), "ok")
    assert status(sidecar)["engine"].keys() == idle["engine"].keys()
    assert sidecar.stop()
    assert not readiness(sidecar).ready


def test_what_cannot_be_gone_on_with_is_said_before_it_is_ready(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.learn({"background": {"format": "stormcell.background/1", "bucket_seconds": 1.0}})
    sidecar = Sidecar(settings(tmp_path))
    with pytest.raises(StoreError, match=r"background.bucket_seconds at 1.0, which is now 900"):
        sidecar.start()
    assert not sidecar.is_ready
    assert not sidecar.stop()


def test_a_store_that_is_none_is_refused_before_anything_listens(tmp_path: Path) -> None:
    (tmp_path / "stormcell.db").write_bytes(b"no store at all" * 100)
    with pytest.raises(StoreError, match="not a Stormcell store"):
        Sidecar(settings(tmp_path))

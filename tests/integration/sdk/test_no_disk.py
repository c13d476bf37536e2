"""Data folders that cannot be had, are full or somebody else's: said once, counted, and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.sdk.service import PATIENCE, Service, next_start, placed
from tests.integration.sidecar.mounts import mounted
from tests.integration.sidecar.running import Running
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow

HASTY = {"sdk": {"timeout_seconds": 0.3}}


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "stormcell.sdk"]


def _refused(service: Service, name: str, batches: int) -> None:
    for number in range(batches):
        before = service.logs.counts().get("refused", 0)
        service.say_some(f"{name}-{number}")
        assert not service.flush()
        assert service.logs.counts()["refused"] == before + 10


def _until_kept(service: Service, name: str) -> list[str]:
    """Say something until all of it is kept, and return that."""
    kept: list[list[str]] = []

    def said() -> bool:
        uids = service.say_some(f"{name}-{len(kept)}")
        if not service.flush():
            return False
        kept.append(uids)
        return True

    until(said, PATIENCE)
    return kept[-1]


def test_a_folder_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    service = Service(tmp_path / "file" / "data", HASTY)
    _refused(service, "lost", 3)
    [message] = _said(caplog)
    assert str(tmp_path / "file" / "data") in message
    assert "live.data" in message
    (tmp_path / "file").unlink()
    uids = _until_kept(service, "kept")
    service.shutdown()
    assert placed(tmp_path / "file" / "data") == uids


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    data.mkdir()
    service = Service(data, HASTY)
    with mounted(data, ("-t", "tmpfs", "-o", "ro", "tmpfs")):
        _refused(service, "lost", 2)
    [message] = _said(caplog)
    assert "Read-only" in message
    uids = _until_kept(service, "kept")
    service.shutdown()
    assert placed(data) == uids


def test_a_disk_that_becomes_full(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    data.mkdir()
    settings = {**HASTY, "journal": {"min_free_bytes": 0, "segment_bytes": 1 << 18}}
    with mounted(data, ("-t", "tmpfs", "-o", "size=4m", "tmpfs")):
        service = Service(data, settings)
        uids = service.say_some("early")
        assert service.flush()
        until(lambda: placed(data) == uids, PATIENCE)
        ballast = data / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        text = "disk full on db " * 60
        lost = 0
        while service.flush():
            assert lost < 1000, "there is no end to this disk"
            service.say(f"squeezed-{lost}", text)
            lost += 1
        _refused(service, "lost", 2)
        assert len([message for message in _said(caplog) if "logs are dropped" in message]) == 1
        ballast.unlink()
        uids = _until_kept(service, "kept")
        until(lambda: set(uids) <= set(placed(data)), PATIENCE)
        service.shutdown()
        stored = placed(data)
        assert len(stored) == len(set(stored)) == service.logs.counts()["processed"]


def test_a_disk_that_is_full_from_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with mounted(data, ("-t", "tmpfs", "-o", "size=1m", "tmpfs")):
        (data / "ballast").write_bytes(bytes(1 << 20))
        service = Service(data, HASTY)
        _refused(service, "lost", 2)
        assert len(_said(caplog)) == 1
        (data / "ballast").unlink()
        uids = _until_kept(service, "kept")
        service.shutdown()
        assert placed(data) == uids


def test_a_folder_that_a_sidecar_has(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Running(tmp_path / "sidecar").start() as sidecar:
        service = Service(sidecar.data, HASTY)
        _refused(service, "lost", 2)
        [message] = _said(caplog)
        assert "in use by another process" in message
        assert "sdk.endpoint" in message
        assert list((sidecar.data / "spool").glob("*.logs")) == []
        assert sidecar.stop() == 0
        uids = _until_kept(service, "kept")
        service.shutdown()
        assert next_start(sidecar.data) == uids

"""A disk that fills up while telemetry comes: refused for now, nothing lost, and all goes on with room."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from tests.integration.sidecar.load import request
from tests.integration.sidecar.mounts import mounted
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import LOGS, PROTOBUF, until

pytestmark = pytest.mark.slow

MIB = 1 << 20


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Running]:
    """Return a sidecar, yet to be started, whose data are on a disk of 4 MiB that it may fill."""
    journal = {"min_free_bytes": 0, "segment_bytes": MIB // 4, "max_bytes": 64 * MIB}
    made = Running(tmp_path / "sidecar", {"live": HASTY, "journal": journal})
    made.data.mkdir(parents=True)
    with mounted(made.data, ("-t", "tmpfs", "-o", "size=4m", "tmpfs")), made:
        yield made


def _fill(ballast: Path, left: int) -> None:
    """Leave so many bytes of the disk."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
        file.truncate(file.tell() - left)


def test_it_goes_on_once_there_is_room(sidecar: Running) -> None:
    acknowledged: set[str] = set()
    ballast = sidecar.data / "ballast"

    def taken(number: int) -> bool:
        uids, body = request(number)
        answer = sidecar.client.post("/v1/logs", content=body, headers=PROTOBUF)
        if answer.status_code == HTTPStatus.OK:
            acknowledged.update(uids)
            return True
        # Both of which a client of OTLP sends again.
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert int(answer.headers["retry-after"]) >= 1
        assert str(sidecar.data / "journal") in Status.FromString(answer.content).message
        return False

    sidecar.start()
    assert taken(0)
    until(lambda: set(sidecar.placed()) == acknowledged, PATIENCE)
    _fill(ballast, 64 << 10)
    number = 1
    while taken(number):
        number += 1
    assert number > 1, "there was room for some"
    _, body = request(number)
    with pytest.raises(grpc.RpcError) as caught:
        sidecar.channel.unary_unary(LOGS)(body, timeout=PATIENCE)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert _asked_to_wait(caught.value) >= 1

    # What is in the journal cannot be stored, which is tried again and again, but not without a pause.
    until(lambda: sidecar.engine("failed_ticks") >= 1, PATIENCE)
    before = sidecar.cpu_seconds()
    time.sleep(2)
    assert sidecar.cpu_seconds() - before < 0.7
    assert "free some space or name another place" in sidecar.why_not_ready()

    ballast.unlink()
    until(sidecar.is_ready, PATIENCE)
    assert taken(number)
    until(lambda: set(sidecar.placed()) == acknowledged, PATIENCE)
    assert sidecar.stop() == 0, sidecar.said
    assert sorted(acknowledged) == sidecar.placed()


def test_stopped_and_started_while_it_is_full(sidecar: Running) -> None:
    # Nothing is grouped before it ends.
    sidecar.settings["live"] = {**HASTY, "lateness_seconds": 3600, "idle_seconds": 3600, "drain_seconds": 2}
    sidecar.start()
    uids, body = request(0)
    sidecar.call((LOGS, body))
    _fill(sidecar.data / "ballast", 0)
    assert sidecar.stop() == 0, sidecar.said
    assert "free some space or name another place" in sidecar.said
    assert "is next time" in sidecar.said
    assert sidecar.placed() == []
    # It can be started, too: /readyz and the API are there, and tell.
    sidecar.settings["live"] = HASTY
    sidecar.start()
    until(lambda: sidecar.engine("failed_ticks") >= 1, PATIENCE)
    (sidecar.data / "ballast").unlink()
    until(lambda: set(sidecar.placed()) == uids, PATIENCE)


def _asked_to_wait(error: grpc.RpcError) -> float:
    """Return the seconds after which a client is asked to send again."""
    [value] = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    info = RetryInfo()
    [detail] = Status.FromString(value).details
    assert detail.Unpack(info)
    return float(info.retry_delay.ToTimedelta().total_seconds())

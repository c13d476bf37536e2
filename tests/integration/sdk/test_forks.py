"""Services that fork: what children say is grouped too, once, and nobody waits for what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.sdk.service import PATIENCE, acknowledged, next_start, ran
from tests.integration.sidecar.running import Running
from tests.integration.sidecar.support import until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", ["plain", "busy", "multi", "exporter"])
def test_what_children_say_is_grouped_once(way: str, tmp_path: Path) -> None:
    _, err = ran("forking", way, tmp_path, seconds=120)
    assert "ResourceWarning" not in err
    assert "Traceback" not in err
    stored = next_start(tmp_path / "data")
    assert len(stored) == len(set(stored))
    told = acknowledged(tmp_path)
    assert told <= set(stored)
    # What was not acknowledged is there by chance only: of the busy one.
    assert {uid for uid in stored if not uid.startswith("talk-")} == told


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_children_send_to_a_sidecar_too(scheme: str, tmp_path: Path) -> None:
    with Running(tmp_path / "sidecar").start() as sidecar:
        url = sidecar.url if scheme == "http" else f"grpc://{sidecar.target}"
        _, err = ran("forking", "endpoint", tmp_path, url, seconds=120)
        assert "Traceback" not in err
        told = acknowledged(tmp_path)
        assert len(told) == 70
        until(lambda: set(sidecar.placed()) >= told, PATIENCE)
        assert sidecar.placed() == sorted(told)

"""A service whose groups go out with the client it uses itself: what that client does for them is not grouped."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from stormcell.store import SqliteStore
from stormcell.types import Event, Signal
from tests.services.actors import start_sidecar
from tests.services.elastic import Elasticsearch
from tests.services.servers import PATIENCE, ROOT, Servers, get, until

BY = ("processors", "exporters")


class Shop:
    """The service, which does as it is told."""

    def __init__(self, folder: Path, *arguments: str, settings: dict[str, Any]) -> None:
        program = str(ROOT / "tests" / "services" / "shop.py")
        command = [sys.executable, program, *arguments, json.dumps(settings)]
        self._said = folder / "shop.log"
        with self._said.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def does(self, what: str) -> Counter[str]:
        """Let it do something, and hand over all that there is; return what was made up to then, and where."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        answered, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert answered, "there is no end of what it hands over"
        line = self._process.stdout.readline()
        assert line, f"it ended: {self._said.read_text('utf-8')}"
        return Counter(json.loads(line))

    def ends(self) -> None:
        """Let it shut down, whatever it says."""
        self._process.communicate(timeout=PATIENCE)
        assert self._process.returncode == 0, self._said.read_text("utf-8")


def stored(folder: Path) -> tuple[list[Event], int]:
    """Return the events in groups, one of each row, and how many there are in all."""
    path = folder / "stormcell.db"
    if not path.exists():
        return [], 0
    with SqliteStore(path, create=False) as store:
        grouped = [atom for group in store.groups() for atom in store.memberships(group.id)]
        atoms = [*grouped, *store.background()]
    return [row.event for atom in grouped for row in atom.rows], sum(
        len(row.members) for atom in atoms for row in atom.rows
    )


def statuses(url: str, index: str) -> set[str]:
    """Return what the groups in Elasticsearch are."""
    try:
        found = json.loads(get(f"{url}/{index}/_search"))
    except HTTPError:  # there is no index yet
        return set()
    return {hit["_source"]["status"] for hit in found["hits"]["hits"]}


@pytest.mark.parametrize("sampler", ["default", "always_on"])
@pytest.mark.parametrize("by", BY)
def test_what_carries_groups_out_is_in_none(
    elasticsearch_9: Elasticsearch, tmp_path: Path, by: str, sampler: str
) -> None:
    index = f"groups-{by}-{sampler}"
    settings = {"live": {"data": str(tmp_path)}}
    with Shop(tmp_path, elasticsearch_9.url, index, by, sampler, settings=settings) as shop:
        worked = shop.does("work")
        # It rests from here on. Its groups end, each of which Elasticsearch is told once more.
        until("its groups in Elasticsearch", lambda: statuses(elasticsearch_9.url, index) == {"resolved"})
        made = shop.does("nothing")
        shop.ends()
    own = {what: made[f"own {what}"] for what in ("spans", "logs")}
    assert own == {what: worked[f"own {what}"] for what in ("spans", "logs")}
    assert made["other logs"], "nothing was told of carrying groups out, so nothing was tried here"
    assert bool(made["other spans"]) == (sampler == "always_on"), "most samplers do not even take its spans"
    events, number = stored(tmp_path)
    assert number == sum(own.values()), [event.text for event in events]
    # The same client's, of the service's own use.
    spans = {(event.text, event.status) for event in events if event.signal is Signal.SPAN}
    assert ("search", "error") in spans


@pytest.mark.parametrize("by", BY)
def test_what_sends_to_a_sidecar_is_not_sent(
    servers: Servers, elasticsearch_9: Elasticsearch, tmp_path: Path, by: str
) -> None:
    sidecar = start_sidecar(servers)
    settings = {"sdk": {"endpoint": sidecar.http}}
    with Shop(tmp_path, elasticsearch_9.url, "none", by, "always_on", settings=settings) as shop:
        shop.does("work")
        made = shop.does("nothing")
        shop.ends()
    assert made["other logs"], "nothing was told of sending, so nothing was tried here"
    assert sidecar.received("spans") == made["own spans"]
    assert sidecar.received("logs") == made["own logs"]

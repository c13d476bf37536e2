"""A rebuild, and pushes that are broken off: by a crash of ours, or of Elasticsearch."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stormcell_exporters.elasticsearch import ElasticsearchExporter
from tests.services.actors import PROGRAM
from tests.services.copies import Copied, changed, made
from tests.services.elastic import Elasticsearch, start_elasticsearch
from tests.services.faults import Delay, Hang, Proxy, Request, between
from tests.services.servers import PATIENCE, Servers, until

MANY = 1200
"""Groups: more than go in one page."""


def bulk(request: Request) -> bool:
    """Fit for what writes documents."""
    return request.path.startswith("/_bulk")


@pytest.fixture
def proxy(elasticsearch_own: Elasticsearch) -> Iterator[Proxy]:
    with between(elasticsearch_own.url) as proxy:
        yield proxy


@pytest.fixture
def copied(elasticsearch_own: Elasticsearch, proxy: Proxy, prefix: str, tmp_path: Path) -> Iterator[Copied]:
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        place = Copied(elasticsearch_own, proxy.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(place.url)
        place.keep(*(made(number, 1) for number in range(MANY)))
        yield place


def command(copied: Copied, what: str) -> list[str]:
    place = ["--url", copied.url, "--prefix", copied.exporter.names.prefix]
    return [*PROGRAM, "elasticsearch", what, "--store", str(copied.path), *place]


def count(copied: Copied, index: str) -> int:
    copied.node.call("POST", f"{index}/_refresh")
    return int(copied.node.call("GET", f"{index}/_count")["count"])


class Reader(threading.Thread):
    """Asks all the time how many groups and members there are."""

    def __init__(self, copied: Copied) -> None:
        super().__init__(daemon=True)
        self.copied = copied
        self.seen: set[tuple[int, int]] = set()
        self.asked = 0
        self.ended = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        search = {"size": 0, "track_total_hits": True}
        try:
            while not self.ended.is_set():
                totals = (
                    self.copied.node.call("POST", f"{index}/_search", search)["hits"]["total"]["value"]
                    for index in (self.copied.groups, self.copied.members)
                )
                self.seen.add((next(totals), next(totals)))
                self.asked += 1
        except Exception as error:
            self.failure = error


def test_readers_see_all_groups_all_the_time(copied: Copied) -> None:
    copied.push()
    count(copied, copied.groups), count(copied, copied.members)
    reader = Reader(copied)
    reader.start()
    before = copied.indices()
    done = copied.rebuild()
    asked = reader.asked
    until("a search after the rebuild", lambda: reader.asked > asked or reader.failure is not None)
    reader.ended.set()
    reader.join()
    assert reader.failure is None
    assert reader.seen == {(MANY, MANY)}
    assert (done.groups, done.refused) == (MANY, ())
    assert [name[-1] for name in before] == ["1", "1"]
    assert [name[-1] for name in copied.indices()] == ["2", "2"]
    assert copied.found() == []


def test_a_rebuild_leaves_nothing_of_before(copied: Copied) -> None:
    copied.push()
    copied.node.call("POST", f"{copied.groups}/_doc/g-other", {"incident_group": {"id": "g-other"}})
    member = {"incident_group": {"id": "g-other"}}
    copied.node.call("POST", f"{copied.members}/_doc/other", member)
    copied.rebuild()
    assert copied.found() == []
    assert count(copied, copied.members) == MANY


@pytest.mark.parametrize("what", ["push", "rebuild"])
def test_one_that_was_killed_goes_on_where_it_was(copied: Copied, proxy: Proxy, what: str) -> None:
    if what == "rebuild":
        copied.push()
    # Of the last page nothing is answered, so that it is killed in the middle.
    arrived = threading.Event()

    def later(request: Request) -> bool:
        hung = bulk(request) and sum(map(bulk, proxy.requests)) > 4
        if hung:
            arrived.set()
        return hung

    proxy.requests.clear()
    proxy.fail(Hang(), where=later)
    process = subprocess.Popen(command(copied, what), stderr=subprocess.DEVNULL)
    assert arrived.wait(PATIENCE)
    process.kill()
    process.wait()
    proxy.mend()
    if what == "rebuild":
        assert len(copied.indices()) == 4
        assert copied.found() == []  # in the old ones
    # Meanwhile the store goes on.
    copied.keep(changed(made(3, 1), 2, [0], status="acknowledged"))
    done = subprocess.run([*command(copied, what), "--json"], check=True, capture_output=True, text=True)
    assert '"unchanged": 0' not in done.stdout
    assert copied.found() == []
    assert len(copied.indices()) == 2


@pytest.mark.slow
def test_elasticsearch_is_killed_in_the_middle_of_a_push(servers: Servers, prefix: str, tmp_path: Path) -> None:
    node = start_elasticsearch(servers)
    with between(node.url) as proxy, closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        copied = Copied(node, proxy.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(copied.url)
        copied.keep(*(made(number, 1) for number in range(MANY)))
        proxy.fail(Delay(PATIENCE), where=lambda request: bulk(request) and sum(map(bulk, proxy.requests)) > 1)
        process = subprocess.Popen(command(copied, "push"))
        until("the second page", lambda: sum(map(bulk, proxy.requests)) > 1)
        node.kill()
        proxy.mend()
        node.start(servers)
        process.wait(PATIENCE)
        if process.returncode:  # it was down for longer than a push waits
            subprocess.run(command(copied, "push"), check=True)
        assert copied.found() == []
        kinds = [one["event"]["dataset"] for one in node.documents(copied.history).values()]
        assert kinds.count("stormcell.history") == MANY

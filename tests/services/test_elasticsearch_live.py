"""Groups that the sidecar hands to a real Elasticsearch as they come, whatever happens to either."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stormcell.delivery import Courier, Destination
from stormcell.store import SqliteStore
from stormcell.testing import FakeClock
from stormcell_exporters.elasticsearch import ElasticsearchExporter
from tests.services.actors import PROGRAM, Sidecar, start_sidecar
from tests.services.copies import Copied, changed, made
from tests.services.elastic import ADMIN, Elasticsearch, password, start_elasticsearch
from tests.services.faults import Answer, CutResponse, Hang, Request, between
from tests.services.servers import Servers, post, until
from tests.services.storm import ALERTS, REPLAYED, telemetry

GROUPS = [made(number) for number in range(5)]
SECOND = 10**9


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], SqliteStore]:
    return lambda: SqliteStore(tmp_path / "stormcell.db", create=True)


@pytest.fixture
def copied(
    elasticsearch_own: Elasticsearch, prefix: str, tmp_path: Path, open_store: Callable[[], SqliteStore]
) -> Iterator[Copied]:
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        place = Copied(elasticsearch_own, elasticsearch_own.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(place.url)
        place.keep(*GROUPS)
        yield place


def carry(copied: Copied, open_store: Callable[[], SqliteStore], clock: FakeClock, tries: int = 1) -> Courier:
    """Let a courier carry letters, until none is left or so many tries have failed in a row."""
    courier = Courier(Destination("es", copied.exporter, copied.url), open_store, clock, b"seed")
    until_then = courier.step()
    while until_then is not None and courier.progress.failures < tries:
        clock.at = until_then
        until_then = courier.step()
    courier.close()
    return courier


def put(open_store: Callable[[], SqliteStore], clock: FakeClock, *some: Any) -> None:
    with open_store() as store:
        store.put_outbox([("es", group) for group, _ in some], clock.now())


def test_all_of_a_group_goes_out_as_it_is_now(copied: Copied, open_store: Callable[[], SqliteStore]) -> None:
    clock = FakeClock(10**18)
    put(open_store, clock, *GROUPS)
    copied.keep(changed(GROUPS[1], 2, [0, 1]))  # since the letter was written
    courier = carry(copied, open_store, clock)
    assert (courier.progress.delivered, courier.progress.problem) == (5, "")
    assert copied.found() == []
    assert copied.push().written == 0


def test_a_group_that_is_no_more_is_taken_out(copied: Copied, open_store: Callable[[], SqliteStore]) -> None:
    clock = FakeClock(10**18)
    put(open_store, clock, *GROUPS)
    carry(copied, open_store, clock)
    put(open_store, clock, GROUPS[0])
    with open_store() as store, store._writing() as connection:
        connection.execute("DELETE FROM groups WHERE id = ?", (GROUPS[0][0].id,))
    carry(copied, open_store, clock)
    assert copied.found() == []


@pytest.mark.parametrize("fault", [Answer(429, retry_after="3"), Answer(503), CutResponse()], ids=repr)
def test_letters_wait_until_they_are_taken(
    copied: Copied, open_store: Callable[[], SqliteStore], fault: Any
) -> None:
    clock = FakeClock(10**18)
    put(open_store, clock, *GROUPS)
    with between(copied.url) as proxy:
        copied.url = proxy.url
        proxy.fail(fault, 2, lambda request: request.path.startswith("/_bulk"))
        courier = carry(copied, open_store, clock, tries=9)
        assert (courier.progress.delivered, courier.progress.dead) == (5, 0)
        assert courier.progress.attempts > 5
        assert copied.found() == []
        kinds = [one["event"]["dataset"] for one in copied.node.documents(copied.history).values()]
        # How the store stands is noted once in five minutes at most.
        assert sorted(kinds) == ["stormcell.history"] * 5 + ["stormcell.totals"]


def test_a_block_because_the_disk_is_full(copied: Copied, open_store: Callable[[], SqliteStore]) -> None:
    clock = FakeClock(10**18)
    put(open_store, clock, *GROUPS)
    block = "index.blocks.read_only_allow_delete"
    copied.node.call("PUT", f"{copied.exporter.names.prefix}-*/_settings", {block: True})
    courier = carry(copied, open_store, clock, tries=3)
    assert (courier.progress.delivered, courier.progress.dead) == (0, 0)
    assert "flood-stage" in courier.progress.problem
    copied.node.call("PUT", f"{copied.exporter.names.prefix}-*/_settings", {block: None})
    assert carry(copied, open_store, clock, tries=9).progress.delivered == 5
    assert copied.found() == []


def test_documents_that_are_refused(
    elasticsearch_own: Elasticsearch, prefix: str, tmp_path: Path, open_store: Callable[[], SqliteStore]
) -> None:
    clock = FakeClock(10**18)
    custom = f"_component_template/{prefix}-members@custom"
    elasticsearch_own.call(
        "PUT", custom, {"template": {"mappings": {"properties": {"message": {"type": "long"}}}}}
    )
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        copied = Copied(elasticsearch_own, elasticsearch_own.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(copied.url)
        copied.keep(*GROUPS)
        put(open_store, clock, *GROUPS)
        courier = carry(copied, open_store, clock)
        assert (courier.progress.delivered, courier.progress.dead) == (0, 5)
        assert "message" in courier.progress.problem
        # Once the mapping is mended they go out as they are.
        elasticsearch_own.call("DELETE", custom)
        copied.rebuild()
        with open_store() as store:
            assert store.retry_dead(now=clock.now()) == 5
        assert carry(copied, open_store, clock).progress.delivered == 5
        assert copied.found() == []


def test_wrong_credentials_are_no_loss(
    elasticsearch_secure: Elasticsearch,
    prefix: str,
    tmp_path: Path,
    open_store: Callable[[], SqliteStore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = elasticsearch_secure
    monkeypatch.setenv("STORMCELL_ELASTICSEARCH_USERNAME", ADMIN)
    monkeypatch.setenv("STORMCELL_ELASTICSEARCH_PASSWORD", password(ADMIN))
    with closing(ElasticsearchExporter(prefix=prefix, ca_file=node.ca_file)) as exporter:
        copied = Copied(node, node.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(copied.url)
        copied.keep(*GROUPS)
        clock = FakeClock(10**18)
        put(open_store, clock, *GROUPS)
        for user, word in (("admin", "nonsense"), ("reader", password("reader"))):
            monkeypatch.setenv("STORMCELL_ELASTICSEARCH_USERNAME", user)
            monkeypatch.setenv("STORMCELL_ELASTICSEARCH_PASSWORD", word)
            courier = carry(copied, open_store, clock, tries=2)
            assert (courier.progress.delivered, courier.progress.dead) == (0, 0)
            assert courier.progress.problem
            assert word not in courier.progress.problem
            clock.advance(3600)
        monkeypatch.setenv("STORMCELL_ELASTICSEARCH_USERNAME", "writer")
        monkeypatch.setenv("STORMCELL_ELASTICSEARCH_PASSWORD", password("writer"))
        assert carry(copied, open_store, clock, tries=9).progress.delivered == 5
        assert copied.found() == []


@pytest.mark.slow
def test_the_sidecar_and_elasticsearch_are_killed(servers: Servers, prefix: str, tmp_path: Path) -> None:
    node = start_elasticsearch(servers)
    run("setup", node.url, prefix)
    with between(node.url) as proxy:
        exporter = {"name": "es", "kind": "elasticsearch", "target": proxy.url, "options": {"prefix": prefix}}
        settings = {"notifications": {"exporters": [{**exporter, "wait": 0, "interval": 0}]}}
        sidecar = start_sidecar(servers, {**REPLAYED, **settings})
        proxy.fail(Hang(), where=lambda request: bulk(request) and sum(map(bulk, proxy.requests)) > 7)
        files = telemetry(tmp_path / "telemetry")
        for file, path in (("logs", "v1/logs"), ("traces", "v1/traces")):
            for line in (files / f"{file}.otlp.jsonl").read_bytes().splitlines():
                post(f"{sidecar.http}/{path}", line)
        with gzip.open(ALERTS) as alerts:
            for line in alerts:
                post(f"{sidecar.http}/v1/alerts/alertmanager", line)
        until("half of the copies", lambda: sum(map(bulk, proxy.requests)) > 7)
        node.kill()
        sidecar.server.kill()
        proxy.mend()
        sidecar.again(servers)
        node.start(servers)
        until("all copies", lambda: is_done(sidecar))
        assert sidecar.server.stop() == 0
    assert len(node.documents(f"{prefix}-groups")) > 5
    run("check", node.url, prefix, "--store", str(sidecar.data))


def bulk(request: Request) -> bool:
    """Fit for what writes documents."""
    return request.path.startswith("/_bulk")


def is_done(sidecar: Sidecar) -> bool:
    """Tell whether nothing waits to go out any more."""
    with SqliteStore(sidecar.data / "stormcell.db", create=False) as store:
        return not store.outbox_pending() and bool(store.statuses())


def run(what: str, url: str, prefix: str, *more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, "elasticsearch", what, "--url", url, "--prefix", prefix, *more], check=True)

"""Whatever happens between us and the real Elasticsearch, in the end all of it is there, once."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from stormcell.errors import DeliveryError
from stormcell.types import Dossier, Projected, Row
from stormcell_exporters.elasticsearch import ElasticsearchExporter, bulk
from stormcell_exporters.elasticsearch.names import GROUPS, KINDS, MEMBERS, Names
from tests.services.elastic import Elasticsearch
from tests.services.faults import Answer, CutRequest, CutResponse, Delay, Proxy, Request, between
from tests.unit.exporters.dossiers import entry
from tests.unit.render.samples import event, group, row, s

TRIES = 30
FAULTS = (Answer(429, retry_after="0"), Answer(503), CutRequest(500), CutResponse(0), CutResponse(200))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be many requests, and hardly any waiting."""
    monkeypatch.setattr(bulk, "MOST_BYTES", 6_000)
    monkeypatch.setattr("stormcell_exporters.elasticsearch.push._PAGE_GROUPS", 4)
    monkeypatch.setattr(bulk, "_FIRST", 0.001)
    monkeypatch.setattr(bulk, "_LONGEST", 0.002)


@pytest.fixture
def proxy(elasticsearch: Elasticsearch) -> Iterator[Proxy]:
    with between(elasticsearch.url) as standing:
        yield standing


@pytest.fixture
def exporter(elasticsearch: Elasticsearch, prefix: str) -> Iterator[ElasticsearchExporter]:
    made = ElasticsearchExporter(prefix, retention_days=10_000)
    made.setup(elasticsearch.url)
    # The worst case: a search finds nothing that was written since somebody last asked for it to be found.
    elasticsearch.call("PUT", f"{prefix}-*/_settings", {"index": {"refresh_interval": "-1"}})
    yield made
    made.close()


def dossier(number: int, revision: int = 1) -> Dossier:
    """Return a group of some rows; of a higher revision some of them are others."""
    uids = [f"{number}-{at}-{revision if at % 3 else 0}" for at in range(5 + number % 3 - revision % 2)]
    rows = [row(event(uid, f"it broke {revision}", time=s(at)), f"{uid}-x") for at, uid in enumerate(uids)]
    made, atom = group(rows, rows[0].event, id=f"g-{number}", revision=revision)
    history = [entry(s(at), "cli", "ack", made.id, by="Ada") for at in range(revision)]
    return Dossier(made, (atom,), (), history)


def dossiers(revision: int = 1, count: int = 25) -> list[Dossier]:
    return [dossier(number, revision) for number in range(count)]


def spoil(proxy: Proxy, share: float, times: float = math.inf) -> None:
    """Let a share of all requests fail, by chance, in one of some ways, each at most so often."""
    chance = random.Random(1)

    def hit(_: Request) -> bool:
        return chance.random() < share / len(FAULTS)

    for fault in FAULTS:
        proxy.fail(fault, times, where=hit)


def held(node: Elasticsearch, names: Names) -> dict[str, dict[str, Any]]:
    return {kind: node.documents(names.alias(kind)) for kind in KINDS}


def until_done(bring: Callable[[Sequence[Dossier], str], Projected], wanted: Sequence[Dossier], url: str) -> int:
    """Try until it is told that all of it is there; return how often it was not."""
    for failed in range(TRIES):
        try:
            told = bring(wanted, url)
        except DeliveryError as error:
            if not error.retryable:
                raise
        else:
            assert not told.refused
            return failed
    raise AssertionError("it never got through")


def push(exporter: ElasticsearchExporter) -> Callable[[Sequence[Dossier], str], Projected]:
    return lambda wanted, url: exporter.project(wanted, url, whole=True)


@pytest.mark.parametrize(("patience", "share"), [(60.0, 1 / 4), (0.0, 1 / 12)])
def test_nothing_is_lost_and_nothing_doubled(
    elasticsearch: Elasticsearch,
    proxy: Proxy,
    exporter: ElasticsearchExporter,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
    share: float,
) -> None:
    monkeypatch.setattr(bulk, "PATIENCE", patience)
    for revision in (1, 2):
        wanted = dossiers(revision)
        spoil(proxy, share)
        failed = until_done(push(exporter), wanted, proxy.url)
        assert bool(failed) == (patience == 0.0), failed
        proxy.mend()
        assert not [*exporter.compare(wanted, elasticsearch.url)]
        again = exporter.project(wanted, elasticsearch.url, whole=True)
        assert (again.unchanged, again.written, again.deleted) == (len(wanted), 0, 0)
    with closing(ElasticsearchExporter(f"{prefix}-clean", retention_days=10_000)) as clean:
        clean.setup(elasticsearch.url)
        clean.project(wanted, elasticsearch.url, whole=True)
        assert held(elasticsearch, exporter.names) == held(elasticsearch, clean.names)


@pytest.mark.parametrize("seed", range(3))
def test_of_two_who_write_the_same_groups_the_newer_wins(
    elasticsearch: Elasticsearch, proxy: Proxy, exporter: ElasticsearchExporter, prefix: str, seed: int
) -> None:
    chance = random.Random(seed)
    for hundredths in range(1, 20, 3):  # one overtakes the other, now here and now there
        proxy.fail(Delay(hundredths / 100), where=lambda _: chance.random() < 0.1)
    wanted = dossiers(2)
    other = ElasticsearchExporter(prefix, retention_days=10_000)
    with closing(other), ThreadPoolExecutor(2) as pool:
        older = pool.submit(until_done, exporter.project, dossiers(1), proxy.url)
        newer = pool.submit(until_done, other.project, wanted, proxy.url)
        older.result(), newer.result()
    # What the older one wrote over, at the latest now is found and mended.
    exporter.project(wanted, elasticsearch.url)
    assert not [*exporter.compare(wanted, elasticsearch.url)]


def test_what_moves_between_groups_is_in_one(
    elasticsearch: Elasticsearch, proxy: Proxy, exporter: ElasticsearchExporter
) -> None:
    rows = [row(event(f"e-{at}", time=s(at))) for at in range(120)]
    spoil(proxy, 1 / 8)
    chance = random.Random(2)
    # Each time most rows are in other groups than before.
    for revision in range(1, 6):
        parts: dict[int, list[Row]] = {}
        for one in rows:
            parts.setdefault(chance.randrange(5 * revision), []).append(one)
        wanted = []
        for number, part in parts.items():
            made, atom = group(part, part[0].event, id=f"g-{number}", revision=revision)
            wanted.append(Dossier(made, (atom,)))
        until_done(push(exporter), wanted, proxy.url)
        assert not [*exporter.compare(wanted, elasticsearch.url)]
        assert len(elasticsearch.documents(exporter.names.alias(MEMBERS))) == len(rows)


def test_a_group_that_is_gone_as_soon_as_it_came_leaves_nothing(
    elasticsearch: Elasticsearch, exporter: ElasticsearchExporter
) -> None:
    exporter.project(dossiers(1, 3), elasticsearch.url)
    told = exporter.project([], elasticsearch.url, gone=["g-0", "g-1", "g-2"])
    assert told.removed == 3
    assert not elasticsearch.documents(exporter.names.alias(GROUPS))
    assert not elasticsearch.documents(exporter.names.alias(MEMBERS))


def test_a_rebuild_that_is_broken_off_goes_on_and_no_reader_sees_it(
    elasticsearch: Elasticsearch, proxy: Proxy, exporter: ElasticsearchExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PATIENCE", 0.0)
    exporter.project(dossiers(1), elasticsearch.url, whole=True)
    wanted = dossiers(2)
    alias, names = exporter.names.alias(GROUPS), f"{exporter.names.prefix}-groups-*"
    elasticsearch.call("POST", f"{alias}/_refresh")
    spoil(proxy, 1 / 12, times=3)
    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(until_done, exporter.rebuild, wanted, proxy.url)
        seen = set()
        while not rebuilding.done():
            seen.add(elasticsearch.call("POST", f"{alias}/_count")["count"])
    assert rebuilding.result(), "it was never broken off, so nothing was tried here"
    assert seen == {len(wanted)}
    assert not [*exporter.compare(wanted, elasticsearch.url)]
    [behind] = elasticsearch.call("GET", f"{names}/_alias").values()
    assert behind["aliases"] == {alias: {"is_write_index": True}}

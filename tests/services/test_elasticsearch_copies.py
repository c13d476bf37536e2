"""Copies of groups in a real Elasticsearch: what is written, what is not, and what comes of others who write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stormcell.decode import read
from stormcell.errors import DeliveryError
from stormcell.pipeline import group as group_events
from stormcell.store import SqliteStore
from stormcell_exporters.elasticsearch import ElasticsearchExporter
from tests.services.copies import Copied, changed, made
from tests.services.elastic import Elasticsearch
from tests.services.faults import Answer, CutRequest, CutResponse, Proxy, Request, between
from tests.services.storm import STORM

GROUPS = [made(number) for number in range(12)]


def bulk(request: Request) -> bool:
    """Fit for what writes documents."""
    return request.path.startswith("/_bulk")


@pytest.fixture
def proxy(elasticsearch: Elasticsearch) -> Iterator[Proxy]:
    with between(elasticsearch.url) as proxy:
        yield proxy


@pytest.fixture
def copied(elasticsearch: Elasticsearch, proxy: Proxy, prefix: str, tmp_path: Path) -> Iterator[Copied]:
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        place = Copied(elasticsearch, proxy.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(place.url)
        place.keep(*GROUPS)
        yield place


def test_what_is_there_is_not_sent_again(copied: Copied, proxy: Proxy) -> None:
    first = copied.push()
    assert (first.groups, first.unchanged, first.written, first.refused) == (12, 0, 12 + 36 + 12, ())
    assert copied.found() == []
    proxy.requests.clear()
    again = copied.push()
    assert (again.groups, again.unchanged, again.written, again.deleted) == (0, 12, 0, 0)
    assert proxy.requests
    assert not any(map(bulk, proxy.requests))


def test_of_a_changed_group_what_changed_is_sent(copied: Copied) -> None:
    copied.push()
    copied.keep(changed(GROUPS[3], 2, [0, 2], status="acknowledged"))
    done = copied.push()
    # The row that left, the group itself; of the rows that stay nothing.
    assert (done.groups, done.unchanged, done.written, done.deleted) == (1, 11, 1, 1)
    assert copied.found() == []


def test_a_row_may_go_to_another_group(copied: Copied) -> None:
    copied.push()
    taken = GROUPS[5][1].rows[1]
    again, atom = changed(GROUPS[6], 2, [0, 1, 2])
    grown = replace(again, count=8, members=tuple(sorted((*again.members, *taken.members))), signals={"log": 8})
    copied.keep(changed(GROUPS[5], 2, [0, 2]), (grown, replace(atom, rows=(*atom.rows, taken))))
    for id in (GROUPS[6][0].id, GROUPS[5][0].id):  # the other way round, too: see the whole push below
        copied.push(id)
    assert copied.found() == []
    copied.keep(changed(GROUPS[5], 3, [0, 1, 2]), changed(GROUPS[6], 3, [0, 1, 2]))
    copied.push()
    assert copied.found() == []


def test_groups_that_are_no_more_are_taken_out(copied: Copied) -> None:
    copied.push()
    with SqliteStore(copied.path, create=False) as store, store._writing() as connection:
        connection.execute("DELETE FROM groups WHERE id IN (?, ?)", (GROUPS[0][0].id, GROUPS[1][0].id))
    assert copied.found() == [(GROUPS[0][0].id, "not in the store"), (GROUPS[1][0].id, "not in the store")]
    copied.exporter.project([], copied.url, gone=[GROUPS[1][0].id])
    assert copied.found() == [(GROUPS[0][0].id, "not in the store")]
    # What a push that was broken off left of it, too.
    copied.node.call("DELETE", f"{copied.groups}/_doc/{GROUPS[0][0].id}?refresh")
    done = copied.push()
    assert (done.removed, done.deleted) == (1, 3)
    assert copied.found() == []
    assert len(copied.node.documents(copied.members)) == 30
    assert len(copied.node.documents(copied.history)) == 12


def test_what_the_store_has_forgotten_stays(elasticsearch: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    with closing(ElasticsearchExporter(prefix=prefix, retention_days=36_500)) as exporter:
        copied = Copied(elasticsearch, elasticsearch.url, exporter, tmp_path / "stormcell.db")
        exporter.setup(copied.url)
        copied.keep(*(made(number, status="resolved") for number in range(4)))
        copied.push()
        with SqliteStore(copied.path, create=False) as store:
            store.forget(background=0, groups=made(2)[0].first_seen, audit=0, most=100)
            assert len(store.statuses()) == 2
        assert copied.push().removed == 0
        assert copied.found() == []
        assert len(copied.node.documents(copied.groups)) == 4
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        copied.exporter = exporter
        # All ended long ago.
        assert copied.push().removed == 4
        assert copied.found() == []
        assert copied.node.documents(copied.members) == {}


def test_what_others_put_into_a_group_stays(copied: Copied) -> None:
    copied.push()
    id = GROUPS[2][0].id
    copied.node.call("POST", f"{copied.groups}/_update/{id}", {"doc": {"note": {"ticket": "OPS-7"}}})
    copied.keep(changed(GROUPS[2], 2, [0, 1]))
    copied.push()
    assert copied.node.documents(copied.groups)[id]["note"] == {"ticket": "OPS-7"}
    assert copied.found() == []


def test_who_writes_the_same_group_in_between(copied: Copied, proxy: Proxy) -> None:
    copied.push()
    id = GROUPS[2][0].id
    copied.keep(changed(GROUPS[2], 3, [0, 1]))
    intrude(copied, proxy, id, {"incident_group": {"revision": 2, "digest": "other"}, "note": "kept"})
    done = copied.push(id)
    assert (done.groups, done.refused) == (1, ())
    assert copied.node.documents(copied.groups)[id]["note"] == "kept"
    assert copied.found() == []


def test_who_writes_a_newer_revision_in_between(copied: Copied, proxy: Proxy) -> None:
    copied.push()
    id = GROUPS[2][0].id
    copied.keep(changed(GROUPS[2], 3, [0, 1]))
    intrude(copied, proxy, id, {"incident_group": {"revision": 4, "digest": "other"}})
    with pytest.raises(DeliveryError, match="by somebody else") as failure:
        copied.push(id)
    assert failure.value.retryable
    held = copied.node.documents(copied.groups)[id]["incident_group"]
    # It stays, and no longer says that all of it is there.
    assert (held["revision"], held["digest"]) == (4, "")
    copied.keep(changed(GROUPS[2], 5, [0, 1]))
    copied.push(id)
    assert copied.found() == []


def test_what_is_newer_there_stays(copied: Copied) -> None:
    copied.push()
    id = GROUPS[2][0].id
    copied.node.call("POST", f"{copied.groups}/_update/{id}", {"doc": {"incident_group": {"revision": 9}}})
    copied.keep(changed(GROUPS[2], 3, [0, 1]))
    assert copied.push().unchanged == 12
    assert copied.found() == [(id, "group"), (id, "members")]


def intrude(copied: Copied, proxy: Proxy, id: str, document: dict[str, Any]) -> None:
    """Let somebody else write to a group before our next request that writes arrives."""
    left = [document]

    def meanwhile(request: Request) -> bool:
        if bulk(request) and left:
            copied.node.call("POST", f"{copied.groups}/_update/{id}", {"doc": left.pop()})
        return False

    proxy.fail(Answer(500), where=meanwhile)


@pytest.mark.parametrize(
    "fault",
    [
        CutRequest(100),
        CutResponse(),
        CutResponse(200),
        Answer(429, retry_after="1"),
        Answer(503),
        Answer(413),
    ],
    ids=repr,
)
def test_nothing_is_lost_or_doubled_by_a_failure(copied: Copied, proxy: Proxy, fault: Any) -> None:
    proxy.fail(fault, 1, bulk)
    proxy.fail(fault, 1, lambda request: bulk(request) and request.size > 5_000)
    copied.push()
    assert copied.found() == []
    assert len(copied.node.documents(copied.history)) == 12


def test_in_one_try_a_failure_is_told(copied: Copied, proxy: Proxy) -> None:
    proxy.fail(Answer(429, retry_after="7"), 1, bulk)
    with pytest.raises(DeliveryError) as failure:
        copied.push(GROUPS[0][0].id)
    assert (failure.value.retryable, failure.value.retry_after) == (True, 7)
    proxy.refuse()
    with pytest.raises(DeliveryError, match="refused") as failure:
        copied.push(GROUPS[0][0].id)
    assert failure.value.retryable
    proxy.mend()
    copied.push(GROUPS[0][0].id)
    assert GROUPS[0][0].id not in {id for id, _ in copied.found()}


def test_a_disk_that_is_full(copied: Copied) -> None:
    block = "index.blocks.read_only_allow_delete"
    copied.node.call("PUT", f"{copied.members}/_settings", {block: True})
    with pytest.raises(DeliveryError, match="not taken for now") as failure:
        copied.push(GROUPS[0][0].id)
    assert failure.value.retryable
    copied.node.call("PUT", f"{copied.members}/_settings", {block: None})
    copied.push()
    assert copied.found() == []


def test_documents_that_do_not_fit_the_mapping(elasticsearch: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        copied = Copied(elasticsearch, elasticsearch.url, exporter, tmp_path / "stormcell.db")
        custom = {"template": {"mappings": {"properties": {"message": {"type": "long"}}}}}
        elasticsearch.call("PUT", f"_component_template/{exporter.names.custom('members')}", custom)
        exporter.setup(copied.url)
        copied.keep(*GROUPS)
        done = copied.push()
        assert len(done.refused) == 36
        assert "message" in done.refused[0]
        # Their groups do not claim to be complete: each push tries again.
        assert copied.push().unchanged == 0
        elasticsearch.call("DELETE", f"_component_template/{exporter.names.custom('members')}")
        exporter.setup(copied.url)
        copied.rebuild()
        assert copied.push().unchanged == 12
        assert copied.found() == []


def plant(copied: Copied) -> dict[str, Callable[[], Any]]:
    """Return ways to spoil a copy, by the difference that is to be found."""
    call, id = copied.node.call, GROUPS[4][0].id
    query = {"query": {"term": {"incident_group.id": id}}, "size": 1}
    [member] = call("POST", f"{copied.members}/_search", query)["hits"]["hits"]
    [entry] = call("POST", f"{copied.history}/_search", query)["hits"]["hits"]
    other = {"incident_group": {"id": "g-other", "status": "open"}}
    return {
        "missing": lambda: call("DELETE", f"{copied.groups}/_doc/{id}"),
        "group": lambda: call("POST", f"{copied.groups}/_update/{id}", {"doc": {"message": "changed"}}),
        "members": lambda: call("DELETE", f"{copied.members}/_doc/{member['_id']}"),
        "members ": lambda: call(
            "POST", f"{copied.members}/_update/{member['_id']}", {"doc": {"message": "changed"}}
        ),
        "history": lambda: call("DELETE", f"{copied.history}/_doc/{entry['_id']}"),
        "not in the store": lambda: call("POST", f"{copied.groups}/_doc/g-other", other),
    }


@pytest.mark.parametrize("what", ["missing", "group", "members", "members ", "history", "not in the store"])
def test_each_difference_is_found(copied: Copied, what: str) -> None:
    copied.push()
    assert copied.found() == []
    plant(copied)[what]()
    id = "g-other" if what == "not in the store" else GROUPS[4][0].id
    assert copied.found() == [(id, what.strip())]


def test_a_storm_of_real_telemetry(copied: Copied) -> None:
    grouping = group_events(read([STORM]))
    copied.path = copied.path.with_name("storm.db")
    with SqliteStore(copied.path, create=True) as store:
        store.save(grouping, [])
    done = copied.push()
    assert (done.groups, done.removed, done.refused) == (len(grouping.groups), 0, ())
    assert copied.found() == []
    assert copied.push().written == 0


def test_where_nothing_is_set_up(elasticsearch: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    with closing(ElasticsearchExporter(prefix=prefix)) as exporter:
        copied = Copied(elasticsearch, elasticsearch.url, exporter, tmp_path / "stormcell.db")
        copied.keep(*GROUPS)
        with pytest.raises(DeliveryError, match="stormcell elasticsearch setup"):
            copied.push(GROUPS[0][0].id)
        assert elasticsearch.call("GET", f"{prefix}-*") == {}


def test_more_than_fits_into_an_answer(copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stormcell_exporters.elasticsearch.copies.PAGE", 7)
    monkeypatch.setattr("stormcell_exporters.elasticsearch.copies._MOST_BUCKETS", 5)
    copied.push()
    assert copied.found() == []
    copied.keep(*(changed(one, 2, [0, 2]) for one in GROUPS))
    done = copied.push()
    assert (done.groups, done.written, done.deleted) == (12, 12, 12)
    assert copied.found() == []

"""stormcell elasticsearch, as far as no real server is needed; see tests/services for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from tests.integration.program import stormcell
from tests.unit.exporters.fake_elasticsearch import FakeElasticsearch
from tests.unit.render.samples import grouping

GROUPING = grouping()
ROWS = sum(len(atom.rows) for atom in GROUPING.memberships if atom.group is not None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [])
    return tmp_path


@pytest.fixture
def server() -> Iterator[FakeElasticsearch]:
    with FakeElasticsearch() as server:
        yield server


def test_push(folder: Path, server: FakeElasticsearch) -> None:
    ran = stormcell("elasticsearch", "push", "--store", folder, "--url", server.url)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (f"3 groups written, 0 up to date, 0 taken out; {3 + ROWS} documents written, 0 deleted.\n")
    held = {id for index, id in server.documents if index == "stormcell-groups"}
    assert held == {group.id for group in GROUPING.groups}
    ran = stormcell("elasticsearch", "push", "--store", folder, "--url", server.url, "--json")
    assert ran.json == {
        "groups": 0,
        "unchanged": 3,
        "removed": 0,
        "old": 0,
        "written": 0,
        "deleted": 0,
        "refused": [],
    }


def test_groups_that_ended_long_ago_are_left_out_and_counted(folder: Path, server: FakeElasticsearch) -> None:
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        store.set_status(GROUPING.groups[0].id, "resolved")
    ran = stormcell("elasticsearch", "push", "--store", folder, "--url", server.url)
    assert "2 groups written" in ran.err
    assert ran.err.endswith("Left out: 1 group resolved and ended longer ago than retention_days.\n")
    assert not any(id == GROUPING.groups[0].id for _, id in server.documents)


def test_how_the_store_stands_is_noted_with_each_push(folder: Path, server: FakeElasticsearch) -> None:
    for _ in range(2):
        stormcell("elasticsearch", "push", "--store", folder, "--url", server.url)
    noted = [one for _, one in server.written if one["event"]["dataset"] == "stormcell.totals"]
    assert [one["incident_group"]["totals"]["background"] for one in noted] == [1, 1]


def test_where_to_comes_from_the_settings(folder: Path, server: FakeElasticsearch) -> None:
    config = folder / "stormcell.yaml"
    config.write_text(
        "notifications:\n  exporters:\n"
        f"    - {{name: es, kind: elasticsearch, target: '{server.url}', options: {{prefix: shop}}}}\n"
    )
    ran = stormcell("elasticsearch", "push", "--store", folder, "--config", config)
    assert ran.code == 0, ran.err
    assert {index for index, _ in server.documents} == {"shop-groups", "shop-members", "shop-history"}
    ran = stormcell("elasticsearch", "push", "--store", folder, "--config", config, "--prefix", "mine")
    assert ("mine-groups", GROUPING.groups[0].id) in server.documents


def test_what_is_refused_is_named(folder: Path, server: FakeElasticsearch) -> None:
    server.statuses.append(400)
    ran = stormcell("elasticsearch", "push", "--store", folder, "--url", server.url)
    assert ran.code == 1
    assert "refused: stormcell-members/" in ran.err
    assert "told_so: as the test has it" in ran.err
    assert "1 document refused" in ran.err


def test_a_store_without_groups_takes_no_copies_away(folder: Path, server: FakeElasticsearch) -> None:
    with SqliteStore(folder / "stormcell.db", create=False) as store, store._writing() as connection:
        connection.execute("DELETE FROM groups")
    ran = stormcell("elasticsearch", "push", "--store", folder, "--url", server.url)
    assert ran.code == 1
    assert "holds no groups" in ran.err


def test_nowhere_to_push_to(folder: Path) -> None:
    ran = stormcell("elasticsearch", "push", "--store", folder)
    assert ran.code == 2
    assert "no exporters of the kind elasticsearch; expected one, or --url" in ran.err


@pytest.mark.parametrize("command", ["setup", "check"])
def test_a_server_that_is_not_there(folder: Path, command: str) -> None:
    store = ("--store", folder) if command == "check" else ()
    ran = stormcell("elasticsearch", command, *store, "--url", "http://127.0.0.1:1")
    assert ran.code == 1
    assert "connection refused" in ran.err

"""Every chart of every dashboard finds something in what is written of real groups, and the right thing.

With UPDATE_PICTURES=1 the answers are kept for docs/kibana: `scripts/make-kibana-pictures` draws them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest

from stormcell.store import SqliteStore
from stormcell.store.dossiers import dossiers
from stormcell.types import EXEMPLAR, SIDECAR, AuditEntry, Dossier, Totals
from stormcell_exporters.elasticsearch import ElasticsearchExporter
from stormcell_exporters.elasticsearch.documents import (
    documents,
    totals_document,
)
from stormcell_exporters.elasticsearch.fitting import Document
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, KINDS, MEMBERS, Names
from stormcell_exporters.kibana import queries
from stormcell_exporters.kibana.boards import BOARDS, SESSIONS
from stormcell_exporters.kibana.objects import dashboard, session
from stormcell_exporters.kibana.panels import Ids, Panel
from stormcell_exporters.kibana.rule import rule
from tests.integration.program import ROOT, stormcell
from tests.services.elastic import Elasticsearch

DATA = ROOT / "benchmarks" / "data"
SHOWN = "onlineboutique-overlap"
"""The set of which docs/kibana.md shows pictures."""
RESULTS = ROOT / "docs" / "kibana" / "results.json"
MINUTE = 60 * 10**9

Row = dict[str, Any]


@pytest.fixture(scope="module", params=[SHOWN, "trainticket-overlap"])
def data(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def known(data: str, tmp_path_factory: pytest.TempPathFactory) -> list[Dossier]:
    """Real groups; what people did to them is made up, as nobody was there."""
    out = tmp_path_factory.mktemp("groups") / "out"
    ran = stormcell("group", DATA / data, "--out", out)
    assert ran.code == 0, ran.err
    with SqliteStore(out / "stormcell.db", create=False) as store:
        found = list(dossiers(store))
    return [_lived(one, number) for number, one in enumerate(found)]


def _lived(one: Dossier, number: int) -> Dossier:
    """Return a group as people might have left it: some taken up, some of these resolved, a few corrected."""
    group, id, start = one.group, one.group.id, one.group.first_seen

    def entry(minutes: int, who: str, action: str) -> AuditEntry:
        return AuditEntry(start + minutes * MINUTE, who, action, id, (id,))

    history, status = [], "open"
    if number % 3:
        history.append(entry(2 + number % 7, "ann", "ack"))
        status = "acknowledged"
    if number % 3 == 2:
        history.append(entry(12 + 3 * (number % 5), "ann", "resolve"))
        status = "resolved"
    if number % 4 == 1:
        history.append(entry(1, SIDECAR, EXEMPLAR))
    if number % 10 == 2:
        history.append(entry(30, SIDECAR, "reopen"))
    if number % 6 == 3:
        history.append(entry(5, "bob", ("merge", "split", "move", "pin")[number // 6 % 4]))
    return replace(one, group=replace(group, status=status), history=history)


def _totals(known: Sequence[Dossier], background: int) -> Iterator[Document]:
    """Yield how the store stood every ten minutes, had it been asked."""
    groups = [one.group for one in known]
    since, until = min(one.first_seen for one in groups), max(one.last_seen for one in groups)
    for time in range(since + 10 * MINUTE, until, 10 * MINUTE):
        there = [one for one in groups if one.last_seen <= time]
        by = Counter(one.status for one in there)
        part = round(background * (time - since) / (until - since))
        events = sum(one.count for one in there) + part
        if there:
            yield totals_document(Totals(time, events, part, by["open"], by["acknowledged"], by["resolved"]))


def _written(node: Elasticsearch, prefix: str, known: Sequence[Dossier]) -> None:
    # They ended years ago.
    exporter = ElasticsearchExporter(prefix=prefix, ca_file=node.ca_file, retention_days=36_500)
    with closing(exporter):
        exporter.setup(node.url)
        brought = exporter.project(known, node.url)
    assert (brought.groups, brought.refused) == (len(known), ())
    names = Names(prefix)
    body = "".join(f'{{"create":{{"_id":"{one.id}"}}}}\n{one.source.decode()}\n' for one in _totals(known, 4000))
    assert not node.call("POST", f"{names.alias(HISTORY)}/_bulk", body)["errors"]
    for kind in KINDS:
        node.call("POST", f"{names.alias(kind)}/_refresh")


def _within(known: Sequence[Dossier]) -> queries.Range:
    since = min(one.group.first_seen for one in known) - 15 * MINUTE
    until = max(one.group.last_seen for one in known) + 45 * MINUTE
    return queries.Range(since // 10**6, until // 10**6)


@pytest.fixture
def asked(elasticsearch: Elasticsearch, prefix: str, known: list[Dossier]) -> dict[str, list[Row]]:
    """What each chart shows, by the dashboard's name and the panel's index."""
    ids, within = Ids(prefix), _within(known)
    _written(elasticsearch, prefix, known)
    found = {}
    for board in BOARDS:
        for index, attributes in queries.charts(dashboard(ids, board)):
            # The id of a data view is the name of the alias that it reads, but for a space.
            path = f"{queries.data_view(attributes)}/_search"
            answer = elasticsearch.call("POST", path, queries.aggregation(attributes, within))
            assert answer["_shards"]["failed"] == 0
            found[f"{board.name}/{index}"] = queries.rows(attributes, answer)
    return found


def test_every_chart_shows_what_there_is(
    asked: dict[str, list[Row]], elasticsearch: Elasticsearch, prefix: str, known: list[Dossier], data: str
) -> None:
    empty = [name for name, rows in asked.items() if not any(_telling(row) for row in rows)]
    assert empty == []
    groups = [json.loads(documents(one).group.source)["incident_group"] for one in known]
    open_ones = [one for one in groups if one["status"] == "open"]
    severities = Counter(one["severity"] for one in open_ones)
    assert _by(asked["triage/open-by-severity"]) == dict(severities)
    assert asked["triage/open-events"] == [{"metric-0": sum(one["count"] for one in open_ones)}]
    assert sum(row["metric-0"] for row in asked["triage/groups-over-time"]) == len(groups)
    blamed = Counter(one["top_service"] for one in groups if one["status"] != "resolved")
    assert _by(asked["triage/services-by-blame"]) == dict(blamed)
    silhouettes = [one["silhouette"] for one in groups if "silhouette" in one]
    assert asked["quality/silhouette"][0]["metric-0"] == pytest.approx(fmean(silhouettes), abs=1e-6)
    least = [row["bucket-0"] for row in asked["quality/least-certain"]]
    assert least[0] == min(groups, key=lambda one: one.get("silhouette", 2))["id"]
    history = [entry for one in known for entry in one.history]
    churn = Counter(entry.action for entry in history if entry.action in (EXEMPLAR, "reopen"))
    assert _by(asked["quality/churn"]) == dict(churn)
    corrections = sum(entry.who == "bob" for entry in history)
    assert asked["quality/edits"] == [{"metric-0": corrections}]
    assert asked["executive/incidents"] == [{"metric-0": len(groups)}]
    times = [one["time_to_acknowledge"] for one in groups if "time_to_acknowledge" in one]
    assert asked["executive/time-to-acknowledge"][0]["metric-0"] == pytest.approx(fmean(times), rel=1e-5)

    _sessions_show_documents(elasticsearch, prefix, known)
    _the_rule_finds_open_groups(elasticsearch, prefix, known)
    if data == SHOWN and os.environ.get("UPDATE_PICTURES") == "1":
        _keep(asked, elasticsearch, prefix, known)


def _by(rows: Sequence[Row]) -> dict[str, int]:
    return {row["bucket-0"]: row["metric-0"] for row in rows}


def _telling(row: Row) -> bool:
    return any(value not in (None, 0) for name, value in row.items() if name.startswith("metric"))


def _sessions_show_documents(node: Elasticsearch, prefix: str, known: Sequence[Dossier]) -> None:
    ids, within = Ids(prefix), _within(known)
    living, events = (session(ids, one) for one in SESSIONS)
    rows = _listed(node, ids.alias(GROUPS), living, within)
    wanted = [one for one in known if one.group.status != "resolved"]
    assert {row["incident_group.id"] for row in rows} == {one.group.id for one in wanted}
    assert all(row["message"] and row["incident_group.severity"] for row in rows)
    assert [row["@timestamp"] for row in rows] == sorted((row["@timestamp"] for row in rows), reverse=True)

    # Where the link from the id of a group leads.
    one = min(known, key=lambda dossier: dossier.group.count)
    body = queries.listing(events, within)
    body["query"]["bool"]["filter"].append({"term": {"incident_group.id": one.group.id}})
    answer = node.call("POST", f"{ids.alias(MEMBERS)}/_search", body)
    found = queries.documents(events, answer)
    assert len(found) == sum(len(atom.rows) for atom in one.atoms)
    assert sum(row["incident_group.member.is_exemplar"] == "True" for row in found) == 1


def _listed(node: Elasticsearch, alias: str, saved: Any, within: queries.Range) -> list[Row]:
    return queries.documents(saved, node.call("POST", f"{alias}/_search", queries.listing(saved, within)))


def _the_rule_finds_open_groups(node: Elasticsearch, prefix: str, known: Sequence[Dossier]) -> None:
    params = rule(Ids(prefix))["params"]
    query = json.loads(params["esQuery"])["query"]
    terms = {"field": params["termField"], "size": params["termSize"]}
    [index] = params["index"]
    answer = node.call("POST", f"{index}/_search", {"size": 0, "query": query, "aggs": {"by": {"terms": terms}}})
    found = {bucket["key"] for bucket in answer["aggregations"]["by"]["buckets"]}
    wanted = {
        one.group.id
        for one in known
        if one.group.status == "open"
        and json.loads(documents(one).group.source)["incident_group"]["severity"] in ("critical", "error")
    }
    assert found == wanted


def _keep(asked: dict[str, list[Row]], node: Elasticsearch, prefix: str, known: Sequence[Dossier]) -> None:
    """Write down what the dashboards show, a row a line; what is empty is left out."""
    ids, within = Ids(prefix), _within(known)
    boards = []
    for board in BOARDS:
        charts = dict(queries.charts(dashboard(ids, board)))
        panels = []
        for one in board.panels:
            place = [one.place.x, one.place.y, one.place.w, one.place.h]
            if isinstance(one, Panel):
                columns = queries.columns(charts[one.id])
                names = [[column.label, _field(one, column.id)] for column in columns]
                shown = [row for row in asked[f"{board.name}/{one.id}"] if _telling(row)]
                rows = [[_rounded(row[column.id]) for column in columns] for row in shown]
            else:
                [chosen] = [each for each in SESSIONS if each.name == one.session]
                fields = ["@timestamp", *chosen.columns]
                names = [[name, name] for name in fields]
                listed = _listed(node, ids.alias(chosen.kind), session(ids, chosen), within)
                rows = [[row[name] for name in fields] for row in listed[:17]]
            chart = one.chart if isinstance(one, Panel) else "documents"
            head = {"id": one.id, "title": one.title, "chart": chart, "place": place, "columns": names}
            lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            panels.append(f'{json.dumps(head, ensure_ascii=False)[:-1]}, "rows": [\n{lines}\n]}}')
        about = {"name": board.name, "title": board.title, "within": within, "interval": queries.interval(within)}
        inner = ",\n".join(panels)
        boards.append(f'{json.dumps(about)[:-1]}, "panels": [\n{inner}\n]}}')
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("[\n" + ",\n".join(boards) + "\n]\n", "utf-8")


def _field(panel: Panel, column: str) -> str:
    kind, _, number = column.partition("-")
    part: Any = (panel.buckets if kind == "bucket" else panel.metrics)[int(number)]
    return getattr(part, "field", "@timestamp")


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value

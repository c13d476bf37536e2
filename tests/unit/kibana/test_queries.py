"""What charts ask for, and what they make of answers."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stormcell_exporters.kibana import lens, queries
from stormcell_exporters.kibana.boards import BOARDS, SESSIONS, TRIAGE
from stormcell_exporters.kibana.objects import dashboard, session
from stormcell_exporters.kibana.panels import Dates, Filter, Ids, Metric, Panel, Place, Terms

DAY = 86_400_000
WITHIN = queries.Range(0, DAY)


def chart(*buckets: Terms | Dates, metrics: tuple[Metric, ...] = (Metric("count", "Groups"),)) -> dict[str, Any]:
    filters = (Filter("event.dataset", ("stormcell.group",)), Filter("incident_group.silhouette"))
    panel = Panel("x", "X", "", "groups", "table", Place(0, 0, 1, 1), metrics, buckets, filters)
    return lens.attributes(panel, Ids())


def test_every_chart_of_every_dashboard_has_a_search() -> None:
    for board in BOARDS:
        saved = dashboard(Ids(), board)
        asked = dict(queries.charts(saved))
        assert set(asked) == {one.id for one in board.panels if isinstance(one, Panel)}
        for attributes in asked.values():
            filters = queries.aggregation(attributes, WITHIN)["query"]["bool"]["filter"]
            assert filters[0]["range"]["@timestamp"]["gte"] == 0
            assert len(filters) > 1
            assert queries.data_view(attributes) in ("stormcell-groups", "stormcell-history")


def test_buckets_are_nested_and_ordered_by_the_first_metric() -> None:
    terms = Terms("incident_group.severity", "Severity", 4)
    attributes = chart(terms, Dates(), metrics=(Metric("median", "Median", "incident_group.count"),))
    body = queries.aggregation(attributes, WITHIN)
    outer = body["aggs"]["bucket-0"]
    assert outer["terms"] == {"field": "incident_group.severity", "size": 4, "order": {"metric-0": "desc"}}
    inner = outer["aggs"]["bucket-1"]
    assert inner["date_histogram"]["fixed_interval"] == "30m"
    assert inner["aggs"] == {"metric-0": {"percentiles": {"field": "incident_group.count", "percents": [50]}}}
    assert body["query"]["bool"]["filter"][1:] == [
        {"match_phrase": {"event.dataset": "stormcell.group"}},
        {"exists": {"field": "incident_group.silhouette"}},
    ]


def test_an_answer_becomes_rows() -> None:
    attributes = chart(Terms("a", "A"), metrics=(Metric("count", "Groups"), Metric("sum", "Events", "b")))
    answer = {
        "hits": {"total": {"value": 3}},
        "aggregations": {
            "bucket-0": {
                "buckets": [
                    {"key": "x", "doc_count": 2, "metric-1": {"value": 7.0}},
                    {"key": "y", "doc_count": 1, "metric-1": {"value": None}},
                ]
            }
        },
    }
    assert queries.rows(attributes, answer) == [
        {"bucket-0": "x", "metric-0": 2, "metric-1": 7.0},
        {"bucket-0": "y", "metric-0": 1, "metric-1": None},
    ]
    assert queries.rows(chart(), {"hits": {"total": {"value": 3}}}) == [{"metric-0": 3}]


@given(st.integers(0, 10**13), st.integers(1, 10**12))
def test_there_are_about_fifty_stretches_of_time(since: int, length: int) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    found = queries.interval(queries.Range(since, since + length))
    size = int(found[:-1]) * seconds[found[-1]] * 1000
    assert length <= 50 * size or found == "30d"


def test_a_session_asks_for_its_columns() -> None:
    for one in SESSIONS:
        saved = session(Ids(), one)
        body = queries.listing(saved, WITHIN)
        assert body["fields"] == ["@timestamp", *one.columns]
        assert body["sort"][0] == {"@timestamp": {"order": one.sort[0][1]}}
    answer = {"hits": {"hits": [{"fields": {"@timestamp": ["2026"], "message": ["a", "b"]}}, {}]}}
    first, second = queries.documents(saved, answer)
    assert (first["@timestamp"], first["message"], first["trace.id"]) == ("2026", "a, b", "")
    assert set(second.values()) == {""}


def test_fields_of_a_panel_are_all_that_it_names() -> None:
    panel = next(one for one in TRIAGE.panels if one.id == "services-by-blame")
    assert isinstance(panel, Panel)
    assert set(lens.fields(panel)) == {
        "@timestamp",
        "incident_group.top_service",
        "event.dataset",
        "incident_group.status",
    }

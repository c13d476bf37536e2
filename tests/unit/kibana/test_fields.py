"""Panels, sessions and formats name fields that our mappings have, and can do with what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stormcell_exporters.elasticsearch.mappings import FIELDS
from stormcell_exporters.elasticsearch.names import KINDS
from stormcell_exporters.kibana import lens
from stormcell_exporters.kibana.boards import BOARDS, SESSIONS
from stormcell_exporters.kibana.objects import data_view
from stormcell_exporters.kibana.panels import Ids, Metric, Panel, Terms
from stormcell_exporters.kibana.rule import rule

TYPES = {kind: {field.name: field.type for field in FIELDS[kind]} for kind in KINDS}
NUMBERS = {"long", "integer", "float"}
AGGREGATED = {*NUMBERS, "keyword", "date", "boolean"}


def panels() -> Iterator[Panel]:
    for board in BOARDS:
        for one in board.panels:
            if isinstance(one, Panel):
                yield one


def test_every_field_of_a_panel_is_there_and_can_be_aggregated() -> None:
    for panel in panels():
        for field in lens.fields(panel):
            assert TYPES[panel.kind].get(field) in AGGREGATED, f"{panel.id}: {field}"


def test_buckets_are_of_words_and_metrics_of_numbers() -> None:
    for panel in panels():
        for bucket in panel.buckets:
            if isinstance(bucket, Terms):
                assert TYPES[panel.kind][bucket.field] == "keyword", bucket
        for metric in panel.metrics:
            if metric.operation not in ("count", "unique_count"):
                assert TYPES[panel.kind][metric.field] in NUMBERS, metric
            assert bool(metric.field) is (metric != Metric("count", metric.label)), metric


def test_every_column_of_a_session_is_there() -> None:
    for one in SESSIONS:
        known = TYPES[one.kind]
        assert set(one.columns) <= set(known)
        assert {known[field] for field, _ in one.sort} == {"date"}
        assert all(known[each.field] in AGGREGATED for each in one.filters)


def test_every_format_is_of_a_field_that_is_there() -> None:
    for kind in KINDS:
        formats = json.loads(data_view(Ids(), kind)["attributes"]["fieldFormatMap"])
        assert formats
        assert set(formats) <= set(TYPES[kind])


def test_the_rule_asks_by_fields_that_are_there() -> None:
    params = rule(Ids())["params"]
    asked = [
        name
        for part in json.loads(params["esQuery"])["query"]["bool"]["filter"]
        for name in next(iter(part.values()))
    ]
    for field in (*asked, params["termField"], params["timeField"]):
        assert TYPES["groups"][field] in AGGREGATED

"""What a chart or a Discover session asks Elasticsearch for, and what comes of the answer.

Made from the saved objects themselves, so that what is tested against a server is what is installed in Kibana.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from stormcell_exporters.kibana.lens import RECORDS
from stormcell_exporters.kibana.panels import TIME

_SECOND: Final = 1000
_LENGTHS: Final = tuple(
    (name, length * _SECOND)
    for name, length in (
        ("1s", 1),
        ("5s", 5),
        ("10s", 10),
        ("30s", 30),
        ("1m", 60),
        ("5m", 300),
        ("10m", 600),
        ("30m", 1800),
        ("1h", 3600),
        ("3h", 10_800),
        ("12h", 43_200),
        ("1d", 86_400),
        ("7d", 604_800),
        ("30d", 2_592_000),
    )
)
_BUCKETS: Final = 50
"""How many stretches of time a chart shows, about."""
_ROWS: Final = 100
"""Documents of a Discover session that are asked for at a time."""
_SINGLE: Final = {"sum": "sum", "average": "avg", "min": "min", "max": "max", "unique_count": "cardinality"}

Row = dict[str, Any]


class Range(NamedTuple):
    """A time range, ms since 1970."""

    since: int
    until: int


class Column(NamedTuple):
    """A column of what a chart shows."""

    id: str
    label: str
    operation: str


def charts(saved: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the charts of a saved dashboard, by panel index: the attributes of each."""
    for panel in json.loads(saved["attributes"]["panelsJSON"]):
        if panel["type"] == "lens":
            yield panel["panelIndex"], panel["embeddableConfig"]["attributes"]


def data_view(attributes: Mapping[str, Any]) -> str:
    """Return the id of the data view that a chart reads."""
    [layer] = attributes["state"]["datasourceStates"]["formBased"]["layers"]
    name = f"indexpattern-datasource-layer-{layer}"
    found: str = next(one["id"] for one in attributes["references"] if one["name"] == name)
    return found


def columns(attributes: Mapping[str, Any]) -> list[Column]:
    """Return the columns of what a chart shows, buckets first."""
    layer = _layer(attributes)
    return [
        Column(id, layer["columns"][id]["label"], layer["columns"][id]["operationType"])
        for id in layer["columnOrder"]
    ]


def aggregation(attributes: Mapping[str, Any], within: Range) -> dict[str, Any]:
    """Return the search that a chart makes.

    Parameters
    ----------
    attributes : mapping
        Of a Lens chart.
    within : Range
        Which the reader looks at.
    """
    layer = _layer(attributes)
    state = attributes["state"]
    body = {"size": 0, "track_total_hits": True, "query": _query(state["query"], state["filters"], within)}
    aggregations = _nested(layer["columnOrder"], layer["columns"], within)
    return {**body, "aggs": aggregations} if aggregations else body


def listing(saved: Mapping[str, Any], within: Range) -> dict[str, Any]:
    """Return the search that a saved Discover session makes."""
    attributes = saved["attributes"]
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    return {
        "size": _ROWS,
        "query": _query(source["query"], source["filter"], within),
        "sort": [{field: {"order": order}} for field, order in attributes["sort"]],
        "fields": [TIME, *attributes["columns"]],
        "_source": False,
    }


def rows(attributes: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Row]:
    """Return what a chart shows of an answer: a row a bucket, by the ids of columns."""
    layer = _layer(attributes)
    total = answer["hits"]["total"]["value"]
    return list(
        _rows(layer["columnOrder"], layer["columns"], {"doc_count": total, **answer.get("aggregations", {})})
    )


def documents(saved: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Row]:
    """Return what a Discover session shows of an answer: a row a document, by field."""
    wanted = [TIME, *saved["attributes"]["columns"]]
    found = []
    for hit in answer["hits"]["hits"]:
        values = hit.get("fields", {})
        found.append({name: ", ".join(map(str, values.get(name, ()))) for name in wanted})
    return found


def interval(within: Range) -> str:
    """Return how long the buckets of a time range are: the shortest that make no more than some fifty of it."""
    least = (within.until - within.since) / _BUCKETS
    return next((name for name, length in _LENGTHS if length >= least), _LENGTHS[-1][0])


def _layer(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    [layer] = attributes["state"]["datasourceStates"]["formBased"]["layers"].values()
    found: Mapping[str, Any] = layer
    return found


def _query(query: Mapping[str, Any], filters: Sequence[Mapping[str, Any]], within: Range) -> dict[str, Any]:
    if query["query"]:
        raise ValueError(f"a query in words is none of ours: {query['query']}")
    times = {"gte": within.since, "lte": within.until, "format": "epoch_millis"}
    return {"bool": {"filter": [{"range": {TIME: times}}, *(one["query"] for one in filters)]}}


def _nested(order: Sequence[str], known: Mapping[str, Any], within: Range) -> dict[str, Any]:
    """Return the aggregations for columns, those after a bucket being in it."""
    if not order:
        return {}
    id, rest = order[0], order[1:]
    column = known[id]
    if not column["isBucketed"]:
        return {one: made for one in order if (made := _number(known[one])) is not None}
    inner = _nested(rest, known, within)
    return {id: {**_bucket(column, known, within), **({"aggs": inner} if inner else {})}}


def _number(column: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return how a metric is computed; None where every bucket has it as it is, its documents being counted."""
    field, operation = column["sourceField"], column["operationType"]
    if field == RECORDS:
        return None
    if operation == "median":
        return {"percentiles": {"field": field, "percents": [50]}}
    return {_SINGLE[operation]: {"field": field}}


def _bucket(column: Mapping[str, Any], known: Mapping[str, Any], within: Range) -> dict[str, Any]:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        about: dict[str, Any] = {"field": field, "fixed_interval": interval(within), "time_zone": "UTC"}
        if params["includeEmptyRows"]:
            about |= {"min_doc_count": 0, "extended_bounds": {"min": within.since, "max": within.until}}
        return {"date_histogram": about}
    by = params["orderBy"]["columnId"]
    key = "_count" if known[by]["sourceField"] == RECORDS else by
    # Within the buckets of time a term's place is by the whole: so Lens orders, too.
    return {"terms": {"field": field, "size": params["size"], "order": {key: params["orderDirection"]}}}


def _rows(order: Sequence[str], known: Mapping[str, Any], bucket: Mapping[str, Any]) -> Iterator[Row]:
    id = order[0]
    if not known[id]["isBucketed"]:
        yield {one: _value(known[one], one, bucket) for one in order}
        return
    for inner in bucket.get(id, {}).get("buckets", ()):
        for row in _rows(order[1:], known, inner):
            yield {id: inner["key"], **row}


def _value(column: Mapping[str, Any], id: str, bucket: Mapping[str, Any]) -> Any:
    if column["sourceField"] == RECORDS:
        return bucket["doc_count"]
    found = bucket[id]
    return found["values"]["50.0"] if "values" in found else found["value"]

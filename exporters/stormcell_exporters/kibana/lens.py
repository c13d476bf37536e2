"""Panels as Lens charts, as Kibana saves them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stormcell_exporters.kibana.panels import TIME, Dates, Filter, Ids, Metric, Panel, Terms

LAYER: Final = "layer"
"""The id of the only layer of a chart."""
RECORDS: Final = "___records___"
"""What counting counts."""

_INDEX: Final = f"indexpattern-datasource-layer-{LAYER}"
_FILTER: Final = "filter-index-pattern-{}"
_CHARTS: Final = {"metric": "lnsMetric", "table": "lnsDatatable"}


def attributes(panel: Panel, ids: Ids) -> dict[str, Any]:
    """Return a panel as the attributes of a Lens chart, with all that it refers to."""
    view = ids.of(panel.kind)
    names = [_INDEX, *(_FILTER.format(number) for number in range(len(panel.filters)))]
    buckets = [f"bucket-{number}" for number in range(len(panel.buckets))]
    metrics = [f"metric-{number}" for number in range(len(panel.metrics))]
    columns = {
        **{id: _bucket(one, metrics[0]) for id, one in zip(buckets, panel.buckets, strict=True)},
        **{id: _metric(one) for id, one in zip(metrics, panel.metrics, strict=True)},
    }
    layer = {"columnOrder": [*buckets, *metrics], "columns": columns, "incompleteColumns": {}}
    return {
        "type": "lens",
        "title": panel.title,
        "description": panel.description,
        "visualizationType": _CHARTS.get(panel.chart, "lnsXY"),
        "references": [{"type": "index-pattern", "id": view, "name": name} for name in names],
        "state": {
            "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
            "visualization": _visualization(panel, buckets, metrics),
            "query": {"language": "kuery", "query": ""},
            "filters": [pill(one, {"index": name}) for one, name in zip(panel.filters, names[1:], strict=True)],
            "adHocDataViews": {},
            "internalReferences": [],
        },
    }


def pill(one: Filter, index: dict[str, str]) -> dict[str, Any]:
    """Return a filter as Kibana saves it; ``index`` says which data view it is of, by the name of a reference."""
    about: dict[str, Any] = {"alias": None, "disabled": False, "negate": False, **index}
    if not one.values:
        kind: dict[str, Any] = {"type": "exists", "value": "exists"}
        query: dict[str, Any] = {"exists": {"field": one.field}}
    elif len(one.values) == 1:
        kind = {"type": "phrase", "params": {"query": one.values[0]}}
        query = {"match_phrase": {one.field: one.values[0]}}
    else:
        kind = {"type": "phrases", "params": list(one.values)}
        should = [{"match_phrase": {one.field: value}} for value in one.values]
        query = {"bool": {"minimum_should_match": 1, "should": should}}
    meta = {**about, "key": one.field, "field": one.field, **kind}
    return {"$state": {"store": "appState"}, "meta": meta, "query": query}


def fields(panel: Panel) -> Iterable[str]:
    """Yield the fields by which a panel counts, computes and filters."""
    yield TIME
    for bucket in panel.buckets:
        if isinstance(bucket, Terms):
            yield bucket.field
    for metric in panel.metrics:
        if metric.field:
            yield metric.field
    for one in panel.filters:
        yield one.field


def _bucket(bucket: Terms | Dates, metric: str) -> dict[str, Any]:
    column: dict[str, Any] = {"label": bucket.label, "customLabel": True, "isBucketed": True}
    if isinstance(bucket, Dates):
        params: dict[str, Any] = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
        own = {"dataType": "date", "operationType": "date_histogram", "scale": "interval", "sourceField": TIME}
        return {**column, **own, "params": params}
    params = {
        "size": bucket.size,
        "orderBy": {"type": "column", "columnId": metric},
        "orderDirection": "desc" if bucket.descending else "asc",
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
    }
    own = {"dataType": "string", "operationType": "terms", "scale": "ordinal", "sourceField": bucket.field}
    return {**column, **own, "params": params}


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "label": metric.label,
        "customLabel": True,
        "isBucketed": False,
        "dataType": "number",
        "operationType": metric.operation,
        "scale": "ratio",
        "sourceField": metric.field or RECORDS,
        "params": {},
    }


def _visualization(panel: Panel, buckets: list[str], metrics: list[str]) -> dict[str, Any]:
    layer: dict[str, Any] = {"layerId": LAYER, "layerType": "data"}
    if panel.chart == "metric":
        breakdown = {"breakdownByAccessor": buckets[0], "maxCols": 4} if buckets else {}
        return {**layer, "metricAccessor": metrics[0], **breakdown}
    if panel.chart == "table":
        return {**layer, "columns": [{"columnId": id, "isTransposed": False} for id in (*buckets, *metrics)]}
    dates = [id for id, one in zip(buckets, panel.buckets, strict=True) if isinstance(one, Dates)]
    x = dates[0] if dates else buckets[0]
    split = next((id for id in buckets if id != x), None)
    layer |= {"seriesType": panel.chart, "xAccessor": x, "accessors": metrics, "position": "top"}
    if split is not None:
        layer["splitAccessor"] = split
    return {
        "layers": [{**layer, "showGridlines": False}],
        "preferredSeriesType": panel.chart,
        "legend": {"isVisible": split is not None or len(metrics) > 1, "position": "bottom"},
        "valueLabels": "hide",
        "fittingFunction": "Linear" if panel.chart == "line" else "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": True},
    }

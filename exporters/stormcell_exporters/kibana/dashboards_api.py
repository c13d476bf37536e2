"""A dashboard as the body of Kibana's Dashboards API, whose charts are queries in ES|QL."""

from __future__ import annotations

from typing import Any, Final

from stormcell_exporters.kibana.panels import TIME, Board, Dates, Filter, Ids, Listing, Metric, Panel

SINCE: Final = (9, 5)
"""The version from which the API is generally available."""

_BUCKETS: Final = 75
_FUNCTIONS: Final = {
    "sum": "SUM",
    "average": "AVG",
    "median": "MEDIAN",
    "min": "MIN",
    "max": "MAX",
    "unique_count": "COUNT_DISTINCT",
}


def body(ids: Ids, board: Board) -> dict[str, Any]:
    """Return the body that makes a dashboard, or replaces it.

    Raises
    ------
    ValueError
        If one of its panels is a table: the API has another form for these, which we do not use.
    """
    return {
        "title": ids.title(board.title),
        "description": board.description,
        "time_range": {"from": board.since, "to": "now"},
        "panels": [_panel(ids, one) for one in board.panels],
    }


def esql(ids: Ids, panel: Panel) -> str:
    """Return a panel's query; its columns are called as the panel's metrics and buckets are."""
    where = [_condition(one) for one in panel.filters]
    by, after = [], ""
    for bucket in panel.buckets:
        if isinstance(bucket, Dates):
            by.append(f"{_quoted(bucket.label)} = BUCKET({TIME}, {_BUCKETS}, ?_tstart, ?_tend)")
        else:
            where.append(f"{bucket.field} IS NOT NULL")
            by.append(f"{_quoted(bucket.label)} = {bucket.field}")
            if len(panel.buckets) == 1:
                order = "DESC" if bucket.descending else "ASC"
                after = f" | SORT {_quoted(panel.metrics[0].label)} {order} | LIMIT {bucket.size}"
    stats = ", ".join(f"{_quoted(one.label)} = {_function(one)}" for one in panel.metrics)
    grouped = f" BY {', '.join(by)}" if by else ""
    return f"FROM {ids.alias(panel.kind)} | WHERE {' AND '.join(where)} | STATS {stats}{grouped}{after}"


def _panel(ids: Ids, one: Panel | Listing) -> dict[str, Any]:
    at = one.place
    placed = {"id": one.id, "grid": {"x": at.x, "y": at.y, "w": at.w, "h": at.h}}
    if isinstance(one, Listing):
        return {
            "type": "discover_session",
            **placed,
            "config": {"ref_id": ids.of(one.session), "title": one.title},
        }
    return {"type": "vis", **placed, "config": {"title": one.title, **_chart(ids, one)}}


def _chart(ids: Ids, panel: Panel) -> dict[str, Any]:
    source = {"type": "esql", "query": esql(ids, panel)}
    columns = [{"column": one.label} for one in panel.metrics]
    if panel.chart == "table":
        raise ValueError(f"{panel.id} is a table, which is none of our charts in the Dashboards API")
    if panel.chart == "metric":
        breakdown = {"breakdown_by": {"column": panel.buckets[0].label}} if panel.buckets else {}
        return {
            "type": "metric",
            "data_source": source,
            "metrics": [{"type": "primary", **columns[0]}],
            **breakdown,
        }
    # What bars and lines run along: time where there is any, else the only bucket.
    x = next((one for one in panel.buckets if isinstance(one, Dates)), panel.buckets[0])
    split = [one for one in panel.buckets if one is not x]
    layer: dict[str, Any] = {"type": panel.chart, "data_source": source, "x": {"column": x.label}, "y": columns}
    if split:
        layer["breakdown_by"] = {"column": split[0].label}
    return {"type": "xy", "layers": [layer]}


def _condition(one: Filter) -> str:
    values = [str(value).lower() if isinstance(value, bool) else f'"{value}"' for value in one.values]
    if not values:
        return f"{one.field} IS NOT NULL"
    return f"{one.field} == {values[0]}" if len(values) == 1 else f"{one.field} IN ({', '.join(values)})"


def _function(metric: Metric) -> str:
    return "COUNT(*)" if metric.operation == "count" else f"{_FUNCTIONS[metric.operation]}({metric.field})"


def _quoted(label: str) -> str:
    return f"`{label}`"

"""What a dashboard of Grafana is made of, and its JSON.

The form is that of schema version 39, which Grafana 10.4 and later read; they bring it up to theirs as they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.options import OPTIONS

SCHEMA = 39
COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "stormcell"

GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "text"

Json = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """An expression, and what its series are called: Grafana puts the values of labels into ``{{label}}``."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A panel.

    Attributes
    ----------
    title : str
    about : str
        What it shows, what is usual, and what to do; shown at its corner.
    queries : tuple of Query
    kind : str
        "timeseries", "stat", "bargauge", "heatmap", "table" or "state-timeline".
    unit : str
        By its name in Grafana; "none" for plain numbers, "percentunit" for shares.
    width, height : int
        In columns, of 24, and in rows of 30 pixels.
    steps : tuple of (float or None, str)
        From which value on it has which colour, the first from ``None``.
    line : bool
        Whether the last step is drawn as a line.
    stacked, bars : bool
    low, high : float or None
        Ends of the axis; None where they are found.
    words : mapping of str to (str, str)
        What is shown instead of a value, and its colour.
    hidden : tuple of str
        Columns of a table that are left out.
    renamed : mapping of str to str
        Columns of a table, by what they are called in its head.
    runbook : str
        A page of ours on it, from the top of the repository.
    """

    title: str
    about: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    unit: str = "none"
    width: int = 8
    height: int = 7
    steps: tuple[tuple[float | None, str], ...] = ((None, BLUE),)
    line: bool = False
    stacked: bool = False
    bars: bool = False
    low: float | None = 0
    high: float | None = None
    decimals: int | None = None
    words: tuple[tuple[str, str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    runbook: str = ""


@dataclass(frozen=True)
class Row:
    """Panels under a heading, from left to right and then down."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Attributes
    ----------
    name : str
        Of its file; its address ends with "stormcell-NAME".
    title, about : str
    since : str
        How far it looks back, as "now-6h".
    refresh : str
    rows : tuple of Row
    choices : mapping of str to tuple of str
        Variables to choose a value of, beside those that all have.
    """

    name: str
    title: str
    about: str
    since: str
    refresh: str
    rows: tuple[Row, ...]
    choices: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def document(board: Board) -> Json:
    """Return a dashboard as Grafana imports it."""
    return {
        "uid": f"stormcell-{board.name}",
        "title": board.title,
        "description": board.about,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": board.refresh,
        "time": {"from": board.since, "to": "now"},
        "timepicker": {},
        "weekStart": "",
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "annotations": {"list": [_model_changes()]},
        "links": _links(),
        "templating": {"list": _variables(board)},
        "panels": list(_placed(board.rows)),
    }


def _links() -> list[Json]:
    shared = {"icon": "external link", "keepTime": True, "tooltip": "", "asDropdown": False}
    return [
        {
            **shared,
            "title": "Stormcell",
            "type": "dashboards",
            "tags": [TAG],
            "includeVars": True,
            "targetBlank": False,
        },
        {
            **shared,
            "title": "Objectives and runbooks",
            "type": "link",
            "tags": [],
            "url": "${docs}/docs/slo.md",
            "includeVars": False,
            "targetBlank": True,
        },
    ]


_CHANGED = 'sum by (stormcell_action) (increase(stormcell_model_changes_total{instance=~"$instance"}[2m])) > 0'


def _model_changes() -> Json:
    return {
        "name": "Changes of the model",
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": "purple",
        "expr": _CHANGED,
        "step": "60s",
        "titleFormat": "{{stormcell_action}}",
        "textFormat": "",
        "tagKeys": "",
        "useValueForTime": "",
    }


def _variables(board: Board) -> list[Json]:
    return [
        {
            "name": "datasource",
            "label": "Prometheus",
            "type": "datasource",
            "query": "prometheus",
            "regex": "",
            "hide": 0,
            "includeAll": False,
            "multi": False,
            "current": {},
            "options": [],
            "refresh": 1,
            "skipUrlSync": False,
        },
        {
            "name": "instance",
            "label": "Instance",
            "type": "query",
            "datasource": DATASOURCE,
            "definition": 'label_values(up{job="stormcell"}, instance)',
            "query": {"query": 'label_values(up{job="stormcell"}, instance)', "refId": "instances"},
            "regex": "",
            "hide": 0,
            "includeAll": True,
            "allValue": ".*",
            "multi": True,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "options": [],
            "refresh": 2,
            "sort": 1,
            "skipUrlSync": False,
        },
        *(_choice(*choice) for choice in board.choices),
        {
            "name": "docs",
            "label": "Where the documents are",
            "type": "textbox",
            "query": "https://docs.example/stormcell",
            "current": {"text": "https://docs.example/stormcell", "value": "https://docs.example/stormcell"},
            "options": [],
            "hide": 0,
            "skipUrlSync": False,
        },
    ]


def _choice(name: str, label: str, values: Sequence[str]) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ",".join(values),
        "current": {"selected": True, "text": values[0], "value": values[0]},
        "options": [{"selected": value == values[0], "text": value, "value": value} for value in values],
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "skipUrlSync": False,
    }


def _placed(rows: Sequence[Row]) -> Iterator[Json]:
    number, y = 1, 0
    for row in rows:
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": y},
        }
        number, y, x, tallest = number + 1, y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            place = {"h": panel.height, "w": panel.width, "x": x, "y": y}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            number, x, tallest = number + 1, x + panel.width, max(tallest, panel.height)
        y += tallest


def _panel(panel: Panel) -> Json:
    made: Json = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "targets": [_target(panel, query, at) for at, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": OPTIONS[panel.kind],
        "transformations": _transformations(panel),
    }
    if panel.runbook:
        url = f"${{docs}}/{panel.runbook}"
        made["links"] = [{"title": "What to do", "url": url, "targetBlank": True}]
    return made


def _target(panel: Panel, query: Query, at: int) -> Json:
    latest = panel.kind in ("bargauge", "table")
    forms = {"heatmap": "heatmap", "table": "table"}
    return {
        "refId": chr(ord("A") + at),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": "{{le}}" if panel.kind == "heatmap" else query.legend or "__auto",
        "format": forms.get(panel.kind, "time_series"),
        "instant": latest,
        "range": not latest,
    }


def _defaults(panel: Panel) -> Json:
    found: Json = {
        "unit": panel.unit,
        "noValue": "nothing yet",
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "mappings": _mappings(panel),
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in panel.steps],
        },
        "custom": _custom(panel),
    }
    ends = {"min": panel.low, "max": panel.high, "decimals": panel.decimals}
    return found | {name: value for name, value in ends.items() if value is not None}


def _mappings(panel: Panel) -> list[Json]:
    if not panel.words:
        return []
    options = {
        value: {"text": words, "color": colour, "index": at}
        for at, (value, words, colour) in enumerate(panel.words)
    }
    return [{"type": "value", "options": options}]


def _custom(panel: Panel) -> Json:
    if panel.kind == "timeseries":
        return {
            "drawStyle": "bars" if panel.bars else "line",
            "lineWidth": 1,
            "fillOpacity": 60 if panel.bars else 25 if panel.stacked else 8,
            "gradientMode": "none",
            "lineInterpolation": "linear",
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "line" if panel.line else "off"},
            "axisPlacement": "auto",
            "axisLabel": "",
            "scaleDistribution": {"type": "linear"},
            "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        }
    if panel.kind == "state-timeline":
        return {"lineWidth": 0, "fillOpacity": 80, "hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    if panel.kind == "table":
        return {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    return {}


def _transformations(panel: Panel) -> list[Json]:
    if panel.kind != "table":
        return []
    organised = {
        "excludeByName": dict.fromkeys(panel.hidden, True),
        "indexByName": {},
        "renameByName": dict(panel.renamed),
    }
    return [{"id": "organize", "options": organised}]

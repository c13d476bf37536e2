"""Our saved objects, and the NDJSON in which Kibana takes them.

The versions are the lowest that hold what is needed: an import takes older versions than its own, never newer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, MEMBERS
from stormcell_exporters.kibana import lens
from stormcell_exporters.kibana.boards import BOARDS, SESSIONS
from stormcell_exporters.kibana.links import events_of
from stormcell_exporters.kibana.panels import TIME, Board, Ids, Listing, Panel, Session

CORE_VERSION: Final = "8.8.0"
VERSIONS: Final = {"index-pattern": "8.0.0", "search": "8.0.0", "dashboard": "8.9.0"}
"""Types that we make, and the version in which each is written."""

SOURCE: Final = "kibanaSavedObjectMeta.searchSourceJSON"
"""Where references from a search start."""

_PERCENT: Final = {"id": "percent", "params": {"pattern": "0.[0]%"}}
_LASTING: Final[dict[str, Any]] = {
    "id": "duration",
    "params": {
        "inputFormat": "seconds",
        "outputFormat": "humanizePrecise",
        "outputPrecision": 1,
        "useShortSuffix": True,
    },
}
_NANOSECONDS: Final = {**_LASTING, "params": {**_LASTING["params"], "inputFormat": "nanoseconds"}}
_EVENTS: Final = {"labelTemplate": "{{value}}", "openLinkInCurrentTab": False, "type": "a"}


def saved_objects(ids: Ids) -> list[dict[str, Any]]:
    """Return all our objects, each after those that it refers to."""
    return [
        *(data_view(ids, kind) for kind in (GROUPS, MEMBERS, HISTORY)),
        *(session(ids, one) for one in SESSIONS),
        *(dashboard(ids, one) for one in BOARDS),
    ]


def ndjson(objects: Sequence[dict[str, Any]]) -> bytes:
    """Return objects as Kibana exports and imports them."""
    details = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(objects),
        "missingRefCount": 0,
        "missingReferences": [],
    }
    return b"".join(_line(one) for one in (*objects, details))


def data_view(ids: Ids, kind: str) -> dict[str, Any]:
    """Return the data view of a kind of documents; the id of a group in it is a link to the group's events."""
    link = {"id": "url", "params": {**_EVENTS, "urlTemplate": events_of(ids, "{{value}}")}}
    formats: dict[str, Any] = {"incident_group.id": link}
    if kind == GROUPS:
        formats |= {
            "incident_group.time_to_acknowledge": _LASTING,
            "incident_group.time_to_resolve": _LASTING,
            "event.duration": _NANOSECONDS,
        }
    elif kind == MEMBERS:
        formats |= {"incident_group.member.runner_up": link, "event.duration": _NANOSECONDS}
    else:
        formats["incident_group.totals.noise_share"] = _PERCENT
    attributes = {
        "title": ids.alias(kind),
        "name": ids.title(kind.capitalize()),
        "timeFieldName": TIME,
        "fields": "[]",
        "fieldFormatMap": _text(formats),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "fieldAttrs": "{}",
    }
    return _object("index-pattern", ids.of(kind), attributes, [])


def session(ids: Ids, one: Session) -> dict[str, Any]:
    """Return a Discover session."""
    names = [f"{SOURCE}.filter[{number}].meta.index" for number in range(len(one.filters))]
    source = {
        "query": {"language": "kuery", "query": ""},
        "filter": [lens.pill(each, {"indexRefName": name}) for each, name in zip(one.filters, names, strict=True)],
        "indexRefName": f"{SOURCE}.index",
    }
    attributes = {
        "title": ids.title(one.title),
        "description": one.description,
        "columns": list(one.columns),
        "sort": [list(part) for part in one.sort],
        "hideChart": True,
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
    }
    return _object("search", ids.of(one.name), attributes, _views(ids, one.kind, (f"{SOURCE}.index", *names)))


def dashboard(ids: Ids, board: Board) -> dict[str, Any]:
    """Return a dashboard."""
    references: list[dict[str, str]] = []
    panels = []
    for one in board.panels:
        panel, named = _listing(ids, one) if isinstance(one, Listing) else _chart(ids, one)
        panels.append(panel)
        references += [{**each, "name": f"{one.id}:{each['name']}"} for each in named]
    source = {"query": {"language": "kuery", "query": ""}, "filter": []}
    options = {"useMargins": True, "hidePanelTitles": False, "syncColors": True, "syncCursor": True}
    attributes = {
        "title": ids.title(board.title),
        "description": board.description,
        "panelsJSON": _text(panels),
        "optionsJSON": _text(options),
        "timeRestore": True,
        "timeFrom": board.since,
        "timeTo": "now",
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
    }
    return _object("dashboard", ids.of(board.name), attributes, references)


def _chart(ids: Ids, panel: Panel) -> tuple[dict[str, Any], list[dict[str, str]]]:
    attributes = lens.attributes(panel, ids)
    config = {"attributes": attributes, "enhancements": {}, "description": panel.description}
    return _panel("lens", panel, {"embeddableConfig": config}), attributes["references"]


def _listing(ids: Ids, listing: Listing) -> tuple[dict[str, Any], list[dict[str, str]]]:
    name = f"panel_{listing.id}"
    own = {"embeddableConfig": {"enhancements": {}}, "panelRefName": name}
    return _panel("search", listing, own), [{"type": "search", "id": ids.of(listing.session), "name": name}]


def _panel(type: str, one: Panel | Listing, own: dict[str, Any]) -> dict[str, Any]:
    at = one.place
    grid = {"x": at.x, "y": at.y, "w": at.w, "h": at.h, "i": one.id}
    return {"type": type, "panelIndex": one.id, "gridData": grid, "title": one.title, **own}


def _views(ids: Ids, kind: str, names: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": "index-pattern", "id": ids.of(kind), "name": name} for name in names]


def _object(type: str, id: str, attributes: dict[str, Any], references: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": id,
        "type": type,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": VERSIONS[type],
        "managed": False,
    }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _line(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n").encode()

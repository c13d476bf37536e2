"""Checks of saved objects, ours or edited ones: Kibana publishes no schema of them, and fails late."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from stormcell_exporters.kibana.objects import CORE_VERSION, SOURCE, VERSIONS
from stormcell_exporters.kibana.panels import COLUMNS

_STRINGS: Final = {
    "index-pattern": ("fields", "fieldFormatMap", "runtimeFieldMap", "sourceFilters", "fieldAttrs"),
    "search": ("kibanaSavedObjectMeta.searchSourceJSON",),
    "dashboard": ("panelsJSON", "optionsJSON", "kibanaSavedObjectMeta.searchSourceJSON"),
}
"""Attributes that hold JSON as text, by type."""
_LAYER: Final = "indexpattern-datasource-layer-"

Saved = Mapping[str, Any]


def parse(data: bytes, name: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Read NDJSON as Kibana exports it.

    Returns
    -------
    tuple of (list of dict, list of str)
        Its objects, and what is wrong with lines and their count.
    """
    objects, problems, counts = [], [], []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            problems.append(f"{name}:{number}: no JSON: {error}")
            continue
        if isinstance(value, dict) and "exportedCount" in value:
            counts.append(value["exportedCount"])
        elif isinstance(value, dict) and isinstance(value.get("attributes"), dict):
            objects.append(value)
        else:
            problems.append(f"{name}:{number}: expected an object with attributes")
    if counts != [len(objects)]:
        problems.append(
            f"{name}: expected a last line with exportedCount {len(objects)}, found {counts or 'none'}"
        )
    return objects, problems


def problems(objects: Sequence[Saved]) -> list[str]:
    """Return what is wrong with objects that go together; each problem names its object."""
    there = Counter((str(one.get("type")), str(one.get("id"))) for one in objects)
    found = [f"{type}/{id}: it is there {times} times" for (type, id), times in there.items() if times > 1]
    for one in objects:
        name = f"{one.get('type')}/{one.get('id')}"
        try:
            found += (f"{name}: {problem}" for problem in _of_one(one, there))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            found.append(f"{name}: it is not built as such an object is: {type(error).__name__} {error}")
    return found


def misnamed(files: Mapping[str, Saved]) -> list[str]:
    """Return which files hold an object of another type or id than their path ``TYPE/ID.json`` says."""
    expected = {path: f"{one.get('type')}/{one.get('id')}.json" for path, one in files.items()}
    return [
        f"{path}: it holds {there}" for path, there in expected.items() if not f"/{path}".endswith(f"/{there}")
    ]


def _of_one(one: Saved, there: Mapping[Any, int]) -> Iterator[str]:
    kind = one["type"]
    if kind not in VERSIONS:
        yield f"it is no object of ours: expected one of {', '.join(VERSIONS)}"
        return
    for key, newest in (("coreMigrationVersion", CORE_VERSION), ("typeMigrationVersion", VERSIONS[kind])):
        if _version(one.get(key)) > _version(newest):
            yield f"{key} {one.get(key)} cannot be imported into older Kibanas; expected at most {newest}"
    broken = list(_unreadable(one["attributes"], _STRINGS[kind]))
    yield from broken
    if broken:
        return
    for reference in one["references"]:
        if (str(reference["type"]), str(reference["id"])) not in there:
            yield f"reference {reference['name']} leads nowhere: no {reference['type']}/{reference['id']}"
    checks: dict[str, Callable[[Saved], Iterator[str]]] = {"search": _search, "dashboard": _dashboard}
    if kind in checks:
        yield from checks[kind](one)


def _search(one: Saved) -> Iterator[str]:
    source = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    if not source["filter"] and not source["query"]["query"]:
        yield "it has neither a filter nor a query"
    yield from _paired(one["references"], _named(source), SOURCE)


def _dashboard(one: Saved) -> Iterator[str]:
    attributes = one["attributes"]
    panels = json.loads(attributes["panelsJSON"])
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    filtered = bool(source.get("filter")) or bool(source.get("query", {}).get("query"))
    indices = Counter(panel["panelIndex"] for panel in panels)
    yield from (f"panel index {index} is taken {times} times" for index, times in indices.items() if times > 1)
    used = set(_named(source))
    for panel in panels:
        index = panel["panelIndex"]
        if panel["type"] not in ("lens", "search"):
            yield f"panel {index}: a {panel['type']} is a legacy visualization, or nothing that we use"
            continue
        yield from (f"panel {index}: {problem}" for problem in _placed(panel))
        names = [panel["panelRefName"]] if panel["type"] == "search" else _referred(panel)
        used |= {f"{index}:{name}" for name in names}
        if panel["type"] == "lens":
            chart = panel["embeddableConfig"]["attributes"]
            yield from (f"panel {index}: {problem}" for problem in _chart(chart, filtered))
    yield from (f"panels {a} and {b} overlap" for a, b in _overlapping(panels))
    yield from _paired(one["references"], sorted(used), "")


def _chart(chart: Saved, filtered: bool) -> Iterator[str]:
    state = chart["state"]
    if not (filtered or state["filters"] or state["query"]["query"]):
        yield "neither it nor its dashboard has a filter"
    names = {each["name"] for each in chart["references"]}
    shown = set(_accessors(state["visualization"]))
    for id, layer in state["datasourceStates"]["formBased"]["layers"].items():
        if f"{_LAYER}{id}" not in names:
            yield f"layer {id} has no reference {_LAYER}{id}"
        if sorted(layer["columnOrder"]) != sorted(layer["columns"]):
            yield f"layer {id}: the order of its columns names others than there are"
        if shown != set(layer["columns"]):
            yield f"it shows other columns than it has: {sorted(shown ^ set(layer['columns']))}"
    for pill in state["filters"]:
        if pill["meta"]["index"] not in names:
            yield f"a filter is of no data view: {pill['meta']['index']}"


def _accessors(visualization: Saved) -> Iterator[str]:
    for part in (visualization, *visualization.get("layers", ())):
        for key in ("metricAccessor", "breakdownByAccessor", "xAccessor", "splitAccessor"):
            if key in part:
                yield part[key]
        yield from part.get("accessors", ())
        yield from (column["columnId"] for column in part.get("columns", ()))


def _placed(panel: Saved) -> Iterator[str]:
    grid = panel["gridData"]
    if grid["i"] != panel["panelIndex"]:
        yield f"its place is that of {grid['i']}"
    if min(grid["x"], grid["y"]) < 0 or min(grid["w"], grid["h"]) < 1 or grid["x"] + grid["w"] > COLUMNS:
        yield f"it does not fit on a grid of {COLUMNS} columns: {grid}"


def _overlapping(panels: Sequence[Saved]) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(panels):
        a = one["gridData"]
        for other in panels[:number]:
            b = other["gridData"]
            beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            if not beside and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]:
                yield other["panelIndex"], one["panelIndex"]


def _referred(panel: Saved) -> list[str]:
    return [each["name"] for each in panel["embeddableConfig"]["attributes"]["references"]]


def _named(source: Saved) -> list[str]:
    """Return the names of references that a search source uses."""
    found = [source["indexRefName"]] if "indexRefName" in source else []
    return found + [
        pill["meta"]["indexRefName"] for pill in source.get("filter", ()) if "indexRefName" in pill["meta"]
    ]


def _paired(references: Sequence[Saved], used: Sequence[str], prefix: str) -> Iterator[str]:
    """Yield names of references that are used and not there, or there and not used."""
    names = [each["name"] for each in references if each["name"].startswith(prefix)]
    yield from (f"reference {name} is there more than once" for name, times in Counter(names).items() if times > 1)
    yield from (f"it uses reference {name}, which is not there" for name in sorted(set(used) - set(names)))
    yield from (f"reference {name} is used nowhere" for name in sorted(set(names) - set(used)))


def _unreadable(attributes: Saved, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        value: Any = attributes
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        try:
            if not isinstance(value, str):
                raise ValueError(f"it is {type(value).__name__}")
            json.loads(value)
        except ValueError as error:
            yield f"{path} should hold JSON as text: {error}"


def _version(text: object) -> tuple[int, ...]:
    parts = str(text or "0").split(".")
    return tuple(int(part) if part.isdecimal() else 0 for part in parts)

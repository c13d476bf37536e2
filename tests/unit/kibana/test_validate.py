"""Each fault that is planted in our objects is found, and named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.registry import assets
from stormcell_exporters.kibana.objects import ndjson, saved_objects
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.validate import parse, problems

Objects = list[dict[str, Any]]


def one(objects: Objects, id: str) -> dict[str, Any]:
    return next(each for each in objects if each["id"] == id)


def triage(change: Callable[[list[dict[str, Any]]], None]) -> Callable[[Objects], None]:
    """Return what changes the panels of the triage dashboard."""

    def plant(objects: Objects) -> None:
        attributes = one(objects, "stormcell-triage")["attributes"]
        panels = json.loads(attributes["panelsJSON"])
        change(panels)
        attributes["panelsJSON"] = json.dumps(panels)

    return plant


def chart(change: Callable[[dict[str, Any]], None]) -> Callable[[Objects], None]:
    """Return what changes the first chart of the triage dashboard."""
    return triage(lambda panels: change(panels[0]["embeddableConfig"]["attributes"]))


def source(change: Callable[[dict[str, Any]], None]) -> Callable[[Objects], None]:
    """Return what changes the search of a Discover session."""

    def plant(objects: Objects) -> None:
        meta = one(objects, "stormcell-living")["attributes"]["kibanaSavedObjectMeta"]
        held = json.loads(meta["searchSourceJSON"])
        change(held)
        meta["searchSourceJSON"] = json.dumps(held)

    return plant


def columns(attributes: dict[str, Any]) -> dict[str, Any]:
    layer: dict[str, Any] = attributes["state"]["datasourceStates"]["formBased"]["layers"]["layer"]
    return layer


FAULTS: dict[str, tuple[Callable[[Objects], Any], str]] = {
    "text that is no JSON": (
        lambda objects: one(objects, "stormcell-triage")["attributes"].update(panelsJSON="[{"),
        "dashboard/stormcell-triage: panelsJSON should hold JSON as text",
    ),
    "JSON that is no text": (
        lambda objects: one(objects, "stormcell-groups")["attributes"].update(fieldFormatMap={}),
        "index-pattern/stormcell-groups: fieldFormatMap should hold JSON as text: it is dict",
    ),
    "an object that others refer to is gone": (
        lambda objects: objects.remove(one(objects, "stormcell-members")),
        "search/stormcell-events: reference kibanaSavedObjectMeta.searchSourceJSON.index leads nowhere",
    ),
    "an object twice": (
        lambda objects: objects.append(copy.deepcopy(objects[0])),
        "index-pattern/stormcell-groups: it is there 2 times",
    ),
    "a reference of no panel": (
        lambda objects: one(objects, "stormcell-triage")["references"].append(
            {"type": "index-pattern", "id": "stormcell-groups", "name": "nobody:x"}
        ),
        "dashboard/stormcell-triage: reference nobody:x is used nowhere",
    ),
    "a reference that the dashboard does not repeat": (
        lambda objects: one(objects, "stormcell-triage")["references"].pop(0),
        "it uses reference open-by-severity:indexpattern-datasource-layer-layer, which is not there",
    ),
    "a session whose search names another reference": (
        source(lambda held: held.update(indexRefName="another")),
        "search/stormcell-living: it uses reference another, which is not there",
    ),
    "a session without a filter": (
        source(lambda held: held.update(filter=[])),
        "search/stormcell-living: it has neither a filter nor a query",
    ),
    "a panel index twice": (
        triage(lambda panels: panels[1].update(panelIndex=panels[0]["panelIndex"])),
        "panel index open-by-severity is taken 2 times",
    ),
    "a panel beyond the grid": (
        triage(lambda panels: panels[0]["gridData"].update(w=49)),
        "panel open-by-severity: it does not fit on a grid of 48 columns",
    ),
    "a panel over another": (
        triage(lambda panels: panels[1]["gridData"].update(x=0)),
        "panels open-by-severity and open-events overlap",
    ),
    "a place of another panel": (
        triage(lambda panels: panels[0]["gridData"].update(i="another")),
        "panel open-by-severity: its place is that of another",
    ),
    "a chart without a filter": (
        chart(lambda attributes: attributes["state"].update(filters=[])),
        "panel open-by-severity: neither it nor its dashboard has a filter",
    ),
    "a legacy visualization": (
        triage(lambda panels: panels[0].update(type="visualization")),
        "panel open-by-severity: a visualization is a legacy visualization",
    ),
    "a layer without a data view": (
        chart(lambda attributes: attributes["references"].pop(0)),
        "layer layer has no reference indexpattern-datasource-layer-layer",
    ),
    "a filter of no data view": (
        chart(lambda attributes: attributes["state"]["filters"][0]["meta"].update(index="another")),
        "panel open-by-severity: a filter is of no data view: another",
    ),
    "an order of other columns": (
        chart(lambda attributes: columns(attributes)["columnOrder"].pop()),
        "the order of its columns names others than there are",
    ),
    "a column that is not shown": (
        chart(lambda attributes: attributes["state"]["visualization"].pop("breakdownByAccessor")),
        "it shows other columns than it has: ['bucket-0']",
    ),
    "a version that older ones do not take": (
        lambda objects: objects[0].update(typeMigrationVersion="8.11.0"),
        "typeMigrationVersion 8.11.0 cannot be imported into older Kibanas; expected at most 8.0.0",
    ),
    "a core version that older ones do not take": (
        lambda objects: objects[0].update(coreMigrationVersion="9.2.0"),
        "coreMigrationVersion 9.2.0 cannot be imported",
    ),
    "an object of another type": (
        lambda objects: objects[0].update(type="visualization"),
        "visualization/stormcell-groups: it is no object of ours",
    ),
    "an object that lacks what it is made of": (
        lambda objects: one(objects, "stormcell-triage").pop("references"),
        "dashboard/stormcell-triage: it is not built as such an object is: KeyError 'references'",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str) -> None:
    plant, expected = FAULTS[fault]
    objects = copy.deepcopy(saved_objects(Ids()))
    assert problems(objects) == []
    plant(objects)
    assert any(expected in problem for problem in problems(objects)), problems(objects)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{\n", "x:1: no JSON"),
        (b'{"a":1}\n', "x:1: expected an object with attributes"),
        (b"", "expected a last line with exportedCount 0, found none"),
        (ndjson(saved_objects(Ids()))[:-1].rpartition(b"\n")[0], "exportedCount 8, found none"),
        (ndjson(saved_objects(Ids())).partition(b"\n")[2], "exportedCount 7, found [8]"),
    ],
)
def test_a_broken_export_is_found(data: bytes, expected: str) -> None:
    _, found = parse(data, "x")
    assert any(expected in problem for problem in found), found


def test_a_file_of_another_name_is_found() -> None:
    made = assets("kibana")
    files = dict(made.files())
    files["objects/search/another.json"] = files.pop("objects/search/stormcell-living.json")
    [found] = made.problems(files)
    assert found == "objects/search/another.json: it holds search/stormcell-living.json"


def test_a_file_that_is_no_object_is_found() -> None:
    made = assets("kibana")
    for content in (b"{", b"[]", b"1"):
        files = {**made.files(), "objects/search/odd.json": content}
        assert any(found.startswith("objects/search/odd.json: ") for found in made.problems(files))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values within a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


def planted(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    value[path[0]] = planted(value[path[0]], path[1:], other)
    return value


DECODED = [json.loads(content) for path, content in assets("kibana").files().items() if "objects/" in path]


@given(st.data(), JSON)
def test_whatever_is_in_an_object_there_is_an_answer(data: st.DataObject, other: Any) -> None:
    """Files of ours hold JSON within JSON as it is, so that any part of it can be changed."""
    number = data.draw(st.integers(0, len(DECODED) - 1))
    object = copy.deepcopy(DECODED[number])
    path = data.draw(st.sampled_from(places(object)))
    made = assets("kibana")
    name = f"objects/{object['type']}/{object['id']}.json"
    assert made.problems({name: json.dumps(object).encode()}) is not None
    changed = json.dumps(planted(object, path, other)).encode()
    assert all(isinstance(problem, str) for problem in made.problems({**made.files(), name: changed}))

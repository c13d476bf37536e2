from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stormcell.render import groups_json, schema
from stormcell.types import Grouping
from tests.unit.render.samples import event, group, grouping, latency, row

VALIDATOR = Draft202012Validator(schema())


def read(result: Grouping) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(groups_json(result))
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_a_grouping_is_valid_against_the_schema_and_says_it_all() -> None:
    document = read(grouping())
    assert document["schema"] == "stormcell.groups/1"
    assert document["events"] == 10
    assert document["background"] == ["ffff000000000000"]
    first = document["groups"][0]
    made, _ = latency()
    assert first["medoid"] == {
        "uid": made.medoid.uid,
        "signal": "alert",
        "service": "ts-admin-basic-info-service",
        "time": "2023-11-14T22:13:44.639Z",
        "text": "PodClientLatencyP90High",
    }
    assert first["first_seen"] == "2023-11-14T22:13:24.898999808Z"
    assert first["signals"] == {"alert": 2, "log": 3}
    assert first["services"][0] == {"name": "ts-order-service", "blame": 0.617188}
    assert first["members"] == sorted(first["members"])
    assert len(first["members"]) == first["count"] == 5


def test_keys_keep_the_documented_order() -> None:
    document = read(grouping())
    assert list(document) == ["schema", "events", "background", "groups"]
    keys = "id title status medoid earliest most_severe exemplars trace count signals services first_seen"
    assert list(document["groups"][0]) == [*keys.split(), "last_seen", "radius", "margin", "fields", "members"]
    assert list(document["groups"][0]["medoid"]) == ["uid", "signal", "service", "time", "text"]


def test_nothing_to_group_is_a_normal_result() -> None:
    assert read(Grouping(0, 0, (), ())) == {
        "schema": "stormcell.groups/1",
        "events": 0,
        "background": [],
        "groups": [],
    }


def test_equal_groupings_give_equal_bytes_whatever_the_order_of_the_signals() -> None:
    result = grouping()
    first = result.groups[0]
    turned = replace(first, signals=dict(reversed(list(first.signals.items()))))
    assert groups_json(result) == groups_json(replace(result, groups=(turned, *result.groups[1:])))
    assert groups_json(result).endswith(b"}\n")


@pytest.mark.parametrize("margin", [None, float("inf"), float("nan")])
def test_no_margin_is_null(margin: float | None) -> None:
    medoid = event("u1")
    made, atom = group([row(medoid)], medoid, margin=margin)
    assert read(Grouping(1, 0, (made,), (atom,)))["groups"][0]["margin"] is None


def test_numbers_are_rounded_and_finite() -> None:
    medoid = event("u1")
    made, atom = group([row(medoid)], medoid, radius=0.12345678, margin=-1e-9)
    text = groups_json(Grouping(1, 0, (made,), (atom,)))
    assert b'"radius": 0.123457' in text
    assert b'"margin": 0.0' in text
    with pytest.raises(ValueError, match="not JSON compliant"):
        groups_json(Grouping(1, 0, (replace(made, radius=float("nan")),), (atom,)))


def test_texts_stay_as_they_were() -> None:
    hostile = '\x1b[31m<script>"\\\n\u202e{{ 7*7 }} \ud800 日本'
    medoid = event("u1", hostile)
    made, atom = group([row(medoid)], medoid)
    text = groups_json(Grouping(1, 0, (made,), (atom,)))
    assert json.loads(text)["groups"][0]["medoid"]["text"] == hostile
    assert "日本".encode() in text
    assert b"\x1b" not in text


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "stormcell.groups/2"),
        (("extra",), 1),
        (("events",), -1),
        (("groups", 0, "extra"), 1),
        (("groups", 0, "status"), "closed"),
        (("groups", 0, "first_seen"), "2023-11-14T22:13:20Z"),
        (("groups", 0, "radius"), None),
        (("groups", 0, "members"), []),
        (("groups", 0, "members"), ["a", "a"]),
        (("groups", 0, "signals"), {"metric": 1}),
        (("groups", 0, "medoid", "signal"), "metric"),
        (("groups", 0, "services", 0, "blame"), 1.5),
    ],
)
def test_the_schema_refuses(path: tuple[str | int, ...], value: object) -> None:
    document = read(grouping())
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    assert not VALIDATOR.is_valid(document)


def test_the_schema_requires_every_key() -> None:
    document = read(grouping())
    for key in list(document["groups"][0]):
        broken = json.loads(json.dumps(document))
        del broken["groups"][0][key]
        assert not VALIDATOR.is_valid(broken), key

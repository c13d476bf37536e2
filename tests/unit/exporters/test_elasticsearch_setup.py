"""What is made in Elasticsearch, and what stops it, on servers that tests cannot have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stormcell.errors import SettingsError
from stormcell_exporters.elasticsearch.capabilities import Capabilities, probe
from stormcell_exporters.elasticsearch.names import Names
from stormcell_exporters.elasticsearch.setup import setup
from tests.unit.exporters.elasticsearch import Scripted

POLICY = "/_ilm/policy/stormcell-history"
TEMPLATE = "/_index_template/stormcell-members"


def answered(steps: Any) -> dict[str, Any]:
    """Return how a server shows what was made by some steps."""
    found: dict[str, Any] = {}
    for step in steps:
        body, name = json.loads(step.body or "null"), step.path.rpartition("/")[2]
        if step.path.startswith("/_ilm/"):
            found[f"GET {step.path}"] = {name: body}
        elif step.path.startswith("/_component_template/"):
            found[f"GET {step.path}"] = {"component_templates": [{"name": name, "component_template": body}]}
        elif step.path.startswith("/_index_template/"):
            found[f"GET {step.path}"] = {"index_templates": [{"name": name, "index_template": body}]}
    return found


def test_a_whole_server_has_all_that_we_use() -> None:
    assert probe(Scripted(), Names()) == Capabilities()
    assert probe(Scripted({"GET /_ilm/policy/x-history": 410}), Names("x")) == Capabilities(
        lifecycle_policies=False
    )
    without = Scripted({f"GET /{path}/stormcell-history": 400 for path in ("_data_stream", "_ilm/policy")})
    assert probe(without, Names()) == Capabilities(data_streams=False, lifecycle_policies=False)


def test_the_history_is_a_stream_that_forgets() -> None:
    made = {step.path: step for step in setup(Scripted(), Names(), Capabilities(), 30)}
    assert {step.state for step in made.values()} == {"created"}
    assert json.loads(made[POLICY].body)["policy"]["phases"]["delete"]["min_age"] == "30d"
    assert made["/_data_stream/stormcell-history"].body == ""
    serverless = setup(Scripted(), Names(), Capabilities(lifecycle_policies=False), 30)
    [template] = [step for step in serverless if step.path == "/_index_template/stormcell-history"]
    assert json.loads(template.body)["template"] == {"lifecycle": {"data_retention": "30d"}}
    assert POLICY not in {step.path for step in serverless}


def test_what_is_there_is_left_and_what_differs_is_changed() -> None:
    client = Scripted(answered(setup(Scripted(), Names(), Capabilities(), 90)))
    again = setup(client, Names(), Capabilities(), 30)
    states = {step.path: step.state for step in again}
    assert states.pop(POLICY) == "changed"
    assert {state for path, state in states.items() if path.startswith(("/_component", "/_index"))} == {"there"}
    assert [one for one in client.asked if one.startswith("PUT /_")] == [
        f"PUT {POLICY}",
        "PUT /_data_stream/stormcell-history",
    ]


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        (None, "the index template stormcell-members is there and not Stormcell's; take another prefix"),
        ({"managed_by": "me"}, "is there and not Stormcell's"),
        ({"managed_by": "stormcell"}, "is of schema version None, and this Stormcell knows 1"),
        ({"managed_by": "stormcell", "schema_version": 2}, "is of schema version 2"),
    ],
)
def test_nothing_is_done_where_something_is_not_ours(meta: Any, message: str) -> None:
    theirs = {"index_templates": [{"name": "stormcell-members", "index_template": {"_meta": meta}}]}
    client = Scripted({f"GET {TEMPLATE}": theirs})
    with pytest.raises(SettingsError, match=message):
        setup(client, Names(), Capabilities(), 90)
    assert not [one for one in client.asked if not one.startswith("GET ")]

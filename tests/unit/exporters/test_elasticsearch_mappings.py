"""The mappings are of the documents, and the templates of the mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stormcell.errors import SettingsError
from stormcell_exporters.elasticsearch.capabilities import Capabilities
from stormcell_exporters.elasticsearch.documents import documents, totals_document
from stormcell_exporters.elasticsearch.mappings import FIELDS, field_table, index_template, mapping, policy
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, KINDS, MEMBERS, Names
from stormcell_exporters.elasticsearch.roles import READER, SETUP, WRITER, requests, roles
from tests.unit.exporters.dossiers import TOTALS, full

ALL = Capabilities()
MINIMAL = Capabilities(match_only_text=False, data_streams=False, lifecycle_policies=False)


def test_every_field_that_is_written_is_mapped_and_no_other() -> None:
    made = documents(full())
    sources = {
        GROUPS: [made.group.source],
        MEMBERS: [one.source for one in made.members],
        HISTORY: [*(one.source for one in made.history), totals_document(TOTALS).source],
    }
    for kind in KINDS:
        whole = {field.name for field in FIELDS[kind] if field.type in ("flattened", "object")}
        written = {name for source in sources[kind] for name in _leaves(json.loads(source), whole)}
        assert written == {field.name for field in FIELDS[kind]}


def test_a_mapping_has_each_field_at_its_place() -> None:
    found = mapping(GROUPS, ALL)
    assert found["dynamic"] is False
    assert found["_meta"]["managed_by"] == "stormcell"
    assert found["_meta"]["schema_version"] == 1
    properties = found["properties"]
    assert properties["message"] == {"type": "match_only_text"}
    assert properties["service"] == {"properties": {"name": {"type": "keyword", "ignore_above": 1024}}}
    assert properties["incident_group"]["properties"]["embedding"]["type"] == "dense_vector"
    assert mapping(GROUPS, MINIMAL)["properties"]["message"] == {"type": "text"}


def test_what_is_changed_has_another_digest() -> None:
    digests = {mapping(kind, server)["_meta"]["digest"] for kind in KINDS for server in (ALL, MINIMAL)}
    assert len(digests) == 5  # history has no prose
    names = Names()
    templates = [index_template(HISTORY, names, ALL, 90), index_template(HISTORY, names, MINIMAL, 90)]
    templates.append(index_template(HISTORY, names, Capabilities(lifecycle_policies=False), 90))
    templates.append(index_template(HISTORY, names, Capabilities(lifecycle_policies=False), 30))
    assert len({one["_meta"]["digest"] for one in templates}) == 4
    assert policy(90)["policy"]["_meta"] != policy(30)["policy"]["_meta"]


def test_users_may_add_to_every_template() -> None:
    for kind in KINDS:
        made = index_template(kind, Names("x"), MINIMAL, 90)
        assert made["composed_of"][-1:] == made["ignore_missing_component_templates"] == [f"x-{kind}@custom"]
        assert made["index_patterns"] == [f"x-{kind}-v1-*"]
        assert "data_stream" not in made


def test_the_table_of_fields_has_them_all() -> None:
    table = field_table()
    for kind in KINDS:
        for field in FIELDS[kind]:
            assert f"| `{field.name}` |" in table
            assert field.about
            assert "|" not in field.about
    assert len({(kind, field.name) for kind in KINDS for field in FIELDS[kind]}) == table.count("\n| `")


@pytest.mark.parametrize("prefix", ["", "A", "a b", "-a", "_a", "a*", "a,b", ".a", "a/b", "ä", "a" * 101, "a\n"])
def test_a_prefix_that_names_no_index_is_refused(prefix: str) -> None:
    with pytest.raises(SettingsError, match="prefix"):
        Names(prefix)


def test_an_index_is_known_by_its_number() -> None:
    names = Names("a.b-c_1")
    assert names.index(GROUPS, 12) == "a.b-c_1-groups-v1-000012"
    assert names.number(GROUPS, names.index(GROUPS, 12)) == 12
    for other in (names.index(MEMBERS), "a.b-c_1-groups-v2-000001", "a.b-c_1-groups-v1-0000012", "a.b-c_1-groups"):
        assert names.number(GROUPS, other) is None


def test_roles_reach_no_further_than_the_prefix() -> None:
    found = roles(Names("x"))
    assert [*found] == [SETUP, WRITER, READER]
    for role in found.values():
        assert [one["names"] for one in role["indices"]] == [["x-*"]]
    assert found[WRITER]["cluster"] == found[READER]["cluster"] == []
    said = [part.split("\n", 1) for part in requests(Names("x")).split("\n\n")]
    assert {path.rpartition("/")[2]: json.loads(body) for path, body in said} == found


def _leaves(value: Any, whole: set[str], at: str = "") -> Iterator[str]:
    """Yield the fields that a document has; those that are mapped as a whole are not entered."""
    if isinstance(value, dict) and at not in whole:
        for name, one in value.items():
            yield from _leaves(one, whole, f"{at}.{name}" if at else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for one in value:
            yield from _leaves(one, whole, at)
    else:
        yield at

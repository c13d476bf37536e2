"""A case for each group, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stormcell.registry import assets
from stormcell.types import Dossier, Draft
from stormcell_exporters.kibana.cases import MOST_TEXT, MOST_TITLE, case, comment
from stormcell_exporters.kibana.panels import Ids
from tests.unit.kibana.kibana import FakeKibana, serving
from tests.unit.render.samples import event, group, grouping, row

GROUPS = grouping().groups


def dossier(number: int = 0, *drafts: str) -> Dossier:
    one = GROUPS[number]
    return Dossier(one, drafts=[Draft(one.id, "runbook", "alert", text, ()) for text in drafts])


@pytest.fixture
def kibana() -> Iterator[FakeKibana]:
    with serving(FakeKibana()) as served:
        yield served


def test_a_group_has_one_case_however_often_it_is_asked_for(kibana: FakeKibana) -> None:
    made = assets("kibana")
    both = [dossier(0, "# A runbook"), dossier(1)]
    steps = made.cases(both, kibana.url)
    assert [step.state for step in steps] == ["created", "created", "created"]
    first, second = kibana.cases
    assert first["tags"] == ["stormcell", GROUPS[0].id]
    assert (first["comments"], second["comments"]) == (["# A runbook"], [])
    assert {step.state for step in made.cases(both, kibana.url)} == {"there"}
    assert len(kibana.cases) == 2
    # A draft that is there later is added, but not where people talk already.
    second["totalComment"] = 1
    assert {step.state for step in made.cases([dossier(1, "# Later")], kibana.url)} == {"there"}
    second["totalComment"] = 0
    assert [step.state for step in made.cases([dossier(1, "# Later")], kibana.url)] == ["there", "created"]
    assert second["comments"] == ["# Later"]


def test_a_case_of_another_prefix_is_another(kibana: FakeKibana) -> None:
    assets("kibana").cases([dossier()], kibana.url)
    assert [step.state for step in assets("kibana", prefix="shop").cases([dossier()], kibana.url)] == ["created"]


def test_a_dry_run_opens_none(kibana: FakeKibana) -> None:
    steps = assets("kibana").cases([dossier(0, "# A runbook")], kibana.url, dry_run=True)
    assert [step.state for step in steps] == ["to create", "to create"]
    assert kibana.cases == []


def test_what_a_case_says() -> None:
    made = case(Ids(space="ops"), dossier(), "http://kibana:5601/s/ops")
    assert made["severity"] == "critical"
    assert made["owner"] == "observability"
    assert "ts-admin-basic-info-service" in made["description"]
    assert "](<http://kibana:5601/s/ops/app/discover#/?" in made["description"]
    assert "view/stormcell-ops-triage?" in made["description"]


def test_a_long_draft_is_cut_and_says_so() -> None:
    made = comment(dossier(0, "x" * 40_000))
    assert made is not None
    assert len(made["comment"]) == MOST_TEXT
    assert "Cut here" in made["comment"]


@given(st.text() | st.text("<>`*[]()!{}#&@\\\n\x1b\u202e"))
def test_hostile_texts_stay_texts(text: str) -> None:
    medoid = event(text or "u", text, service=text, severity=9)
    one, _ = group([row(medoid)], medoid, id="g-1", title=text)
    made = case(Ids(), Dossier(replace(one, services=GROUPS[0].services)), "http://kibana")
    assert 0 < len(made["title"]) <= MOST_TITLE
    assert len(made["description"]) <= MOST_TEXT
    tokens = [part for token in MarkdownIt().parse(made["description"]) for part in token.children or ()]
    assert {token.type for token in tokens} <= {
        *("text", "softbreak", "code_inline", "strong_open", "strong_close", "link_open", "link_close"),
        "text_special",
    }
    assert sum(token.type == "link_open" for token in tokens) == 2

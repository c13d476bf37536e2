"""Drafts published into a stand-in for Kibana."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import DeliveryError, SettingsError
from stormcell.registry import assets, publisher
from stormcell.types import Dossier, Paper
from stormcell_exporters.kibana.cases import MOST_TEXT, tags
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.rule import GUIDE, MOST_GUIDE
from stormcell_exporters.publish.kibana import guide
from tests.unit.kibana.kibana import FakeKibana, serving
from tests.unit.render.samples import grouping

GROUP = grouping().groups[0]
FIRST = Paper(
    review="d-0123456789ab",
    group=GROUP.id,
    kind="runbook",
    title="Failing requests",
    revision=1,
    markdown=(
        "# Failing requests\n\nLook at payment[^1] first.\n\n[//]: # (Stormcell: runbook of g-1 as d108488206)\n\n"
        "[^1]: event `51fb`, field `service`\n"
    ),
    author="ada",
    reviewer="grace",
    time=1_700_000_200_000_000_000,
)
SECOND = replace(FIRST, revision=2, markdown="# Failing requests\n\nLook at checkout.\n")
LAST = "*Stormcell draft d-0123456789ab, revision 1.*"


@pytest.fixture
def kibana(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKibana]:
    for name in ("API_KEY", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"STORMCELL_KIBANA_{name}", raising=False)
    with serving(FakeKibana()) as served:
        yield served


def blob(kibana: FakeKibana, id: str = "") -> str:
    held: Any = kibana.rules[id or Ids().rule]["artifacts"]["investigation_guide"]["blob"]
    assert isinstance(held, str)
    return held


def test_a_case_that_is_there_gets_the_comment(kibana: FakeKibana) -> None:
    assets("kibana").cases([Dossier(GROUP)], kibana.url)
    kibana.cases[0]["comments"] += ["I am on it", f"It said: {LAST}"]
    where = publisher("kibana-case").publish(FIRST, kibana.url)
    assert where == f"{kibana.url}/app/observability/cases/case-0"
    [case] = kibana.cases
    assert case["comments"][2] == f"{FIRST.markdown}\n{LAST}"
    publisher("kibana-case").publish(SECOND, kibana.url)
    assert case["comments"][:2] == ["I am on it", f"It said: {LAST}"]
    assert len(case["comments"]) == 3
    assert case["comments"][2].endswith("checkout.\n\n*Stormcell draft d-0123456789ab, revision 2.*")


def test_a_case_is_opened_where_there_is_none(kibana: FakeKibana) -> None:
    publisher("kibana-case", {"space": ""}).publish(replace(FIRST, title="x" * 300), kibana.url)
    [case] = kibana.cases
    assert case["tags"] == tags(Ids(), GROUP.id)
    assert len(case["title"]) == 160
    assert "](<http://127.0.0.1:" in case["description"]
    # It is the one that `stormcell kibana cases` would make.
    assert {step.state for step in assets("kibana").cases([Dossier(GROUP)], kibana.url)} == {"there"}
    # Another draft of the group is another comment.
    publisher("kibana-case").publish(replace(FIRST, review="d-ffffffffffff", kind="postmortem"), kibana.url)
    assert len(case["comments"]) == 2


def test_a_comment_is_found_among_many(kibana: FakeKibana) -> None:
    publisher("kibana-case").publish(FIRST, kibana.url)
    [case] = kibana.cases
    case["comments"][:0] = [f"comment {number}" for number in range(250)]
    publisher("kibana-case").publish(SECOND, kibana.url)
    assert len(case["comments"]) == 251
    assert "revision 2" in case["comments"][250]


def test_a_draft_too_long_for_a_comment_says_so(kibana: FakeKibana) -> None:
    publisher("kibana-case").publish(replace(FIRST, markdown="```\n" + "a line\n" * 9000), kibana.url)
    [text] = kibana.cases[0]["comments"]
    assert len(text) <= MOST_TEXT
    assert text.endswith(f"a line\n```\n\n*Cut here: a comment holds no more.*\n\n{LAST}")


def test_the_guide_of_our_rule(kibana: FakeKibana) -> None:
    made = publisher("kibana-guide")
    with pytest.raises(DeliveryError, match=r"has no rule of the id .*stormcell kibana install"):
        made.publish(FIRST, kibana.url)
    assets("kibana").install(kibana.url)
    kibana.rules[Ids().rule]["actions"] = [{"id": "pager", "group": "query matched", "params": {}, "uuid": "u"}]
    before = dict(kibana.rules[Ids().rule])
    where = made.publish(FIRST, kibana.url)
    assert where.endswith(f"/rule/{Ids().rule}")
    assert blob(kibana) == f"# Failing requests\n\nLook at payment first.\n\n{LAST}"
    after = dict(kibana.rules[Ids().rule])
    assert after["artifacts"]["dashboards"] == before["artifacts"]["dashboards"]
    for name in ("name", "schedule", "tags", "params", "actions"):
        assert after[name] == before[name]
    # Installing again leaves it there, as long as it is there.
    assert {step.state for step in assets("kibana").install(kibana.url)} == {"there"}
    kibana.rules[Ids().rule]["artifacts"]["investigation_guide"]["blob"] = "something"
    assert "changed" in {step.state for step in assets("kibana").install(kibana.url)}
    assert blob(kibana) == GUIDE


def test_the_guide_of_another_rule(kibana: FakeKibana) -> None:
    kibana.rules["theirs"] = {
        "name": "Theirs",
        "schedule": {"interval": "5m"},
        "params": {"a": 1},
        "enabled": True,
    }
    link = "https://stormcell.example.com/drafts/{review}"
    publisher("kibana-guide", {"rule": "theirs", "link": link}).publish(FIRST, kibana.url)
    assert blob(kibana, "theirs").endswith(" [All of it](<https://stormcell.example.com/drafts/d-0123456789ab>)")
    with pytest.raises(SettingsError, match="option 'link'"):
        publisher("kibana-guide", {"link": "https://stormcell.example.com/drafts"})


@pytest.mark.parametrize("version", ["8.18.3", "9.0.1"])
def test_a_kibana_without_guides_is_told(version: str) -> None:
    with serving(FakeKibana(version=version)) as kibana:
        kibana.rules[Ids().rule] = {"name": "x"}
        with pytest.raises(DeliveryError, match="whose rules have no investigation guide"):
            publisher("kibana-guide").publish(FIRST, kibana.url)


@given(st.lists(st.text(max_size=300) | st.sampled_from(["```", "~~~~~~~~~~", "a[^1]", "[^1]: b"]), max_size=30))
def test_a_guide_is_never_too_long(lines: list[str]) -> None:
    made = guide(replace(FIRST, markdown="\n".join(lines)), "https://stormcell.example.com/drafts/{review}")
    assert len(made) <= MOST_GUIDE
    assert LAST in made.rpartition("\n")[2]

"""Postmortem drafts: their sections, whole sentences of Markdown, and no value without a source."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from stormcell.config import DraftsSettings, LinkSettings
from stormcell.errors import TemplateError
from stormcell.render import POSTMORTEM, RUNBOOK, Drafter
from stormcell.render.templates import load
from stormcell.types import Draft, Fact, Material, Source
from tests.unit.render.incidents import incident
from tests.unit.render.lint import problems
from tests.unit.render.samples import SAMPLES, event, group, row
from tests.unit.render.test_drafts import EVIL, HARMLESS, HOSTILE, hostile_group, kinds

LINKS = (LinkSettings(name="Traces", url="https://x.example/?trace={trace}&from={from}"),)
DRAFTER = Drafter(DraftsSettings(links=LINKS))
MARKDOWN = MarkdownIt("commonmark").enable("table").use(footnote_plugin)
NAMES = {kind: [one.name for one in load((), kind).templates] for kind in (RUNBOOK, POSTMORTEM)}
EVERY = [(kind, name) for kind, names in NAMES.items() for name in names]
SECTIONS = {
    "default": (
        *("Summary", "Impact", "Timeline", "Detection", "Contributing factors", "What went well"),
        *("What went wrong", "Where we were lucky", "Action items", "Supporting data"),
    ),
    "sre": (
        *("Summary", "Impact", "Root causes", "Trigger", "Resolution", "Detection", "Action items"),
        *("Lessons learned", "Timeline", "Supporting information"),
    ),
    "pagerduty": (
        *("Overview", "What happened", "Contributing factors", "Resolution", "Impact", "Responders", "Timeline"),
        *("How did we do?", "Action items", "Messaging", "Supporting data"),
    ),
}


def materials() -> dict[str, Material]:
    made = {name: Material(found, [atom]) for name, (found, atom) in ((n, f()) for n, f in SAMPLES.items())}
    many = [row(event(f"u{n:03}", f"line {n}", service=f"s{n}", time=n * 10**9)) for n in range(50)]
    large, atom = group(many, many[7].event)
    return made | {"incident": incident(), "many services": Material(large, [atom])}


@pytest.mark.parametrize("name", SECTIONS)
def test_sections_of_a_layout(name: str) -> None:
    made = DRAFTER.draft(POSTMORTEM, incident(), name)
    assert tuple(re.findall("^## (.+)$", made.markdown, re.MULTILINE)) == SECTIONS[name]
    assert made.template == name
    assert made.markdown.startswith("# Postmortem: GET /front on front[^1]\n")
    assert made.markdown.index("to be reviewed by a person") < made.markdown.index("##")


def test_the_default_layout_is_chosen() -> None:
    assert all(DRAFTER.draft(POSTMORTEM, one).template == "default" for one in materials().values())


def test_there_is_no_other_layout() -> None:
    message = "there is no template 'other' for a postmortem; there are default, pagerduty, sre"
    with pytest.raises(TemplateError, match=re.escape(message)):
        DRAFTER.draft(POSTMORTEM, incident(), "other")


@pytest.mark.parametrize(("kind", "name"), EVERY)
@pytest.mark.parametrize("of", materials())
def test_it_lints_clean_and_every_footnote_is_cited(kind: str, name: str, of: str) -> None:
    made = DRAFTER.draft(kind, materials()[of], name)
    assert problems(made.markdown) == []
    env: dict[str, dict[str, dict[str, object]]] = {}
    MARKDOWN.parse(made.markdown, env)
    assert len(env["footnotes"]["refs"]) == len(made.sources)
    # Those that nothing cites have no number.
    assert -1 not in env["footnotes"]["refs"].values()


def test_causes_judgements_and_plans_are_left_to_people() -> None:
    for name in NAMES[POSTMORTEM]:
        text = DRAFTER.draft(POSTMORTEM, incident(), name).markdown
        for section in re.split("^##+ ", text, flags=re.MULTILINE):
            asked = section.split("\n")[0]
            if asked.startswith(
                ("What", "Action", "Where", "Contributing", "Root", "Trigger", "Internal", "External")
            ):
                assert "*to fill in: " in section, (name, asked)


def test_what_is_known_is_told() -> None:
    text = DRAFTER.draft(POSTMORTEM, incident()).markdown
    assert "| Errors and alerts among them | 7[^" in text
    assert re.search(r"Acknowledged by ops\[\^\d+\] \(ann\[\^\d+\]\) \| entry 4\[\^\d+\] of the audit log", text)
    assert re.search(r"by way of front\[\^\d+\] → cart\[\^\d+\] → db\[\^\d+\]\.", text)
    assert "- [Traces](<https://x.example/?trace=" in text
    assert "generatorURL: `https://prometheus.example/graph?g0.expr=a%3Eb`[^" in text
    assert "75 %[^" in text
    assert "of one family" in text
    assert re.search(r"^\[\^\d+\]: entry 4 of the audit log, field `who`$", text, re.MULTILINE)


def test_responders_are_people() -> None:
    text = DRAFTER.draft(POSTMORTEM, incident(), "pagerduty").markdown
    responders = text[text.index("## Responders") : text.index("## Timeline")]
    assert "ops[^" in responders
    assert "sidecar" not in responders


@given(HOSTILE, st.sampled_from(NAMES[POSTMORTEM]))
@settings(max_examples=30, deadline=None)
def test_hostile_text_is_harmless(text: str, name: str) -> None:
    made, atom = hostile_group(text, f"u{text}")
    assert kinds(DRAFTER.draft(POSTMORTEM, Material(made, [atom]), name)) <= HARMLESS | {"ordered_list", "link"}


def test_hostile_text_breaks_no_table_and_no_footnote() -> None:
    made, atom = hostile_group(EVIL, "u1")
    for name in NAMES[POSTMORTEM]:
        draft = Drafter(DraftsSettings()).draft(POSTMORTEM, Material(made, [atom]), name)
        assert "link" not in kinds(draft)
        _same_columns(draft)


def _same_columns(draft: Draft) -> None:
    width = 0
    for line in draft.markdown.splitlines():
        bars = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("| ") else 0
        assert not (width and bars) or bars == width, line
        width = bars


def test_a_fact_of_the_audit_log_names_its_entry() -> None:
    made = DRAFTER.draft(POSTMORTEM, incident())
    assert Fact("ops", "4", "who", "", Source.AUDIT) in made.sources

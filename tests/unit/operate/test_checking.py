"""Every value of a draft can be verified against the store, and a wrong one is found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stormcell import escape
from stormcell.config import Settings
from stormcell.errors import NotFoundError
from stormcell.groups.lifecycle import Status
from stormcell.operate.checking import Finding, Verdict, check, check_reading
from stormcell.operate.drafting import draft, drafter
from stormcell.operate.people import Person
from stormcell.operate.status import set_status
from stormcell.render import POSTMORTEM, RUNBOOK
from stormcell.render.reading import read
from stormcell.store import SqliteStore
from stormcell.types import AuditEntry, Grouping, Material
from tests.unit.render.incidents import history, incident
from tests.unit.render.samples import event, grouping, row, s
from tests.unit.render.test_drafts import HOSTILE, hostile_group

SETTINGS = Settings.model_validate(
    {"drafts": {"links": [{"name": "Traces", "url": "https://x.example/?t={trace}&s={service}"}]}}
)
KINDS = [(RUNBOOK, ""), (POSTMORTEM, "default"), (POSTMORTEM, "sre"), (POSTMORTEM, "pagerduty")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An incident with a history, beside three groups of before."""
    found, before = incident(), grouping()
    groups = (*before.groups, found.group)
    with SqliteStore(tmp_path / "stormcell.db", create=True) as opened:
        every = Grouping(100, 0, tuple(sorted(groups, key=lambda one: (one.first_seen, one.id))), ())
        opened.save(replace(every, memberships=(*before.memberships, *found.atoms)), [])
        opened.audit(*(replace(entry, number=0) for entry in history()))
        yield opened


def wrong(findings: Sequence[Finding]) -> list[tuple[int, Verdict]]:
    return [(one.footnote, one.state) for one in findings if one.state is not Verdict.OK]


def number_of(markdown: str, before: str) -> int:
    """Return the footnote cited right after a text."""
    found = re.search(re.escape(before) + r"\[\^(\d+)\]", markdown)
    assert found is not None, before
    return int(found[1])


@pytest.mark.parametrize(("kind", "template"), KINDS)
def test_a_draft_of_the_store_holds(store: SqliteStore, kind: str, template: str) -> None:
    for one in store.groups():
        made = draft(store, one.id, kind, SETTINGS, template)
        findings = check(store, made.markdown, SETTINGS)
        assert wrong(findings) == []
        assert {one.footnote for one in findings} == set(range(1, len(made.sources) + 1))


@given(HOSTILE, HOSTILE.map(lambda text: f"u{text}"), st.sampled_from(KINDS))
@example("\r\r", "u\r\r", (RUNBOOK, ""))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_text_goes_round(tmp_path: Path, text: str, uid: str, kind: tuple[str, str]) -> None:
    made, atom = hostile_group(text, uid)
    entry = AuditEntry(s(5), text, "ack", text, (text,), {"by": text}, 1)
    material = Material(made, [atom], [entry], incident().related)
    with SqliteStore(tmp_path / "none.db", create=True) as nothing:
        text = drafter(SETTINGS.drafts).draft(kind[0], material, kind[1]).markdown
        assert wrong(check_reading(nothing, read(text), material, SETTINGS)) == []


@given(st.data(), st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_value_is_found(tmp_path: Path, data: st.DataObject, kind: tuple[str, str]) -> None:
    material = incident()
    made = drafter(SETTINGS.drafts).draft(kind[0], material, kind[1])
    number = data.draw(st.integers(1, len(made.sources)))
    value = made.sources[number - 1].value
    other = data.draw(st.sampled_from([f"{value}x", f"x{value}", value[:-1] + "~", f"1{value}"]))
    edited = made.markdown
    for written in (escape.markdown, escape.code):
        edited = edited.replace(f"{written(value)}[^{number}]", f"{written(other)}[^{number}]")
    with SqliteStore(tmp_path / "none.db", create=True) as nothing:
        found = check_reading(nothing, read(edited), material, SETTINGS)
    if edited != made.markdown:
        assert (number, Verdict.ALTERED) in wrong(found)
        assert {one for one, _ in wrong(found)} == {number}


def test_people_may_edit_around_the_facts(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    ours = "We were *asleep*, 12 of us; see [^runbook] and [a](https://b.example)"
    text = re.sub(r"\*to fill in: [^*]+\*", ours, text)
    text = text.replace("speaks for", "speaks, as it were, for\n").replace("## Impact", "## What it did")
    text = re.sub(r"\| Events \| (\d+)", r"| Events | **\1**", text)
    head, _, tail = text.partition("## Timeline")
    timeline, _, rest = tail.partition("## Detection")
    text = f"{head}## Detection{rest}".replace("[//]", f"## Timeline{timeline}[//]") + "\n[^runbook]: ours\n"
    assert wrong(check(store, text, SETTINGS)) == []


def test_a_part_that_is_taken_out_leaves_footnotes_that_do_no_harm(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    text = re.sub(r"## Supporting data.*?(?=\[//\])", "", text, flags=re.DOTALL)
    found = check(store, text, SETTINGS)
    assert {state for _, state in wrong(found)} == {Verdict.UNUSED}
    assert all(one.holds for one in found)


def test_an_altered_command_is_found(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", RUNBOOK, SETTINGS).markdown
    assert wrong(check(store, text.replace("-- aaaa0001", "-- aaaa0009"), SETTINGS)) == [
        (number_of(text, "event `aaaa0001`"), Verdict.ALTERED)
    ]


def test_a_value_that_is_the_same_of_other_members_says_what_no_longer_holds(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    members = re.search(r"different traces counted over (\d+) members", text)
    assert members is not None
    text = text.replace(members[0], "different traces counted over 999 members")
    found = [one for one in check(store, text, SETTINGS) if not one.holds]
    told = "it says '1', which holds; its footnote no longer does: different traces counted over 999 members"
    assert [(one.state, one.told) for one in found] == [(Verdict.CHANGED, told)]


def test_what_became_of_the_group_is_changed_not_altered(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    number = number_of(text, "(resolved")
    set_status(store, "g-aaaa", Status.OPEN, Person("cli", "ann", s(500)))
    found = check(store, text, SETTINGS)
    assert (number, Verdict.CHANGED) in wrong(found)
    told = next(one.told for one in found if one.footnote == number and not one.holds)
    assert told == "it says 'resolved'; derived anew it is 'open'"
    # When it was resolved first is in the log for good; that it is resolved no longer holds.
    assert {state for _, state in wrong(found)} == {Verdict.CHANGED, Verdict.MISSING}


def test_a_group_that_grew_counts_anew(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    found = incident()
    late = row(event("dddd0001", "late", time=s(110), service="db", severity=17))
    more = tuple(sorted((*found.group.members, "dddd0001")))
    grown = replace(found.group, members=more, count=9, signals={**found.group.signals, "log": 4})
    atoms = (found.atoms[0], replace(found.atoms[1], rows=(*found.atoms[1].rows, late)))
    store.save(Grouping(9, 0, (grown,), atoms), [])
    states = dict(wrong(check(store, text, SETTINGS)))
    assert states[number_of(text, "| Events | 8")] is Verdict.CHANGED
    assert Verdict.ALTERED not in states.values()


def test_what_is_gone_is_missing(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    text = text.replace("event `bbbb0001`", "event `ffff9999`").replace("field `signal`", "field `sign`")
    found = check(store, text, SETTINGS)
    told = {one.told for one in found if one.state is Verdict.MISSING}
    assert "there is no event ffff9999 in the store any more, or it stands for no other now" in told
    assert "event aaaa0001 has no field sign" in told


def test_an_entry_of_another_group_is_missing(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", POSTMORTEM, SETTINGS).markdown
    text = re.sub(r"entry \d+ of the audit log, field", "entry 99 of the audit log, field", text)
    found = check(store, text, SETTINGS)
    assert "there is no entry 99 in the audit log of the group" in {one.told for one in found}


def test_footnotes_are_defined_once(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", RUNBOOK, SETTINGS).markdown
    lines = text.splitlines()
    dropped = "\n".join(line for line in lines if not line.startswith("[^2]:")) + "\n"
    assert set(wrong(check(store, dropped, SETTINGS))) == {(2, Verdict.UNDEFINED)}
    assert wrong(check(store, text + "[^2]: event `x`, field `text`\n", SETTINGS)) == [(2, Verdict.ALTERED)]
    odd = re.sub(r"^(\[\^2\]:).*$", r"\1 see my notes", text, flags=re.MULTILINE)
    assert wrong(check(store, odd, SETTINGS)) == [(2, Verdict.MISSING)]


def test_a_draft_is_known_by_its_events_where_it_names_no_group(store: SqliteStore) -> None:
    text = draft(store, "g-aaaa", RUNBOOK, SETTINGS).markdown
    without = re.sub(r"^\[//\].*\n\n", "", text, flags=re.MULTILINE)
    assert "[//]" not in without
    assert wrong(check(store, without, SETTINGS)) == []


def test_a_text_that_is_no_draft(store: SqliteStore) -> None:
    with pytest.raises(NotFoundError, match="is it a draft of this store"):
        check(store, "# Notes\n\nnothing[^1]\n\n[^1]: nowhere\n", SETTINGS)
    with pytest.raises(NotFoundError, match="is of group g-gone, which is not in the store"):
        check(store, "[//]: # (Stormcell: runbook of g-gone as 0123456789)\n", SETTINGS)

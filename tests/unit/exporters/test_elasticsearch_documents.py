"""What documents for Elasticsearch say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.types import Membership, Signal
from stormcell_exporters.elasticsearch.documents import (
    GROUP_FIELDS,
    Documents,
    documents,
    silhouette,
    totals_document,
)
from stormcell_exporters.elasticsearch.fitting import MOST_KEYS, MOST_KEYWORD, MOST_TEXT, Document
from stormcell_exporters.ndjson import MAX_MEMBERS
from stormcell_exporters.ndjson import document as ndjson
from tests.unit.exporters.dossiers import TOTALS, entry, full, lone
from tests.unit.render.samples import event, s

ANY = st.text(st.characters(codec=None), max_size=30)
"""Any text that Python can hold, lone surrogates too."""
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY, st.lists(ANY, max_size=3))


def said(document: Document) -> dict[str, Any]:
    found = json.loads(document.source, parse_constant=pytest.fail)
    assert isinstance(found, dict)
    return found


def every(made: Documents) -> list[Document]:
    return [made.group, *made.members, *made.history]


def test_a_group_says_what_its_line_says_and_more() -> None:
    dossier = full()
    found = said(documents(dossier).group)
    line = json.loads(json.dumps(ndjson(dossier.group)))
    assert found | {"event": None, "incident_group": None, "tags": None} == line | {
        "event": None,
        "incident_group": None,
        "tags": None,
    }
    assert line["event"].items() <= found["event"].items()
    assert line["incident_group"].items() <= found["incident_group"].items()
    assert found.keys() <= GROUP_FIELDS
    assert found["event"]["duration"] == dossier.group.last_seen - dossier.group.first_seen


def test_people_and_the_sidecar_are_told_apart() -> None:
    incident = said(documents(full()).group)["incident_group"]
    assert incident["edits"] == 4
    assert incident["exemplar_changes"] == incident["reopened"] == 1
    assert incident["acknowledged"] == "2023-11-14T22:14:50.000Z"
    # From its first event, 4.898999808 s, to the last time it was resolved.
    assert incident["time_to_acknowledge"] == 85.101000192
    assert incident["resolved"] == "2023-11-14T22:20:00.500Z"
    assert incident["time_to_resolve"] == 395.601000192


def test_what_is_said_of_others_is_not_of_the_group() -> None:
    dossier = replace(full(), history=[entry(s(9), "cli", "ack", "g-gone", "g-other")])
    incident = said(documents(dossier).group)["incident_group"]
    assert incident["edits"] == 0
    assert incident.keys().isdisjoint({"acknowledged", "time_to_acknowledge", "resolved", "time_to_resolve"})


def test_an_open_group_is_not_resolved_though_it_was() -> None:
    dossier = full()
    again = replace(dossier, group=replace(dossier.group, status="open"))
    assert "resolved" not in said(documents(again).group)["incident_group"]


def test_a_change_before_the_first_event_took_no_time() -> None:
    dossier = full()
    early = replace(dossier, history=[entry(s(0), "cli", "ack", dossier.group.id)])
    assert said(documents(early).group)["incident_group"]["time_to_acknowledge"] == 0


def test_a_silhouette_is_of_the_nearer_group() -> None:
    atom = Membership((), (), 1.0, "g", 0.25, runner_up="o", runner_up_dissimilarity=0.5)
    assert silhouette(atom) == 0.5
    assert silhouette(replace(atom, dissimilarity=0.5, runner_up_dissimilarity=0.25)) == -0.5
    assert silhouette(replace(atom, dissimilarity=0.0, runner_up_dissimilarity=0.0)) == 0.0
    assert silhouette(replace(atom, runner_up_dissimilarity=None)) is None
    assert silhouette(replace(atom, runner_up_dissimilarity=float("inf"))) is None
    # Of the events: one in the exemplar's atom, five in the other.
    found = said(documents(full()).group)["incident_group"]["silhouette"]
    assert found == round((1 * 1.0 + 5 * 0.5) / 6, 6)
    assert "silhouette" not in said(documents(lone(event("u1"))).group)["incident_group"]


def test_a_row_is_the_same_document_in_whatever_group_it_is() -> None:
    dossier = full()
    moved = replace(dossier, group=replace(dossier.group, id="g-new"))
    before, after = documents(dossier).members, documents(moved).members
    assert [one.id for one in before] == [one.id for one in after]
    assert len({one.id for one in before}) == 4
    assert all(one.digest != other.digest for one, other in zip(before, after, strict=True))
    assert [said(one)["incident_group"]["id"] for one in after] == ["g-new"] * 4


def test_history_is_the_same_from_any_store() -> None:
    dossier = full()
    later = replace(dossier, history=[replace(one, number=one.number + 100) for one in dossier.history])
    assert documents(later) == documents(dossier)
    assert len({one.id for one in documents(dossier).history}) == len(dossier.history)


def test_the_digest_of_a_group_is_of_all_that_belongs_to_it() -> None:
    dossier = full()
    [first, *rest] = dossier.atoms
    others = [
        replace(dossier, group=replace(dossier.group, title="Another")),
        replace(dossier, atoms=[replace(first, surprise=9.0), *rest]),
        replace(dossier, atoms=rest),
        replace(dossier, drafts=()),
        replace(dossier, history=dossier.history[:-1]),
        replace(dossier, history=[*dossier.history, entry(s(900), "cli", "split", "f-1", dossier.group.id)]),
        replace(dossier, portrait=(0.8, 0.6)),
    ]
    assert len({documents(one).group.digest for one in (dossier, *others)}) == 8
    digests = {said(documents(one).group)["incident_group"]["members_digest"] for one in (dossier, *others)}
    assert len(digests) == 3
    # The group's own document says nothing of when it was pinned.
    told = [replace(one, time=one.time + 1) if one.action == "pin" else one for one in dossier.history]
    assert documents(replace(dossier, history=told)).group.digest != documents(dossier).group.digest
    turned = replace(dossier, atoms=[*rest, first])
    assert documents(turned).group.digest == documents(dossier).group.digest


def test_what_is_long_is_cut_and_what_is_much_is_capped() -> None:
    long = "ü" * (MOST_TEXT + 1)
    labels = {f"labels.{at:04d}{long}": long for at in range(MOST_KEYS + 1)}
    first = event(f"u{long}", long, signal=Signal.ALERT, attributes=labels, service=long, trace_id=long)
    dossier = lone(first, *(f"{at:04d}{long}" for at in range(MAX_MEMBERS)))
    made = documents(dossier)
    [member], found = map(said, made.members), said(made.group)
    assert member["message"] == found["message"] == f"{long[: MOST_TEXT - 3]}..."
    short = f"{long[: MOST_KEYWORD - 3]}..."
    assert member["service"]["name"] == member["trace"]["id"] == found["event"]["reason"] == short
    for one in (member, found):
        assert len(one["labels"]) == MOST_KEYS
        assert {*one["labels"].values()} == {short}
        assert {len(name) for name in one["labels"]} == {MOST_KEYS}
    assert member["incident_group"]["member"]["count"] == MAX_MEMBERS + 1
    assert len(member["incident_group"]["member"]["uids"]) == MAX_MEMBERS
    assert len(found["incident_group"]["member_ids"]) == MAX_MEMBERS
    # A server with little memory takes it.
    assert max(len(one.source) for one in every(made)) < 4_000_000


def test_a_label_may_be_called_anything() -> None:
    first = event("u", signal=Signal.ALERT, attributes={"labels.a\0b": 1, "labels.": [], "labels.c": None})
    # A flattened field takes no null in a name.
    assert said(documents(lone(first)).members[0])["labels"] == {"a\ufffdb": "1", "": "[]"}


def test_a_portrait_without_a_direction_is_none() -> None:
    assert "embedding" not in said(documents(replace(full(), portrait=(0.0, 0.0))).group)["incident_group"]


@given(
    text=ANY,
    service=ANY,
    labels=st.dictionaries(ANY, VALUES, max_size=4),
    detail=st.dictionaries(ANY, VALUES, max_size=4),
    time=st.integers(0, 2**64 - 1),
    duration=st.integers(0, 2**64 - 1),
    number=st.floats(),
)
def test_whatever_comes_is_json_that_elasticsearch_takes(
    text: str,
    service: str,
    labels: dict[str, Any],
    detail: dict[str, Any],
    time: int,
    duration: int,
    number: float,
) -> None:
    attributes = {f"labels.{name}": value for name, value in labels.items()}
    first = event(
        text or "u",
        text,
        signal=Signal.ALERT,
        service=service,
        attributes=attributes,
        resource={"host.name": text},
        time=time,
        duration=duration,
        trace_id=text,
    )
    dossier = lone(first)
    [atom] = dossier.atoms
    odd = replace(
        dossier,
        group=replace(dossier.group, radius=number, margin=number),
        atoms=[
            replace(atom, surprise=number, dissimilarity=number, runner_up="o", runner_up_dissimilarity=number)
        ],
        history=[replace(entry(time, text, service, text), detail=detail)],
    )
    made = documents(odd)
    assert made == documents(odd)
    for one in every(made):
        assert b"\n" not in one.source
        assert (
            b"NaN" not in one.source or "NaN" in f"{labels}{detail}{text}{service}" or "nan" in f"{labels}{detail}"
        )
        found = said(one)
        _check(found)
        if one not in made.history:
            holder = found["incident_group"]
            assert holder.get("member", holder)["digest"] == one.digest


def test_totals_tell_how_much_less_there_is_to_look_at() -> None:
    found = said(totals_document(TOTALS))
    assert found["@timestamp"] == "2023-11-14T22:21:40.000Z"
    assert found["incident_group"]["totals"] == {
        "events": 1000,
        "grouped": 150,
        "background": 850,
        "noise_share": 0.85,
        "groups": 6,
        "open": 2,
        "acknowledged": 1,
        "resolved": 3,
        "reduction": 25.0,
    }
    empty = said(totals_document(replace(TOTALS, events=0, background=0, open=0, acknowledged=0, resolved=0)))
    assert empty["incident_group"]["totals"].keys().isdisjoint({"noise_share", "reduction"})


def _check(value: Any) -> None:
    """Make sure that Elasticsearch can take a value: whole numbers of 64 bits, numbers that are numbers."""
    if isinstance(value, dict):
        assert all("\0" not in name for name in value)
        for one in value.values():
            _check(one)
    elif isinstance(value, list):
        for one in value:
            _check(one)
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
    elif isinstance(value, float):
        assert value - value == 0
    else:
        assert isinstance(value, str)

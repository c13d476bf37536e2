from __future__ import annotations

import json

import pytest

from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.evaluation import Evaluation, Label, evaluate
from stormcell.types import Event
from tests.unit.features.build import alert, log
from tests.unit.groups.build import storm

ALERT = "f00d@2023-11-15T00:00:00.000Z"


def events() -> list[Event]:
    return [*storm(), alert(6050, uid=ALERT, text="PaymentErrors", service="payment")]


def truth() -> dict[str, Label]:
    found = {}
    for event in events():
        if event.uid == ALERT:
            found["f00d"] = Label("f00d", "bank", "payment")
        elif event.uid.startswith("beat-"):
            found[event.uid] = Label(event.uid, "noise", "")
        elif event.service == "payment":
            found[event.uid] = Label(event.uid, "bank", "payment")
        elif event.uid != "alert-cart":  # one event without a label
            found[event.uid] = Label(event.uid, "store", "redis")
    return found | {"gone": Label("gone", "store", "")}


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return evaluate(events(), truth())


def test_counts(result: Evaluation) -> None:
    assert result.events == len(events())
    assert (result.labelled, result.unlabelled, result.unmatched) == (len(events()) - 1, 1, 1)


def test_tells_the_incidents_apart(result: Evaluation) -> None:
    for mode in (result.a, result.b):
        assert mode.stormcell.agreement.ari > 0.8
        assert mode.stormcell.incident_recall == 1
        assert mode.stormcell.incidents == 2
        assert mode.services.incidents == 2
        assert mode.services.blamed_at_1 == 1


def test_mode_a_groups_the_incidents_events_alone(result: Evaluation) -> None:
    grouped = {uid for found in result.a.grouping.groups for uid in found.members}
    assert grouped == {uid for uid, label in truth().items() if not label.is_noise} - {"gone"}
    assert result.a.grouping.background == []
    assert result.a.stormcell.contamination == 0


def test_mode_b_sets_the_background_apart(result: Evaluation) -> None:
    assert set(result.b.grouping.background) == {uid for uid in truth() if uid.startswith("beat-")}
    assert result.b.stormcell.contamination == 0
    # The heartbeat never stops for longer than the silence.
    assert result.b.baselines["silence"].groups == 1
    assert result.b.baselines["silence"].contamination > 0.5
    assert result.b.baselines["gate + silence"].contamination == 0


def test_predictions_spell_uids_as_the_truth_does(result: Evaluation) -> None:
    for mode in (result.a, result.b):
        uids = {uid for found in mode.grouping.groups for uid in found.members}
        rows = {uid for m in mode.grouping.memberships for row in m.rows for uid in row.members}
        assert "f00d" in uids & rows
        assert ALERT not in uids | rows
        for found in mode.grouping.groups:
            shown = (found.medoid, found.earliest, found.latest, found.most_severe)
            assert {event.uid for event in shown} <= set(found.members)


def test_as_json(result: Evaluation) -> None:
    written = json.loads(json.dumps(result.as_json()))
    assert written["modes"].keys() == {"A", "B"}
    assert written["modes"]["A"]["stormcell"]["ari"] == result.a.stormcell.agreement.ari
    assert written["modes"]["B"].keys() == {"stormcell", "silence", "gate + silence", "services"}
    assert written["modes"]["B"]["services"]["blamed_at_1"] == 1


def test_is_reproducible(result: Evaluation) -> None:
    assert evaluate(reversed(events()), truth()).as_json() == result.as_json()


def test_of_events_with_one_uid_the_first_counts(result: Evaluation) -> None:
    late = [log(99_999, uid=event.uid, text="another", severity=17) for event in events()]
    assert evaluate([*events(), *late], truth()).as_json() == result.as_json()


def test_settings_are_heeded() -> None:
    settings = Settings.model_validate({"grouping": {"gate": 99}})
    found = evaluate(events(), truth(), settings)
    assert found.b.grouping.groups == ()
    assert found.a.grouping.groups


def test_refuses_a_truth_of_other_events() -> None:
    with pytest.raises(InputError, match="none of the 1 events is in an incident of the truth"):
        evaluate([log(uid="a")], {"a": Label("a", "noise", ""), "b": Label("b", "i", "")})


def test_an_alert_that_fired_twice_keeps_its_own_uids() -> None:
    again = ALERT.replace("00:00:00", "00:00:30")
    twice = [*events(), alert(6080, uid=again, text="PaymentErrors", service="payment")]
    for mode in (evaluate(twice, truth()).a, evaluate(twice, truth()).b):
        members = [uid for group in mode.grouping.groups for uid in group.members]
        assert len(members) == len(set(members))
        assert "f00d" not in members

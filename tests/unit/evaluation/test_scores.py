from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from stormcell.evaluation.scores import score, service_hits, silence
from stormcell.evaluation.truth import Label
from stormcell.pipeline import group
from stormcell.types import Blame, Group
from tests.unit.features.build import log


def labels(**incidents: str) -> dict[str, Label]:
    """Label the events that each letter names with the incident."""
    return {uid: Label(uid, incident, "") for incident, uids in incidents.items() for uid in uids}


def groups(**members: str) -> dict[str, str]:
    return {uid: name for name, uids in members.items() for uid in uids}


def test_a_perfect_grouping() -> None:
    found = score(groups(g="abc", h="de"), labels(one="abc", two="de", noise="xyz"))
    assert (found.agreement.ari, found.agreement.f1) == (1, 1)
    assert (found.groups, found.incidents) == (2, 2)
    assert (found.contamination, found.incident_recall) == (0, 1)


def test_an_event_in_no_group_is_alone() -> None:
    found = score(groups(g="ab"), labels(one="abcd"))
    # Of the six pairs of the incident one is together.
    assert found.agreement.precision == 1
    assert found.agreement.recall == pytest.approx(1 / 6)
    assert found.incident_recall == 1


def test_nothing_grouped() -> None:
    found = score({}, labels(one="abc", noise="x"))
    assert (found.groups, found.contamination, found.incident_recall, found.agreement.recall) == (0, 0, 0, 0)


def test_contamination_is_the_noise_among_the_grouped() -> None:
    found = score(groups(g="abx", h="yz"), labels(one="abc", noise="xyz"))
    assert found.contamination == pytest.approx(3 / 5)
    assert found.groups == 2


def test_events_without_a_label_count_nowhere() -> None:
    assert score(groups(g="ab??", h="!"), labels(one="ab")) == score(groups(g="ab"), labels(one="ab"))


@pytest.mark.parametrize(
    ("members", "recall"),
    [
        ({"g": "ab"}, 1),  # half of its events
        ({"g": "a"}, 0),  # less than half
        ({"g": "abx"}, 1),  # mostly made of them
        ({"g": "abxy"}, 0),  # only half made of them
        ({"g": "ab", "h": "cd"}, 1),  # counts once
        ({"g": "a", "h": "b", "i": "cx"}, 0),
    ],
)
def test_incident_recall(members: dict[str, str], recall: float) -> None:
    assert score(groups(**members), labels(one="abcd", noise="xy")).incident_recall == recall


def test_one_group_can_find_one_incident_only() -> None:
    assert score(groups(g="abcde"), labels(one="abc", two="de")).incident_recall == 0.5


@given(
    st.lists(st.tuples(st.sampled_from(["one", "two", "noise"]), st.sampled_from(["g", "h", None])), min_size=2)
)
def test_agreement_is_over_the_events_of_incidents(places: list[tuple[str, str | None]]) -> None:
    truth = {str(at): Label(str(at), incident, "") for at, (incident, _) in enumerate(places)}
    found = score({str(at): name for at, (_, name) in enumerate(places) if name}, truth)
    own = [(incident, name or at) for at, (incident, name) in enumerate(places) if incident != "noise"]
    expected = adjusted_rand_score([i for i, _ in own], [str(g) for _, g in own])
    assert found.agreement.ari == pytest.approx(expected)


def test_silence_starts_a_new_group() -> None:
    events = [log(at, uid=str(at)) for at in (700, 0, 300, 601, 650)]
    assert silence(events, 300) == {"0": "0", "300": "0", "601": "1", "650": "1", "700": "1"}
    assert silence([], 300) == {}


def made(members: str, blamed: list[str], service: str) -> Group:
    (found,) = group([log(uid=uid, service=service) for uid in members]).groups
    return dataclasses.replace(found, services=tuple(Blame(name, 0.1) for name in blamed))


def test_service_hits() -> None:
    found = [
        made("abc", ["cart", "shop"], "shop"),
        made("d", ["bank"], "cart"),
        made("ef", ["x", "y", "z", "bank"], "bank"),
    ]
    truth = {uid: Label(uid, "one", "cart") for uid in "abcd"} | {uid: Label(uid, "two", "bank") for uid in "ef"}
    hits = service_hits(found, truth)
    assert (hits.incidents, hits.blamed_at_1, hits.blamed_at_3) == (2, 0.5, 0.5)
    # Of the first incident the second group's exemplar is right, of the other the first's.
    assert (hits.exemplar_at_1, hits.exemplar_at_3) == (0.5, 1)


def test_incidents_without_a_known_service_are_not_judged() -> None:
    hits = service_hits([made("ab", ["cart"], "cart")], labels(one="a", noise="b"))
    assert (hits.incidents, hits.blamed_at_1, hits.exemplar_at_3) == (0, 0, 0)

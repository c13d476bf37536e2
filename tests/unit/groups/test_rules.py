"""The rules of the house, through the whole pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.config import EventCondition, Settings
from stormcell.config.conditions import event_view
from stormcell.features.knowledge import Knowledge
from stormcell.pipeline import group, group_rows
from stormcell.render import groups_json
from stormcell.types import Event, Feedback, Grouping, Kind, Mark, Membership, RuleOutcome, State
from tests.unit.features.build import alert, log, span
from tests.unit.groups.build import storm

CART, PAYMENT = {"service": ["cart", "front", "redis"]}, {"service": "payment"}


def with_rules(**rules: Any) -> Settings:
    return Settings.model_validate({"rules": rules})


def holding(found: Grouping, uid: str) -> Membership:
    return next(atom for atom in found.memberships for row in atom.rows if uid in row.members)


def outcomes(found: Grouping) -> Mapping[str, RuleOutcome]:
    return {outcome.rule: outcome for outcome in found.rules}


def of(events: Iterable[Event], **fields: Any) -> list[Event]:
    """The same events with other uids, of a tenant."""
    return [
        Event(
            **{
                **{name: getattr(event, name) for name in Event.__slots__},
                "uid": f"{fields['tenant']}-{event.uid}",
                "resource": {"tenant": fields["tenant"]},
            }
        )
        for event in events
    ]


@pytest.fixture(scope="module")
def plain() -> Grouping:
    return group(storm())


def test_rules_on_what_is_not_there_change_nothing(plain: Grouping) -> None:
    rules = with_rules(
        same=["tenant"],
        together=[{"name": "none", "when": {"service": "nobody"}}],
        apart=[{"name": "never", "when": {"service": "nobody"}, "from": {"service": "cart"}}],
    )
    found = group(storm(), rules)
    assert groups_json(found) == groups_json(plain)
    assert [one.state for one in found.rules] == [State.ABSENT, State.ABSENT, State.HONOURED]


def test_together_makes_one_group(plain: Grouping) -> None:
    assert len(plain.groups) == 2
    rules = with_rules(together=[{"name": "shop", "when": {"signal": "alert"}}])
    found = group(storm(), rules)
    assert holding(found, "alert-cart").group == holding(found, "alert-payment").group
    [outcome] = found.rules
    assert (outcome.state, outcome.events, outcome.moved > 0, outcome.groups) == (State.HONOURED, 2, True, 1)
    moved = [atom for atom in found.memberships if atom.rules]
    assert {name for atom in moved for name in atom.rules} == {"shop"}
    assert outcome.moved == sum(len(row.members) for atom in moved for row in atom.rows)
    assert any(outcome.example in row.members for atom in moved for row in atom.rows)


def test_a_group_comes_as_a_whole_if_its_exemplar_does(plain: Grouping) -> None:
    exemplars = [one.medoid.text for one in plain.groups]
    rules = with_rules(together=[{"name": "both", "when": {"text": exemplars}}])
    found = group(storm(), rules)
    [one] = found.groups
    assert one.members == tuple(sorted(uid for before in plain.groups for uid in before.members))
    assert one.id in {before.id for before in plain.groups}


def test_memberships_by_a_rule_are_explained_exactly() -> None:
    rules = with_rules(together=[{"name": "shop", "when": {"signal": "alert"}}])
    found = group(storm(), rules)
    for atom in found.memberships:
        if atom.group is not None:
            assert atom.dissimilarity == pytest.approx(sum(share.share for share in atom.shares))


def test_apart_splits_what_is_one_group() -> None:
    events = [log(at, service="cart", text=f"refused {at}", severity=17, uid=f"log-{at}") for at in range(8)]
    events += [alert(4, service="cart", text="CartDown", uid="down")]
    whole = group(events)
    assert len(whole.groups) == 1
    rules = with_rules(apart=[{"name": "alerts", "when": {"signal": "alert"}, "from": {"signal": "log"}}])
    found = group(events, rules)
    assert len(found.groups) == 2
    assert holding(found, "down").group != holding(found, "log-0").group
    assert whole.groups[0].id in {one.id for one in found.groups}
    [outcome] = found.rules
    assert (outcome.state, outcome.moved) == (State.HONOURED, 1 if holding(found, "down").rules else 8)


def test_what_is_on_both_sides_is_told() -> None:
    rules = with_rules(apart=[{"name": "twice", "when": {"signal": "alert"}, "from": CART}])
    [outcome] = group(storm(), rules).rules
    assert outcome.state is State.IMPOSSIBLE
    assert outcome.why == "an event is on both sides of it: alert-cart"


def test_one_trace_on_both_sides_is_told() -> None:
    rules = with_rules(apart=[{"name": "tiers", "when": {"service": "front"}, "from": {"service": "redis"}}])
    [outcome] = group(storm(), rules).rules
    assert outcome.state is State.IMPOSSIBLE
    assert outcome.why.startswith("one atom (the same trace")


def test_together_against_apart_is_told_and_apart_holds() -> None:
    rules = with_rules(
        together=[{"name": "alerts", "when": {"signal": "alert"}}],
        apart=[{"name": "teams", "when": CART, "from": PAYMENT}],
    )
    found = group(storm(), rules)
    assert holding(found, "alert-cart").group != holding(found, "alert-payment").group
    told = outcomes(found)
    assert told["teams"].state is State.HONOURED
    assert (told["alerts"].state, "teams keeps apart" in told["alerts"].why) == (State.IMPOSSIBLE, True)


def test_one_group_for_each_value() -> None:
    events = [
        alert(at, text="HostDown", service="host", uid=f"{zone}{at}", attributes={"labels.zone": zone})
        for at in range(0, 60, 5)
        for zone in "ab"
    ]
    assert len(group(events).groups) == 1
    rules = with_rules(together=[{"name": "hosts", "when": {"text": "HostDown"}, "by": ["zone"]}])
    found = group(events, rules)
    assert sorted("".join({uid[0] for uid in one.members}) for one in found.groups) == ["a", "b"]
    assert (found.rules[0].state, found.rules[0].values) == (State.HONOURED, 2)


def test_a_stray_comes_to_where_it_belongs() -> None:
    calm = [log(at * 300, text="heartbeat", service="cron", uid=f"beat-{at:02d}") for at in range(40)]
    burst = [
        log(6000 + at, text=f"refused {at}", severity=17, service="cart", uid=f"r-{at}") for at in range(0, 40, 5)
    ]
    odd = log(6150, text="disk is nearly full", severity=17, service="backup", uid="odd")
    before = group([*calm, *burst, odd])
    assert holding(before, "odd").stray
    rule = {"name": "disk", "when": {"any": [{"text": "~disk"}, {"service": "cart"}]}}
    found = group([*calm, *burst, odd], with_rules(together=[rule]))
    assert holding(found, "odd").group == holding(found, "r-0").group is not None
    assert holding(found, "odd").rules == ("disk",)


def test_never_across_a_silence() -> None:
    rules = with_rules(together=[{"name": "alerts", "when": {"signal": "alert"}}])
    found = group([alert(0, uid="one"), alert(10_000, uid="two")], rules)
    assert holding(found, "one").group != holding(found, "two").group
    assert found.rules[0].state is State.HONOURED


def test_tenants_are_as_if_each_were_alone() -> None:
    apart = {
        tenant: group(of(storm(), tenant=tenant), with_rules(same=["tenant"])).groups
        for tenant in ("acme", "beta")
    }
    found = group(of(storm(), tenant="acme") + of(storm(), tenant="beta"), with_rules(same=["tenant"]))
    assert len(found.groups) == 4
    assert sorted((one.id, one.members) for one in found.groups) == sorted(
        (one.id, one.members) for groups in apart.values() for one in groups
    )
    [outcome] = found.rules
    assert (outcome.state, outcome.values, outcome.groups) == (State.HONOURED, 2, 4)


def test_one_trace_through_two_tenants_is_two_atoms() -> None:
    events = [
        span(1, resource={"tenant": "a"}, failed=True),
        span(2, 1, at=0.1, resource={"tenant": "b"}, failed=True),
        span(3, 2, at=0.2, failed=True),
    ]
    assert len(group(events).memberships) == 1
    found = group(events, with_rules(same=["tenant"]))
    assert sorted(len(atom.rows) for atom in found.memberships) == [1, 1, 1]
    assert len(found.groups) == 3


def test_together_against_same_is_told() -> None:
    events = of(storm(), tenant="acme") + of(storm(), tenant="beta")
    rules = with_rules(same=["tenant"], together=[{"name": "alerts", "when": {"signal": "alert"}}])
    told = outcomes(group(events, rules))
    assert told["tenant"].state is State.HONOURED
    assert told["alerts"].state is State.IMPOSSIBLE
    assert told["alerts"].why == "it joins what rules.same keeps apart (tenant); it holds within each value"


def test_a_persons_word_on_a_group_goes_before_rules(plain: Grouping) -> None:
    def mark(uid: str) -> Mark:
        return Mark((uid,), holding(plain, uid).voice, "", "", "")

    rules = with_rules(apart=[{"name": "teams", "when": {"text": "CartErrors"}, "from": PAYMENT}])
    ruled = group(storm(), rules)
    assert ruled.rules[0].state is State.HONOURED
    said = Feedback("f-1", Kind.MERGE, tuple(mark(one.medoid.uid) for one in ruled.groups))
    found = group(storm(), rules, feedback=[said])
    assert [one.state for one in found.outcomes] == [State.HONOURED]
    assert found.rules[0].state is State.OVERRULED
    assert "f-1" in found.rules[0].why
    assert all(not (atom.rules and atom.feedback) for atom in found.memberships)


def test_feedback_cannot_join_tenants() -> None:
    events, rules = of(storm(), tenant="acme") + of(storm(), tenant="beta"), with_rules(same=["tenant"])
    before = group(events, rules)
    uids = ("acme-alert-cart", "beta-alert-cart")
    assert len({holding(before, uid).group for uid in uids}) == 2
    marks = tuple(Mark((uid,), "", "", "", "") for uid in uids)
    found = group(events, rules, feedback=[Feedback("f-1", Kind.MERGE, marks)])
    assert groups_json(found) == groups_json(before)
    assert [one.state for one in found.outcomes] == [State.IMPOSSIBLE]


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        at = draw(st.sampled_from([0, 0.5, 1, 30, 200, 900, 2700]))
        tenant = draw(st.sampled_from([None, "a", "b"]))
        fields: dict[str, Any] = {
            "service": draw(st.sampled_from(["shop", "cart"])),
            "text": draw(st.sampled_from(["order 1 failed", "order 2 failed", "order-482913 lost", "x"])),
            "resource": {} if tenant is None else {"tenant": tenant},
            "uid": f"u{number:02d}",
        }
        match draw(st.sampled_from(["log", "alert", "span"])):
            case "span":
                failed, parent = draw(st.booleans()), draw(st.integers(0, 12))
                made.append(span(number + 1, parent, at=at, failed=failed, **fields))
            case "log":
                made.append(log(at, severity=draw(st.sampled_from([9, 17])), **fields))
            case _:
                made.append(alert(at, **fields))
    return made


kinds = st.sampled_from(
    [
        {"service": "shop"},
        {"service": "cart"},
        {"signal": "alert"},
        {"text": "~order 1"},
        {"text": "~lost"},
        {"severity": ">=17"},
        {'resource["tenant"]': "a"},
    ]
)


@st.composite
def rules(draw: st.DrawFn) -> Settings:
    by = draw(st.lists(st.sampled_from([[], ["tenant"]]), max_size=2))
    joined = [{"name": f"t{at}", "when": draw(kinds), "by": labels} for at, labels in enumerate(by)]
    apart = [{"name": f"a{at}", "when": draw(kinds), "from": draw(kinds)} for at in range(draw(st.integers(0, 2)))]
    return with_rules(same=draw(st.sampled_from([[], ["tenant"]])), together=joined, apart=apart)


def _both(atom: Membership, *sides: EventCondition) -> set[int]:
    return {at for at, side in enumerate(sides) for row in atom.rows if side.holds(event_view(row.event))}


@settings(max_examples=30)
@given(events(), rules(), st.data())
def test_whatever_the_events_and_the_rules(made: list[Event], ruled: Settings, data: st.DataObject) -> None:
    knowledge = Knowledge(ruled)
    found = group_rows(knowledge.learn(made), knowledge, ruled, gate=False)
    knowledge = Knowledge(ruled)
    again = group_rows(knowledge.learn(data.draw(st.permutations(made))), knowledge, ruled, gate=False)
    assert again == found
    assert sorted(uid for one in found.groups for uid in one.members) == sorted(event.uid for event in made)
    tenant = {event.uid: event.resource.get("tenant") for event in made}
    if ruled.rules.same:
        for atom in found.memberships:
            assert len({tenant[uid] for row in atom.rows for uid in row.members}) == 1
        for one in found.groups:
            assert len({tenant[uid] for uid in one.members}) == 1
    for rule in ruled.rules.apart:
        kept = outcomes(found)[rule.name].state in (State.HONOURED, State.ABSENT)
        for one in found.groups:
            atoms = [atom for atom in found.memberships if atom.group == one.id]
            sides = [_both(atom, rule.when, rule.from_) for atom in atoms]
            # What is certainly one cannot be parted, and says nothing; all else is.
            clear = [side for side in sides if len(side) == 1]
            assert len(set().union(*clear)) < 2
            assert not kept or all(len(side) < 2 for side in sides)
    groups = {one.id: one for one in found.groups}
    for atom in found.memberships:
        assert atom.group is not None
        assert any(row.event.uid in groups[atom.group].members for row in atom.rows)
        if any(share.weight for share in atom.shares):
            assert atom.dissimilarity == pytest.approx(sum(share.share for share in atom.shares))


@settings(max_examples=20)
@given(events(), kinds)
def test_what_belongs_together_is_one_group_of_a_session(made: list[Event], kind: dict[str, Any]) -> None:
    ruled = with_rules(together=[{"name": "one", "when": kind}])
    knowledge = Knowledge(ruled)
    found = group_rows(knowledge.learn(made), knowledge, ruled, gate=False)
    when = EventCondition(kind)
    places: dict[float, set[str | None]] = {}
    for atom in found.memberships:
        for row in atom.rows:
            if when.holds(event_view(row.event)):
                # Of the times above, those over 300 s apart are of different sessions.
                stretch = (row.event.time - 1_700_000_000 * 10**9) // (500 * 10**9)
                places.setdefault(stretch, set()).add(atom.group)
    assert all(len(groups) == 1 for groups in places.values())
    assert found.rules[0].state in (State.HONOURED, State.ABSENT)

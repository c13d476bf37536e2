"""Where an event belongs, at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stormcell.engine.assigner import LiveAssigner, Verdicts
from stormcell.types import NOTHING_KNOWN, Event, Signal, record_of
from tests.unit.engine.world import calm, live_of, made_settings, run, storm, taken
from tests.unit.features.build import log

SETTINGS = made_settings(rules={"same": ["tenant"]})
SAME_KIND = {"text": "connection 9 to redis refused", "severity": 17, "service": "cart"}
OTHER_KIND = {"text": "lost 9 connections to redis for good", "severity": 17, "service": "cart"}


def of(tenant: str, event: Event) -> Event:
    return replace(event, resource={"tenant": tenant}, uid=f"{tenant}-{event.uid}")


def stormed(*tenants: str) -> tuple[LiveAssigner, dict[str, str]]:
    """Return an assigner after a storm at some tenants, and the group of each."""
    storms = [of(tenant, event) for tenant in tenants for event in storm(400)]
    [*_, last] = run(taken(live_of(SETTINGS), [*calm(0, 460), *storms]))
    assigner = LiveAssigner(SETTINGS)
    assigner.use(Verdicts(SETTINGS, last))
    groups = {
        tenant: id
        for id, one in last.living.items()
        for tenant in tenants
        if f"{tenant}-cart-0" in one.group.members
    }
    return assigner, groups


@pytest.mark.parametrize("kind", [SAME_KIND, OTHER_KIND])
def test_an_event_is_given_to_its_own_tenants_group(kind: dict[str, object]) -> None:
    assigner, groups = stormed("a", "b")
    assert len(set(groups.values())) == 2
    for tenant in "ab":
        found = assigner.assign(record_of(of(tenant, log(461, **kind))))
        assert found.group == groups[tenant]
        assert found.exemplar.startswith(tenant)


@pytest.mark.parametrize("kind", [SAME_KIND, OTHER_KIND])
def test_no_event_is_ever_given_to_another_tenant(kind: dict[str, object]) -> None:
    assigner, groups = stormed("a")
    assert assigner.assign(record_of(of("a", log(461, **kind)))).group == groups["a"]
    for other in (of("b", log(461, **kind)), log(461, **kind)):
        assert assigner.assign(record_of(other)).group is None


def test_a_trace_that_two_tenants_share_leads_none_to_the_other() -> None:
    traced = [replace(event, trace_id="7" * 32) for event in storm(400)]
    [*_, last] = run(taken(live_of(SETTINGS), [*calm(0, 460), *(of("a", event) for event in traced)]))
    assigner = LiveAssigner(SETTINGS)
    assigner.use(Verdicts(SETTINGS, last))
    new = replace(log(461, **SAME_KIND), trace_id="7" * 32)
    assert assigner.assign(record_of(of("a", new))).why == "key"
    assert assigner.assign(record_of(of("b", new))).group is None


def test_the_template_of_an_event_is_told_as_it_was_mined() -> None:
    assigner, _ = stormed("a")
    known = assigner.assign(record_of(of("a", log(461, **SAME_KIND))))
    assert known.template == "connection <*> to redis refused"
    assert assigner.assign(record_of(log(461, text="never seen 7 times"))).template == "never seen <*> times"
    span = replace(log(461, text="GET /orders/12345"), signal=Signal.SPAN)
    assert assigner.assign(record_of(span)).template == "GET <path>"
    assert LiveAssigner(SETTINGS).assign(record_of(log(461))).template == ""


def test_the_traces_that_show_a_group_are_told() -> None:
    """The exemplar here is one of the errors, each of a trace of its own."""
    errors = [
        replace(event, trace_id=f"{at:032x}") if event.signal is Signal.LOG else event
        for at, event in enumerate(storm(400), 1)
    ]
    [*_, last] = run(taken(live_of(SETTINGS), [*calm(0, 460), *(of("a", event) for event in errors)]))
    assigner = LiveAssigner(SETTINGS)
    assigner.use(Verdicts(SETTINGS, last))
    found = assigner.assign(record_of(of("a", log(461, **SAME_KIND))))
    [group] = [one.group for one in last.living.values()]
    assert group.medoid.trace_id
    assert found.traces[0] == group.medoid.trace_id
    assert set(found.traces) >= {event.trace_id for event in group.exemplars} - {""}
    again = assigner.assign(record_of(replace(of("a", log(461, **SAME_KIND)), trace_id=found.traces[0])))
    assert (again.why, again.traces) == ("key", found.traces)
    assert assigner.assign(record_of(log(461, text="heartbeat", service="cron"))).traces == ()


def test_what_is_known_without_waiting_is_what_was_assigned_before() -> None:
    [*_, before, last] = run(taken(live_of(SETTINGS), [of("a", event) for event in [*calm(0, 460), *storm(400)]]))
    event = record_of(of("a", log(461, **SAME_KIND)))
    never_assigned = record_of(of("a", log(461, **OTHER_KIND)))
    assigner = LiveAssigner(SETTINGS)
    assert assigner.known(event) == NOTHING_KNOWN
    assigner.use(Verdicts(SETTINGS, before))
    assert assigner.known(event) == NOTHING_KNOWN
    assigner.assign(event)
    assigner.use(Verdicts(SETTINGS, last))
    assert assigner.known(event) == assigner.assign(event)
    assert assigner.known(event).group is not None
    assert assigner.known(never_assigned) == NOTHING_KNOWN

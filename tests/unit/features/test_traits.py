"""What rules see in events, and that rows never mix it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.features.rows import RowBuilder, build_rows
from stormcell.types import Event, Rows
from tests.unit.features.build import START, alert, log, span


def settings(**rules: Any) -> Settings:
    return Settings.model_validate({"rules": rules})


def rows(events: list[Event], **rules: Any) -> Rows:
    return build_rows(events, settings(**rules))


def of(tenant: str | None, **fields: Any) -> Event:
    return log(attributes={} if tenant is None else {"tenant": tenant}, **fields)


def test_without_rules_there_are_no_columns() -> None:
    found = rows([of("a"), of("b")])
    assert (len(found), found.same, found.sides) == (1, (), ())


def test_equal_events_of_two_tenants_are_two_rows() -> None:
    found = rows([of("a"), of("b"), of("a"), of(None)], same=["tenant"])
    assert sorted(found.weight.tolist()) == [1, 1, 2]
    assert len(set(found.same)) == 3
    assert ("",) in found.same


@pytest.mark.parametrize(
    "event",
    [
        log(resource={"tenant": "a"}),
        log(attributes={"tenant": "a"}),
        alert(attributes={"labels.tenant": "a"}),
        span(1, resource={"tenant": "a"}),
    ],
)
def test_a_label_is_found_wherever_it_stands(event: Event) -> None:
    [[value]] = rows([event], same=["tenant"]).same
    assert [[value]] == [list(one) for one in rows([of("a")], same=["tenant"]).same]
    assert value


def test_labels_known_to_the_settings_are_found_by_their_fields() -> None:
    events = [log(resource={"k8s.cluster.name": "eu"}), alert(attributes={"labels.cluster_name": "eu"})]
    assert len(set(rows(events, same=["cluster"]).same)) == 1
    other = [{"name": "cluster", "fields": ["cloud.region"]}]
    assert set(rows(events, same=other).same) == {("",)}


def test_tenants_that_look_alike_when_masked_stay_apart() -> None:
    events = [of("ann@example.org"), of("bob@example.org")]
    found = rows(events, same=["tenant"])
    assert len(set(found.same)) == 2
    assert found.events[0].attributes == found.events[1].attributes
    assert "example" not in str(found.same)


APART = [{"name": "zones", "when": {'attributes["zone"]': "a"}, "from": {'attributes["zone"]': "b"}}]


def test_a_row_is_never_on_two_sides() -> None:
    events = [log(attributes={"zone": zone}) for zone in "abca"]
    found = rows(events, apart=APART)
    assert sorted(found.sides) == [((),), (("from",),), (("when",),)]


def test_what_varies_in_a_text_is_judged_event_by_event() -> None:
    events = [log(text=f"order {number} failed") for number in (17, 18, 17)]
    found = rows(events, together=[{"name": "a", "when": {"text": "~order 17"}}])
    assert sorted(zip(found.weight.tolist(), found.sides, strict=True)) == [(1, ((),)), (2, (("",),))]


@pytest.mark.parametrize("order", [1, -1])
def test_a_status_is_that_of_the_last_notification(order: int) -> None:
    both = [
        alert(uid="a@1", status="firing"),
        alert(uid="a@1", status="resolved", duration=5),
    ]
    found = rows(both[::order], together=[{"name": "over", "when": {"status": "resolved"}}])
    assert list(found.sides) == [(("",),)]


def test_one_group_for_each_value() -> None:
    rule = [{"name": "hosts", "when": {"service": "shop"}, "by": ["host"]}]
    events = [log(attributes={"host": host}) for host in "ab"] + [log(), log(service="other")]
    assert sorted(one for [one] in rows(events, together=rule).sides) == [(), ("",), ("a",), ("b",)]


@given(st.permutations([("a", 0), ("b", 0), ("a", 1), (None, 2), ("b", 40)]), st.integers(0, 50))
def test_what_is_released_leaves_the_rest_as_if_it_had_never_been(
    made: list[tuple[str | None, int]], before: int
) -> None:
    events = [of(tenant, at=at, uid=f"{tenant}{at}") for tenant, at in made]
    ruled = settings(same=["tenant"], apart=APART)
    builder = RowBuilder(ruled)
    for event in events:
        builder.add(event)
    builder.release(START + before * 10**9)
    builder.add(of("b", at=60, uid="late"))
    kept = [event for event in events if event.time >= START + before * 10**9]
    found = builder.finish()
    expected = build_rows([*kept, of("b", at=60, uid="late")], ruled)
    assert (list(found.same), list(found.sides)) == (list(expected.same), list(expected.sides))
    assert [*found.members] == [*expected.members]

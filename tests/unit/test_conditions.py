"""Conditions on events and groups."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import EventCondition, GroupCondition
from stormcell.config.conditions import event_view
from stormcell.types import Event
from tests.unit.features.build import alert, log

DOWN = alert(
    service="cart",
    text="CartDown",
    attributes={"labels.tenant": "acme", "labels.code": "503", "annotations.summary": "cart is down"},
)
LOG = log(
    service="cart",
    text="order 17 failed",
    severity=17,
    resource={"k8s.cluster.name": "eu-1", "zones": ["a", "b"]},
    attributes={"http.status": 503, "cached": True, "ratio": 2.0, "deep": {"a": 1}, "labels.tenant": "acme"},
)


@pytest.mark.parametrize(
    ("source", "event", "expected"),
    [
        ({}, LOG, True),
        ({"service": "cart"}, LOG, True),
        ({"service": "car"}, LOG, False),
        ({"service": ["shop", "cart"]}, LOG, True),
        ({"signal": "alert"}, DOWN, True),
        ({"signal": "alert"}, LOG, False),
        ({"text": "~order \\d+"}, LOG, True),
        ({"text": "~^failed"}, LOG, False),
        ({"severity": ">=17"}, LOG, True),
        ({"severity": ">17"}, LOG, False),
        ({"severity": [9, 17]}, LOG, True),
        ({"severity": "<= 16.5"}, LOG, False),
        ({"status": "firing"}, DOWN, True),
        ({"labels.tenant": "acme"}, DOWN, True),
        ({"labels.tenant": "acme"}, LOG, False),  # labels are those of alerts
        ({"labels.code": ">=500"}, DOWN, True),
        ({"annotations.summary": "~down"}, DOWN, True),
        ({'resource["k8s.cluster.name"]': "eu-1"}, LOG, True),
        ({'resource["zones"]': "b"}, LOG, True),
        ({'attributes["http.status"]': 503}, LOG, True),
        ({'attributes["http.status"]': "503"}, LOG, True),
        ({'attributes["cached"]': True}, LOG, True),
        ({'attributes["cached"]': "true"}, LOG, True),
        ({'attributes["ratio"]': 2}, LOG, True),
        ({'attributes["deep"]': ""}, LOG, True),
        ({'attributes["none"]': ""}, LOG, True),
        ({'attributes["none"]': "~."}, LOG, False),
        ({'attributes["none"]': ">=0"}, LOG, False),
        ({"service": "cart", "severity": ">=21"}, LOG, False),
        ({"any": [{"service": "shop"}, {"text": "~order"}]}, LOG, True),
        ({"any": [{"service": "shop"}, {"text": "~card"}]}, LOG, False),
        ({"not": {"service": "cart"}}, LOG, False),
        ({"service": "cart", "not": {"any": [{"severity": ">=21"}, {"text": "~card"}]}}, LOG, True),
    ],
)
def test_holds(source: dict[str, Any], event: Event, expected: bool) -> None:
    assert EventCondition(source).holds(event_view(event)) is expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"servce": "x"}, "servce: no such field; expected service, signal, text"),
        ({1: "x"}, "1: no such field"),
        ({"resource[x]": "x"}, "no such field"),
        ({"service": None}, 'service: expected a text, a number, true or false, "~REGEX"'),
        ({"service": {"a": 1}}, "service: expected a text"),
        ({"service": []}, "service: expected .* found an empty list"),
        ({"service": ["a", None]}, r"service\[1\]: expected a text"),
        ({"text": "~("}, r"text: '\(' is not a regular expression: missing \)"),
        ({"text": "~"}, "text: expected a regular expression after ~"),
        ({"severity": ">=high"}, "severity: expected a number after >=, found '>=high'"),
        ({"severity": "error"}, "severity: expected a number or a comparison"),
        ({"signal": "metric"}, "signal: expected one of alert, log, span"),
        ({"status": "open"}, "status: expected one of"),
        ({"any": {}}, "any: expected a list of conditions, found {}"),
        ({"any": []}, "any: expected a list of conditions"),
        ({"any": [{}]}, r"any\[0\]: expected a mapping .* found an empty one"),
        ({"any": [{"service": "a"}, {"text": "~["}]}, r"any\[1\].text: '\['"),
        ({"not": "x"}, "not: expected a mapping"),
        ({"not": {"not": {"nope": 1}}}, "not.not.nope: no such field"),
    ],
)
def test_says_what_is_wrong_and_where(source: dict[Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EventCondition(source)


def test_groups_have_fields_of_their_own() -> None:
    assert GroupCondition({"title": "~down", "signals": "log", "severity": "critical"})
    with pytest.raises(ValueError, match="signal: no such field; expected severity, status, service, signals"):
        GroupCondition({"signal": "log"})


leaves = st.sampled_from(
    [{"service": "cart"}, {"service": "shop"}, {"text": "~order"}, {"severity": ">=17"}, {"labels.tenant": ""}]
)
conditions: st.SearchStrategy[dict[str, Any]] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"any": many})
        | inner.map(lambda one: {"not": one})
    ),
    max_leaves=6,
)


@given(conditions)
def test_boolean_algebra(source: dict[str, Any]) -> None:
    holds = EventCondition(source).holds
    for event in (DOWN, LOG):
        view = event_view(event)
        assert EventCondition({"not": source}).holds(view) is not holds(view)
        assert EventCondition({"any": [source, source]}).holds(view) is holds(view)
        assert EventCondition({"any": [source, {"not": source}]}).holds(view)
        assert EventCondition({**source, "service": "nobody"}).holds(view) is False

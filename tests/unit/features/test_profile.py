from __future__ import annotations

from collections.abc import Iterable
from random import Random

import numpy as np

from stormcell.features.profile import MOST_NAMES, MOST_SAYINGS, profile_of
from stormcell.types import Event, Profile
from tests.unit.features.build import alert, log, rows_of, span


def profile(events: Iterable[Event], surprise: float = 1.0) -> Profile:
    rows = rows_of(events)
    return profile_of(rows, np.arange(len(rows)), np.full(len(rows), surprise), {"shop": 1.0})


def said(events: Iterable[Event]) -> dict[tuple[str, str, str], int]:
    return {(each.signal, each.service, each.text): each.count for each in profile(events).sayings}


def test_an_alert_says_its_name_whatever_digits_are_in_it_and_its_labels() -> None:
    told = {"alertname": "LatencyP95High", "service": "cart", "severity": "page", "zone": "eu-1", "user": "123456"}
    event = alert(
        text="LatencyP95High",
        service="cart",
        attributes={**{f"labels.{name}": value for name, value in told.items()}, "annotations.summary": "slow"},
    )
    assert said([event]) == {
        ("alert", "cart", "LatencyP95High"): 1,
        ("alert", "cart", "LatencyP95High {zone=eu-1}"): 1,
    }


def test_a_log_says_its_template_and_the_names_in_it_but_no_ids() -> None:
    events = [
        log(at, text=f"order {number} on {host} failed", uid=f"log-{at}")
        for at, (number, host) in enumerate([(482913, "node-1"), (482914, "node-2"), (482915, "node-1")])
    ]
    texts = {text: count for (_, _, text), count in said(events).items()}
    assert texts == {
        "order <*> on <*> failed": 3,
        "order <*> on node-1 failed": 2,
        "order <*> on node-2 failed": 1,
    }


def test_a_span_says_its_operation_and_attributes_that_may_come_again() -> None:
    kept = {"http.status": 503, "error": True}
    others = {"took": 1.5, "url": "http://a/b?c=d", "id": "a" * 15 + "1", "x": [], "none": None}
    event = span(1, text="GET cart", attributes={**kept, **others})
    assert set(said([event])) == {
        ("span", "shop", text) for text in ("GET cart", "GET cart {error=True}", "GET cart {http.status=503}")
    }


def test_instances_share_the_surprise_of_what_names_them() -> None:
    events = [
        log(0, text="a", resource={"k8s.pod.name": "cart-0"}),
        log(2, text="b", resource={"k8s.pod.name": "cart-0"}),
        alert(4, attributes={"labels.instance": "db:1"}),
        log(6, text="c", resource={"k8s.pod.name": 3}),
    ]
    assert profile(events).instances == {"cart-0": 2 / 3, "db:1": 1 / 3}
    assert profile(events, surprise=0.0).instances == {}


def test_the_parts_of_instances_are_the_same_whatever_the_order_of_sets() -> None:
    fields = ("k8s.pod.name", "service.instance.id", "host.name", "k8s.node.name")
    names = ["pod", "instance", "host", "node"]
    together = log(0, text="a", resource=dict(zip(fields, names, strict=True)))
    events = [together, *(log(at, text="a", resource={"host.name": name}) for at, name in enumerate(names, 1))]
    surprise = np.array([0.1, 0.3, 0.7, 1e3, 1e-3])
    found = profile_of(rows_of(events), np.arange(5), surprise, {}).instances
    # By name: the host, the instance, the node, the pod.
    amounts = [0.1 + 1e3, 0.1 + 0.7, 0.1 + 1e-3, 0.1 + 0.3]
    assert found["pod"] == (0.1 + 0.3) / sum(amounts)


def test_it_is_bounded_and_keeps_the_most_surprising() -> None:
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MOST_SAYINGS + 50)]
    rows = rows_of(span(n + 1, at=n, text=name, resource={"host.name": name}) for n, name in enumerate(names))
    surprise = np.arange(len(rows), dtype=np.float64)
    found = profile_of(rows, np.arange(len(rows)), surprise, dict.fromkeys(names, 1.0))
    assert [saying.text for saying in found.sayings] == sorted(names[-MOST_SAYINGS:])
    assert len(found.services) == len(found.instances) == MOST_NAMES
    assert set(found.instances) == set(names[-MOST_NAMES:])


def test_it_does_not_depend_on_the_order_of_events_nor_on_when_they_were() -> None:
    def events(start: float) -> list[Event]:
        return [
            log(start + at % 7, text=f"failed on host-{at % 3}", service="cart", uid=f"e{at}") for at in range(20)
        ] + [alert(start, service="cart", uid="a")]

    shuffled = events(0)
    Random(1).shuffle(shuffled)
    assert profile(events(0)) == profile(shuffled) == profile(events(3600))

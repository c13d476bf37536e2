from __future__ import annotations

import pytest

from stormcell.config import ServiceRule, ServicesSettings
from stormcell.features.resolve import Resolver
from tests.unit.features.build import alert

HEARD = ("cart", "ts-food-service", "billing")


def service(labels: dict[str, str], own: str = "", settings: ServicesSettings | None = None) -> str:
    event = alert(service=own, attributes={f"labels.{name}": value for name, value in labels.items()})
    return Resolver(settings or ServicesSettings(), HEARD).service(event)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"service": "cart"}, "cart"),
        ({"job": "kube-state-metrics", "deployment": "cart"}, "cart"),
        ({"job": "kube-state-metrics", "pod": "ts-food-service-f5756978c-k8vqf"}, "ts-food-service"),
        ({"pod": "billing-0"}, "billing"),
        ({"pod": "billing-x7k2p"}, "billing"),
        ({"job": "shop/cart"}, "cart"),
        ({"instance": "cart.shop.svc.cluster.local:8080"}, "cart"),
        ({"job_name": "billing-28391820"}, "billing"),
        ({"namespace": "billing", "pod": "other-0"}, "billing"),
    ],
)
def test_labels_name_a_service_that_is_known(labels: dict[str, str], expected: str) -> None:
    assert service(labels, own=labels.get("job", "")) == expected


def test_where_no_service_is_known_the_alert_speaks_for_its_own() -> None:
    assert service({"pod": "other-0", "node": "n1"}, own="exporter") == "exporter"


def test_where_it_has_none_the_first_rule_speaks() -> None:
    assert service({"node": "n1", "pod": "other-0"}) == "other"
    assert service({"node": "n1"}) == "n1"
    assert service({"severity": "page"}) == ""


def test_rules_of_ones_own() -> None:
    rule = ServiceRule(label="queue", pattern=r"(\w+)\.events", service=r"\1")
    settings = ServicesSettings(rules=(rule,))
    assert service({"queue": "cart.events", "pod": "billing-0"}, settings=settings) == "cart"


@pytest.mark.parametrize(
    ("pattern", "service_name", "said"), [("(", r"\1", "regular expression"), ("a", r"\1", "group")]
)
def test_a_rule_that_cannot_work_is_refused(pattern: str, service_name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ServiceRule(label="pod", pattern=pattern, service=service_name)

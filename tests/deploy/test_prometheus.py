"""The alert rules on Stormcell speak of metrics that it has, and each is tried by the tests of promtool."""

from __future__ import annotations

import re

from stormcell.sidecar.counts import Reason
from stormcell.telemetry.names import METRICS, Kind, prometheus_name
from tests.deploy.files import DEPLOY, document

RULES = [rule for group in document("prometheus/stormcell.rules.yml")["groups"] for rule in group["rules"]]
TESTS = (DEPLOY / "prometheus" / "stormcell.test.yml").read_text("utf-8")

SERIES = {
    prometheus_name(metric) + suffix: metric
    for metric in METRICS
    for suffix in (("_bucket", "_count", "_sum") if metric.kind is Kind.HISTOGRAM else ("",))
}
EVERYWHERE = {"instance", "job", "le"}


def series(text: str) -> set[str]:
    """Return the names of our series in expressions."""
    # Labels may begin with our name, too: what stands before a brace, a bracket or an operator is a series.
    return set(re.findall(r"\b(stormcell_\w+)(?=[{\[]|\)* (?:[=<>])|\))", text)) - labels_of_ours()


def labels_of_ours() -> set[str]:
    return {name.replace(".", "_") for metric in METRICS for name in metric.attributes}


def test_every_metric_is_ours() -> None:
    used = set().union(*(series(rule["expr"]) for rule in RULES))
    assert len(used) >= 8
    assert used <= SERIES.keys()
    assert series(TESTS) <= SERIES.keys()


def test_every_label_is_one_that_the_metric_has() -> None:
    for rule in RULES:
        had = {name.replace(".", "_") for used in series(rule["expr"]) for name in SERIES[used].attributes}
        by = {name.strip() for names in re.findall(r"by \(([^)]*)\)", rule["expr"]) for name in names.split(",")}
        matched = set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", rule["expr"]))
        told = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        assert by | matched | told <= had | EVERYWHERE, rule["alert"]


def test_every_alert_says_what_to_do_and_how_bad_it_is() -> None:
    for rule in RULES:
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")


def test_every_alert_is_tried() -> None:
    assert {rule["alert"] for rule in RULES} == set(re.findall(r'alertname="(\w+)"', TESTS))


def test_every_reason_to_refuse_for_good_is_known() -> None:
    for_now = {Reason.OVERLOAD, Reason.INCOMPLETE, Reason.FAILURE}
    for_good = "|".join(sorted(reason for reason in Reason if reason not in for_now))
    named = {
        "|".join(sorted(match.split("|")))
        for rule in RULES
        for match in re.findall(r'error_type=?!?~"([^"]+)"', rule["expr"])
    }
    assert named == {for_good}

"""The rules on Stormcell speak of metrics that it has; each alert is tried by promtool and has its runbook."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from stormcell.sidecar.counts import Reason
from stormcell.telemetry.names import METRICS, Kind, prometheus_name
from tests.deploy.files import DEPLOY, ROOT, document

FOLDER = DEPLOY / "prometheus"
FILES = sorted(path.name.removesuffix(".rules.yml") for path in FOLDER.glob("*.rules.yml"))
RULES: dict[str, list[dict[str, Any]]] = {
    name: [rule for group in document(f"prometheus/{name}.rules.yml")["groups"] for rule in group["rules"]]
    for name in FILES
}
ALL = [*chain.from_iterable(RULES.values())]
ALERTS = [rule for rule in ALL if "alert" in rule]
RECORDED = {rule["record"] for rule in ALL if "record" in rule}
SLOS = {rule["labels"]["slo"] for rule in ALL if "record" in rule and "labels" in rule}

SERIES = {
    prometheus_name(metric) + suffix: metric
    for metric in METRICS
    for suffix in (("_bucket", "_count", "_sum") if metric.kind is Kind.HISTOGRAM else ("",))
}
EVERYWHERE = {"instance", "job", "le"}
VALUES = {
    "stormcell_state": {"live", "canary", "pending", "dead"},
    "stormcell_outcome": {"done", "failed", "skipped"},
    "stormcell_action": {"ack", "resolve", "merge", "split", "move", "promote", "roll-back"},
    "slo": SLOS,
}
"""What the values of some labels may be."""


def series(text: str) -> set[str]:
    """Return the names of our series in expressions."""
    # Labels may begin with our name, too: what stands before a brace, a bracket or an operator is a series.
    return set(re.findall(r"\b(stormcell_\w+)(?=[{\[]|\)* (?:[=<>])|\))", text)) - labels_of_ours()


def labels_of_ours() -> set[str]:
    return {name.replace(".", "_") for metric in METRICS for name in metric.attributes}


def anchors(page: Path) -> set[str]:
    """Return what its headings are called in addresses."""
    return {line.lstrip("#").strip().lower() for line in page.read_text("utf-8").splitlines() if line[:1] == "#"}


def test_prometheus_reads_all_rules() -> None:
    assert {*document("prometheus/prometheus.yml")["rule_files"]} == {f"{name}.rules.yml" for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_every_metric_is_ours(name: str) -> None:
    used = set().union(*(series(rule["expr"]) for rule in RULES[name]))
    assert len(used) >= 5
    tests = (FOLDER / f"{name}.test.yml").read_text("utf-8")
    assert used | series(tests) <= SERIES.keys()
    assert set(re.findall(r"\bstormcell:[\w:]+", f"{tests} {RULES[name]}")) <= RECORDED


def test_every_label_is_one_that_the_metric_has() -> None:
    for rule in ALL:
        had = {name.replace(".", "_") for used in series(rule["expr"]) for name in SERIES[used].attributes}
        if "stormcell:" in rule["expr"]:
            had.add("slo")
        by = {
            name.strip()
            for names in re.findall(r"(?:by|on) \(([^)]*)\)", rule["expr"])
            for name in names.split(",")
        }
        matched = re.findall(r"(\w+)(?:=|!=|=~|!~)\"([^\"]*)\"", rule["expr"])
        told = set(re.findall(r"\$labels\.(\w+)", str(rule.get("annotations"))))
        assert by | {name for name, _ in matched} | told <= had | EVERYWHERE, rule
        for label, values in matched:
            assert set(values.split("|")) <= VALUES.get(label, set(values.split("|"))), rule


def test_every_alert_says_what_to_do_and_how_bad_it_is() -> None:
    for rule in ALERTS:
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        # Whoever is called at night is called for what is critical, and for nothing else.
        assert rule["labels"]["route"] == ("page" if rule["labels"]["severity"] == "critical" else "ticket")


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    named = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in ALERTS}
    for alert, address in named.items():
        page, _, anchor = address.partition("#")
        assert anchor == alert.lower()
        assert anchor in anchors(ROOT / page), f"{page} has no section on {alert}"
    pages = {ROOT / address.partition("#")[0] for address in named.values()}
    written = {
        anchor
        for page in pages
        for anchor in anchors(page)
        if anchor.startswith("stormcell") and " " not in anchor
    }
    assert written == {alert.lower() for alert in named}
    index = (ROOT / "docs/alerts/README.md").read_text("utf-8")
    for rule in ALERTS:
        address = named[rule["alert"]].removeprefix("docs/alerts/")
        assert (
            f"| [{rule['alert']}]({address}) | {rule['labels']['severity']} | {rule['labels']['route']} |" in index
        )


@pytest.mark.parametrize("name", FILES)
def test_every_alert_is_tried(name: str) -> None:
    tests = (FOLDER / f"{name}.test.yml").read_text("utf-8")
    assert {rule["alert"] for rule in RULES[name] if "alert" in rule} == set(
        re.findall(r'alertname="(\w+)"', tests)
    )


def test_every_reason_to_refuse_for_good_is_known() -> None:
    for_now = {Reason.OVERLOAD, Reason.INCOMPLETE, Reason.FAILURE}
    for_good = "|".join(sorted(reason for reason in Reason if reason not in for_now))
    named = {
        "|".join(sorted(match.split("|")))
        for rule in ALL
        for match in re.findall(r'error_type=?!?~"([^"]+)"', rule["expr"])
    }
    assert named == {for_good}


def test_the_rules_on_objectives_are_current(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    subprocess.run([sys.executable, ROOT / "scripts/make-slo-rules", file], check=True)
    assert file.read_text("utf-8") == (FOLDER / "stormcell-slo.rules.yml").read_text("utf-8"), "run it"


def test_the_objectives_are_those_that_are_documented() -> None:
    rows = re.findall(
        r"^\| `([a-z]+)` \|.*\| ([\d.]+) % \|", (ROOT / "docs/slo.md").read_text("utf-8"), re.MULTILINE
    )
    budgets = {
        rule["labels"]["slo"]: float(rule["expr"].removeprefix("vector(").rstrip(")"))
        for rule in ALL
        if rule.get("record") == "stormcell:slo_budget:ratio"
    }
    assert {name: round(1 - float(target) / 100, 6) for name, target in rows} == budgets


def test_the_burn_rates_are_those_that_are_documented() -> None:
    text = (ROOT / "docs/slo.md").read_text("utf-8")
    lengths = {"minutes": "m", "hour": "h", "hours": "h", "day": "d", "days": "d"}
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| (\d+) (\w+) \| (\d+) (\w+) \|.*\| (\w+) \|$", text, re.MULTILINE
    )
    burning = {rule["alert"]: rule for rule in ALERTS if "slo_budget" in rule["expr"] and "[" not in rule["expr"]}
    assert {row[0] for row in rows} == set(burning)
    for alert, rate, long, long_unit, short, short_unit, route in rows:
        rule = burning[alert]
        windows = re.findall(r"ratio_rate(\w+)", rule["expr"])
        assert windows == [long + lengths[long_unit], short + lengths[short_unit]]
        assert set(re.findall(r"\(([\d.]+) \* ", rule["expr"])) == {rate}
        assert rule["labels"]["route"] == route


def test_bounds_that_objectives_ask_for_are_bounds_of_the_histograms() -> None:
    from stormcell.telemetry.sdk import SdkMeters

    meters = SdkMeters()
    try:
        text = meters.text()
    finally:
        meters.close()
    asked = {found for rule in ALL for found in re.findall(r'(\w+_bucket)\{le="([\d.]+)"\}', rule["expr"])}
    assert asked == {
        ("stormcell_assignment_duration_seconds_bucket", "0.05"),
        ("stormcell_codebook_assignment_duration_seconds_bucket", "0.001"),
    }
    for name, bound in asked:
        assert f'{name}{{le="{bound}"}} 0' in text

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.errors import TemplateError
from stormcell.render.templates import load, parse
from stormcell.types import Group, Signal
from tests.unit.render.samples import alert, event, group, row

SHIPPED = load((), "runbook")


def of(text: str, **other: object) -> Group:
    made, _ = group([row(event("u1", text, **other))], event("u1", text, **other))
    return made


def alerting(name: str) -> Group:
    medoid = alert("u1", name, "shop", 0)
    return group([row(medoid)], medoid)[0]


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("PodClientLatencyP90High", "latency"),
        ("HighLatencyForCustomerCheckout: HTTP Requests to the '/checkout'", "latency"),
        ("etcdGRPCRequestsSlow", "latency"),
        ("HighErrorRate", "errors"),
        ("KubeJobFailed: ", "errors"),
        ("KubeAPIErrorBudgetBurn", "errors"),
        ("CpuUsageRateHigh", "cpu"),
        ("CPUThrottlingHigh", "cpu"),
        ("RDSCPUUtilizationHigh", "cpu"),
        ("MemoryUsageRateHigh", "memory"),
        ("ContainerOOMKilled", "memory"),
        ("KubePodCrashLooping", "restarts"),
        ("CrashLoopBackoff.: Crashing pod logging-agent", "restarts"),
        ("KubernetesPodRestarting", "restarts"),
        ("NodeNetworkReceiveErrs", "network"),
        ("TargetDown", "network"),
        ("CoreDNSErrorsHigh", "network"),
        ("Watchdog", "default"),
        ("RDSDatabaseConnectionsHigh", "default"),
    ],
)
def test_an_alert_is_told_by_its_name(name: str, template: str) -> None:
    assert SHIPPED.choose(alerting(name)).name == template


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("dial tcp <ip>: connect: connection refused", "network"),
        ("java.net.UnknownHostException: db", "network"),
        ("java.lang.OutOfMemoryError: Java heap space", "memory"),
        ("Back-off restarting failed container <id> in pod", "restarts"),
        ("Liveness probe failed: HTTP probe failed with statuscode: <num>", "restarts"),
        ("rpc error: code = DeadlineExceeded", "latency"),
        ("Unhandled exception in worker", "errors"),
        ("order accepted", "default"),
    ],
)
def test_a_log_is_told_by_its_masked_text(text: str, template: str) -> None:
    made = replace(of("not searched"), template=text)
    assert SHIPPED.choose(made).name == template


def test_a_span_is_told_by_its_status() -> None:
    assert SHIPPED.choose(of("GET /", signal=Signal.SPAN, status="error")).name == "errors"
    assert SHIPPED.choose(of("GET /", signal=Signal.SPAN, status="ok")).name == "default"


def test_only_the_start_of_a_text_is_searched() -> None:
    assert SHIPPED.choose(replace(of("x"), template="." * 995 + "panic")).name == "errors"
    assert SHIPPED.choose(replace(of("x"), template="." * 996 + "panic")).name == "default"


def test_every_shipped_file_is_a_template_or_a_part() -> None:
    names = {path.removesuffix(".md.j2") for path in SHIPPED.sources if "/" not in path}
    assert names - {one.name for one in SHIPPED.templates} == {"base"}
    assert SHIPPED.templates[-1].name == "default"


FRONT = "---\ntitle: Mine\npriority: {priority}\nmatch:\n  - service: 'shop-*'\n---\nmine\n"


def test_the_users_folder_comes_first_then_priority_then_name(tmp_path: Path) -> None:
    (tmp_path / "b.md.j2").write_text(FRONT.format(priority=99))
    (tmp_path / "a.md.j2").write_text(FRONT.format(priority=99))
    (tmp_path / "latency.md.j2").write_text(FRONT.format(priority=1))
    (tmp_path / "notes.txt").write_text("---")
    library = load([tmp_path], "runbook")
    assert library.choose(of("x", service="shop-cart")).name == "a"
    assert library.choose(of("x", service="other")).name == "default"
    assert library.choose(alerting("HighLatency")).name == "default"  # theirs hides ours
    assert library.sources["latency.md.j2"][1] == str(tmp_path / "latency.md.j2")
    shipped = Path(library.sources["stormcell/latency.md.j2"][1])
    assert (shipped.parent.name, shipped.is_relative_to(tmp_path)) == ("runbook", False)


def test_conditions_in_one_entry_hold_together_entries_are_alternatives() -> None:
    text = "---\ntitle: T\nmatch:\n- {signal: log, service: [a, b]}\n- {template: 'x+'}\n---\n"
    template, _ = parse("t.md.j2", "t.md.j2", text)
    assert template is not None
    assert template.fits(of("-", service="b"))
    assert not template.fits(of("-", service="c"))
    assert not template.fits(of("-", service="b", signal=Signal.SPAN))
    assert template.fits(of("xxx", service="c"))


def test_a_template_without_conditions_fits_by_its_name_alone() -> None:
    template, _ = parse("t.md.j2", "t.md.j2", "---\ntitle: T\n---\n")
    assert template is not None
    assert not template.fits(of("-"))


def test_lines_keep_their_numbers() -> None:
    text = "---\ntitle: T\nmatch: [{signal: log}]\n---\nline five\n"
    _, source = parse("t.md.j2", "t.md.j2", text)
    assert source.splitlines()[4] == "line five"


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("title: T\n", "t.md.j2:1: the front matter has no end"),
        ("title: [\n---\n", "t.md.j2:3: the front matter is not YAML"),
        ("a: \x01\n---\n", "t.md.j2:1: the front matter is not YAML"),
        ("- x\n---\n", "t.md.j2:1: expected keys title, priority, match"),
        ("title: T\nmatsch: []\n---\n", "t.md.j2:3: unknown key 'matsch'"),
        ("title: 3\nmatch: [{signal: log}]\n---\n", "t.md.j2:2: expected a title"),
        ("title: T\npriority: high\nmatch: [{signal: log}]\n---\n", "t.md.j2:3: expected a whole number"),
        ("title: T\nmatch: {}\n---\n", "t.md.j2:3: expected a list of conditions"),
        ("title: T\nmatch: []\n---\n", "t.md.j2:3: expected a list of conditions"),
        ("title: T\nmatch: [log]\n---\n", "t.md.j2:3: expected conditions on alert"),
        ("title: T\nmatch:\n- signal: log\n- sevice: a\n---\n", "t.md.j2:5: unknown condition 'sevice'"),
        ("title: T\nmatch:\n- service: 3\n---\n", "t.md.j2:4: expected a text or a list of texts"),
        ("title: T\nmatch:\n- template: '('\n---\n", r"t.md.j2:4: '\(' is not a regular expression"),
    ],
)
def test_broken_front_matter_names_file_and_line(front: str, message: str) -> None:
    with pytest.raises(TemplateError, match=f"^{message}"):
        parse("t.md.j2", "t.md.j2", f"---\n{front}")


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nowhere: No such file or directory; check the folder"):
        load([tmp_path / "nowhere"], "runbook")
    (tmp_path / "x.md.j2").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="a template is not UTF-8"):
        load([tmp_path], "runbook")

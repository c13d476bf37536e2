from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.errors import TemplateError
from stormcell.render.front_matter import Template, parse
from stormcell.render.templates import load
from stormcell.types import Group, Signal
from tests.unit.render.samples import alert, event, group, row

SHIPPED = load((), "runbook")


def of(text: str, **other: object) -> Group:
    made, _ = group([row(event("u1", text, **other))], event("u1", text, **other))
    return made


def fits(template: Template, made: Group) -> bool:
    return bool(template.why(made.medoid, made.template))


def alerting(name: str) -> Group:
    medoid = alert("u1", name, "shop", 0)
    return group([row(medoid)], medoid)[0]


def test_a_span_is_told_by_its_status() -> None:
    assert SHIPPED.choose(of("GET /", signal=Signal.SPAN, status="error")).name == "errors"
    assert SHIPPED.choose(of("GET /", signal=Signal.SPAN, status="ok")).name == "default"


def test_where_only_the_default_fits_the_alert_beside_the_exemplar_decides() -> None:
    slow = of("SELECT Config", signal=Signal.SPAN, status="ok")
    beside = alert("u2", "PodClientLatencyP90High", "shop", 0)
    assert SHIPPED.choose(replace(slow, exemplars=(slow.medoid, beside))).name == "latency"
    failed = of("connection refused")
    assert SHIPPED.choose(replace(failed, exemplars=(beside, failed.medoid))).name == "down"
    unknown = alert("u2", "Something", "shop", 0)
    assert SHIPPED.choose(replace(slow, exemplars=(unknown, slow.medoid))).name == "default"


def test_only_the_start_of_a_text_is_searched() -> None:
    assert SHIPPED.choose(replace(of("x"), template="." * 995 + "panic")).name == "errors"
    assert SHIPPED.choose(replace(of("x"), template="." * 996 + "panic")).name == "default"


def test_every_shipped_file_is_a_template_or_a_part() -> None:
    names = {path.removesuffix(".md.j2") for path in SHIPPED.sources if "/" not in path}
    assert names - {one.name for one in SHIPPED.templates} == {"base", "known"}
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
    assert fits(template, of("-", service="b"))
    assert not fits(template, of("-", service="c"))
    assert not fits(template, of("-", service="b", signal=Signal.SPAN))
    assert fits(template, of("xxx", service="c"))


@pytest.mark.parametrize("pattern", ["gone", "GONE", "G[O]ne", r"\Sone", r"[^G]?gone"])
@pytest.mark.parametrize("text", ["all is gone", "ALL IS GONE", "Gone"])
def test_patterns_are_found_whatever_the_case(pattern: str, text: str) -> None:
    template, _ = parse("t.md.j2", "t.md.j2", f"---\ntitle: T\nmatch: [{{template: '{pattern}'}}]\n---\n")
    assert template is not None
    assert fits(template, of(text))
    assert not fits(template, of("all is well"))


def test_a_template_without_conditions_fits_by_its_name_alone() -> None:
    template, _ = parse("t.md.j2", "t.md.j2", "---\ntitle: T\n---\n")
    assert template is not None
    assert not fits(template, of("-"))


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
        ("- x\n---\n", "t.md.j2:1: expected keys title, priority, owner, match"),
        ("title: T\nmatsch: []\n---\n", "t.md.j2:3: unknown key 'matsch'"),
        ("title: 3\nmatch: [{signal: log}]\n---\n", "t.md.j2:2: expected a title"),
        ("title: T\npriority: high\nmatch: [{signal: log}]\n---\n", "t.md.j2:3: expected a whole number"),
        ("title: T\nowner: [a]\n---\n", "t.md.j2:3: expected a text, found"),
        (
            "title: T\nmatch:\n- signal: metric\n---\n",
            "t.md.j2:4: unknown signal 'metric'; expected alert, log, span",
        ),
        ("title: T\nowner: team shop, #shop\n---\n", "t.md.j2:3: YAML takes what comes after ' #' for a comment"),
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


def test_a_file_of_a_windows_editor_is_read_like_any_other(tmp_path: Path) -> None:
    text = FRONT.format(priority=1000).replace("\n", "\r\n")
    (tmp_path / "w.md.j2").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load([tmp_path], "runbook").choose(of("x", service="shop-cart")).name == "w"


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nowhere: No such file or directory; check the folder"):
        load([tmp_path / "nowhere"], "runbook")
    (tmp_path / "x.md.j2").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="a template is not UTF-8"):
        load([tmp_path], "runbook")

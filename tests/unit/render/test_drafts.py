from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stormcell.config import DraftsSettings
from stormcell.errors import TemplateError
from stormcell.escape import terminal
from stormcell.render import RUNBOOK, Drafter
from stormcell.types import Blame, Draft, Event, Group, Material, Membership, Share, Signal
from tests.unit.render.samples import (
    SAMPLES,
    error_log,
    event,
    events,
    group,
    resolves,
    row,
    s,
    span,
)

DRAFTER = Drafter(DraftsSettings())
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {
    *("heading", "paragraph", "blockquote", "bullet_list", "list_item", "fence", "softbreak"),
    *("table", "thead", "tbody", "tr", "th", "td", "inline", "text", "strong", "em", "code_inline"),
}


def kinds(draft: Draft) -> set[str]:
    """Return what a draft is made of, as a Markdown parser sees it."""
    tokens = MARKDOWN.parse(draft.markdown)
    every = [*tokens, *(child for token in tokens for child in token.children or ())]
    return {re.sub("_(open|close)$", "", token.type) for token in every}


def shown(draft: Draft) -> str:
    """Return the text that a reader of the rendered draft sees."""
    tokens = MARKDOWN.parse(draft.markdown)
    return "\n".join(
        "".join(child.content or " " for child in token.children or ()) if token.children else token.content
        for token in tokens
    )


def check(draft: Draft, known: dict[str, Event]) -> None:
    """Check that every footnote is cited, defined once, in order, and resolves."""
    body, _, notes = draft.markdown.rpartition("\n\n")
    lines = notes.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"[^{n}]" for n in range(1, len(draft.sources) + 1)]
    cited = [int(number) for number in re.findall(r"(?<!\\)\[\^(\d+)\]", body)]
    assert list(dict.fromkeys(cited)) == list(range(1, len(draft.sources) + 1))
    assert len(set(draft.sources)) == len(draft.sources)
    for fact in draft.sources:
        assert resolves(fact, known), fact


@pytest.mark.parametrize("name", SAMPLES)
def test_every_footnote_resolves(name: str) -> None:
    made, atom = SAMPLES[name]()
    draft = DRAFTER.draft(RUNBOOK, Material(made, [atom]))
    check(draft, events([atom]))
    assert (draft.group, draft.kind) == (made.id, "runbook")
    assert kinds(draft) <= HARMLESS
    assert (
        DRAFTER.draft(RUNBOOK, Material(made, [atom]))
        == draft
        == Drafter(DraftsSettings()).draft(RUNBOOK, Material(made, [atom]))
    )


def test_commands_hold_the_real_names_and_leave_the_rest_to_a_person() -> None:
    made, atom = span()
    draft = DRAFTER.draft(RUNBOOK, Material(made, [atom]))
    assert "kubectl --namespace=shop describe pod/checkout-7d9-x2x\n" in draft.markdown
    assert "--since-time=2023-11-14T22:16:40.000Z\n" in draft.markdown
    made, atom = error_log()
    draft = DRAFTER.draft(RUNBOOK, Material(made, [atom]))
    assert 'kubectl --namespace="${NAMESPACE:?to fill in}" ' in draft.markdown
    assert "*to fill in: namespace*" in draft.markdown
    assert "*to fill in: service*" in draft.markdown


def test_an_unknown_name_stops_the_command() -> None:
    made, atom = error_log()
    fences = re.findall(r"```sh\n(.*?)\n```", DRAFTER.draft(RUNBOOK, Material(made, [atom])).markdown, re.DOTALL)
    line = next(line for line in fences[0].splitlines() if "logs" in line)
    script = f"kubectl() {{ echo ran; }}\n{line}\n"
    result = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "to fill in" in result.stderr
    assert result.stdout == ""


EVIL = (
    "{{ 7*7 }} {% raw %} <script>alert(1)</script> [x](javascript:alert(1)) ![i](http://a.example/x.png) "
    "\x1b[31mred\x1b[0m `tick` ``` | pipe | \\ *b* __b__ <http://a.example> www.a.example [^1] [r]: /u\n"
    "# head\n```\n---\n    code\r\n&lt; \u202eevil\x00"
)
PIECES = st.sampled_from(
    [*EVIL.split(" "), EVIL, "\n", "\n\n", "|", "`", "``", "]", "(", "'", '"', "$(x)", "-", "1."]
)
HOSTILE = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=6).map("".join))


def hostile_group(text: str, uid: str) -> tuple[Group, Membership]:
    """Return a group with ``text`` in every place that telemetry can reach."""
    medoid = event(
        uid,
        text,
        signal=Signal.ALERT,
        service=text,
        status=text,
        trace_id=text,
        attributes={
            "labels.pod": text,
            "labels.instance": text,
            f"labels.{text}": text,
            "annotations.summary": text,
            "annotations.runbook_url": text,
        },
        resource={"k8s.namespace.name": text, "host.name": text},
    )
    other = event(f"{uid}2", text, time=s(1), attributes={"exception.message": text, "source": [text]})
    return group(
        [row(medoid), row(other)],
        medoid,
        id=text,
        title=text,
        services=(Blame(text, 0.5), Blame(f"{text}2", 0.5)),
        fields=(Share(text, 0.5, 1.0, 0.5),),
    )


@given(HOSTILE, HOSTILE.map(lambda text: f"u{text}"))
@settings(max_examples=60)
def test_hostile_text_is_harmless_everywhere(text: str, uid: str) -> None:
    made, atom = hostile_group(text, uid)
    draft = DRAFTER.draft(RUNBOOK, Material(made, [atom]))
    assert kinds(draft) <= HARMLESS
    assert terminal(draft.markdown.replace("\n", "")) == draft.markdown.replace("\n", "")
    for fact in draft.sources:
        assert resolves(fact, events([atom])), fact


def test_hostile_text_is_shown_literally_and_changes_no_section() -> None:
    made, atom = hostile_group(EVIL, "u1")
    draft = DRAFTER.draft(RUNBOOK, Material(made, [atom]))
    assert terminal(EVIL) in shown(draft)
    assert "\x1b" not in draft.markdown
    assert "49" not in draft.markdown
    tokens = MARKDOWN.parse(draft.markdown)
    heads = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert heads[1:] == [
        *("Meaning", "Impact", "Diagnosis", "Mitigation", "Verification", "Escalation", "Evidence"),
    ]
    rows = [len(re.findall(r"(?<!\\)\|", line)) for line in draft.markdown.splitlines() if line[:2] == "| "]
    assert set(rows) == {3, 8}


def test_hostile_names_stay_one_word_of_a_command() -> None:
    made, atom = hostile_group("a'; rm -rf / #$(x)`y`", "-u; reboot")
    text = DRAFTER.draft(RUNBOOK, Material(made, [atom])).markdown
    line = next(line for line in text.splitlines() if line.startswith("stormcell explain"))
    assert shlex.split(line) == ["stormcell", "explain", "--", "-u; reboot"]
    line = next(line for line in text.splitlines() if "--all-namespaces" in line)
    assert shlex.split(line)[-1] == "--regexp=a'; rm -rf / #$(x)`y`"


def test_a_very_long_body_does_not_make_a_long_draft() -> None:
    medoid = event("u1", "x" * 5_000_000)
    made, atom = group([row(medoid)], medoid)
    draft = DRAFTER.draft(RUNBOOK, Material(made, [atom]))
    assert len(draft.markdown) < 10_000
    assert any(fact.field == "text" and fact.how == "shortened" for fact in draft.sources)


FRONT = "---\ntitle: Ours\nmatch: [{signal: log}]\npriority: 1000\n---\n"


def test_a_users_template_is_used_and_may_extend_ours(tmp_path: Path) -> None:
    mine = '{% extends "stormcell/errors.md.j2" %}\n{% block impact %}Ours alone.\n{% endblock %}\n'
    (tmp_path / "errors.md.j2").write_text(FRONT + mine)
    made, atom = error_log()
    draft = Drafter(DraftsSettings(templates=(tmp_path,))).draft(RUNBOOK, Material(made, [atom]))
    assert draft.template == "errors"
    assert draft.markdown.startswith("# Ours: Error from server")
    assert "Ours alone." in draft.markdown
    assert "Read the innermost error" in draft.markdown


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("ok\n{% if %}\n", ":7: Expected an expression"),
        ("ok\n{{ nothing }}\n", ":7: 'nothing' is undefined"),
        ("ok\n\n{{ group.nothing }}\n", ":8: 'stormcell.* has no attribute 'nothing'"),
        ("{{ group }}\n", ":6: cannot print a Context"),
        ("{{ group.id ~ 'x' }}\n", ":6: '~' would skip"),
        ("{{ 1 // 0 }}\n", ":6: "),
        ("{% include 'none.md.j2' %}\n", ":6: there is no template none.md.j2"),
        ("{{ group.id | shell }}\n", ": it uses the filter shell but no sources"),
        ('{% extends "base.md.j2" %}', r"base.md.j2:\d+: Required block 'meaning' not found"),
    ],
)
def test_a_broken_template_names_file_and_line(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "mine.md.j2").write_text(FRONT + body)
    made, atom = error_log()
    where = "" if "base" in message else re.escape(str(tmp_path / "mine.md.j2"))
    with pytest.raises(TemplateError, match=where + message):
        Drafter(DraftsSettings(templates=(tmp_path,))).draft(RUNBOOK, Material(made, [atom]))


def test_jinja2_is_loaded_by_the_first_draft_only() -> None:
    made = "r.Drafter(c.DraftsSettings())"
    code = f"import sys, stormcell.config as c, stormcell.render as r; {made}; print('jinja2' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"

"""Text that would act where it is shown is shown harmless everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from stormcell.escape import terminal, visible
from tests.integration.program import Ran, stormcell
from tests.integration.telemetry import alert, attributes, log, logs, span, traces, webhook, write
from tests.unit.render.report.pages import checked

HOSTILE = {
    "colour": "red \x1b[31malert\x1b[0m \x9b31m",
    "title": "\x1b]0;owned\x07 \x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
    "erase": "good\r\x1b[2Kbad\b\b\b\x7f\x00",
    "jinja": "{{ 7*7 }} {{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "jinja-block": "{% raw %} {% for x in range(9) %}loop{% endfor %} {# gone #}",
    "script": "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- hidden",
    "link": "[click](javascript:alert(1)) [ref][1] <http://evil> https://evil.example",
    "image": "![pixel](http://evil.example/p.png) ![x][y]",
    "formula": "=cmd|' /C calc'!A0",
    "bidi": "user\u202etxt.exe\u202c \u2066isolate\u2069 \u200f",
    "lines": "one\ntwo\r\n\n# heading\n- item\n\n    code\u2028three",
    "table": "a | b | c || d",
    "ticks": "`code` ``` fence ``` ~~~",
    "note": "text[^1] [^1]: forged",
    "entity": "&lt;script&gt; &#x3c;b&#x3e;",
    "tags": "hidden \U000e0041\U000e0042",
}
ACTIVE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


@pytest.fixture(scope="module", params=HOSTILE)
def out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grouping in which every text is hostile: bodies, names, services, labels, ids, attributes, resources."""
    folder = tmp_path_factory.mktemp("hostile")
    text = HOSTILE[request.param]
    extra = attributes(exception__message=text, exception__type=text, http__route=text, request_id=text)
    record = log(text, text, severityText=text)
    record["attributes"] += extra
    documents = logs(record, log("plain", text, at=1), service=text)
    documents["resourceLogs"][0]["resource"]["attributes"] += attributes(
        k8s__pod__name=text, k8s__namespace__name=text, k8s__node__name=text, host__name=text
    )
    hours = [traces(span(i, text, at=i * 4000, attributes=extra), service=text) for i in range(1, 4)]
    told = alert(text, text, **{"service": text, "namespace": text, "pod": text, "label": text})
    told["annotations"] = {"summary": text, "description": text, "runbook_url": text, text: text}
    write(folder / "in" / "x.jsonl", documents, *hours, {**webhook(told), "externalURL": text})
    ran = stormcell("group", folder / "in", "--out", folder / "out")
    assert (ran.code, "problem" in ran.err) == (0, False), ran.err
    _is_harmless(ran)
    (folder / "out" / "text").write_bytes(text.encode())
    return folder / "out"


@pytest.fixture
def text(out: Path) -> str:
    return (out / "text").read_bytes().decode()


def test_on_the_terminal(out: Path, text: str) -> None:
    for colours in (False, True):
        _is_harmless(stormcell("groups", "list", "--store", out, terminal=colours), colours=colours)
        for group in _groups(out):
            shown = stormcell("groups", "show", group["id"], "--members", "--store", out, terminal=colours)
            _is_harmless(shown, colours=colours)
    _is_harmless(stormcell("families", "--store", out))
    _is_harmless(stormcell("groups", "similar", _groups(out)[0]["id"], "--store", out))
    for uid in (text, "plain", "0000000000000001", f"{text}@2023-11-14T22:13:20.000Z"):
        _is_harmless(stormcell("explain", "--store", out, "--", uid))


def test_a_table_keeps_one_line_a_group(out: Path) -> None:
    lines = stormcell("groups", "list", "--store", out).out.splitlines()
    assert len(lines) == 1 + len(_groups(out))
    assert all(line.startswith("g-") for line in lines[1:])


def test_in_drafts(out: Path, text: str) -> None:
    shape = None
    for draft in (out / "drafts").iterdir():
        markdown = draft.read_text()
        assert not ACTIVE.search(markdown)
        tokens = list(_walk(MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(markdown)))
        assert {token.type for token in tokens}.isdisjoint({"html_block", "html_inline", "image", "link_open"})
        headings = [token.content for token in tokens if token.type == "inline" and token.level == 1]
        assert "49" not in headings[0]
        shape = [token.tag for token in tokens if token.type == "heading_open"]
        assert shape == ["h1", *["h2"] * 7]
        # A note that could be forged would be one more than are cited.
        cited = set(re.findall(r"(?<!\\)\[\^(\d+)\]", markdown))
        defined = re.findall(r"^\[\^(\d+)\]: event ", markdown, re.MULTILINE)
        assert sorted(defined) == sorted(cited)
    assert shape is not None


def test_drafts_show_it_to_the_letter(out: Path, text: str) -> None:
    headings, cells = [], []
    for draft in (out / "drafts").iterdir():
        tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(draft.read_text())
        for before, token in pairwise(tokens):
            shown = re.sub(r"\[\^\d+\]$", "", "".join(child.content for child in token.children or []))
            if before.type == "heading_open" and before.tag == "h1":
                headings.append(shown)
            elif before.type == "td_open":
                cells.append(shown)
    assert any(terminal(" ".join(text.split())) in heading for heading in headings)
    assert cells.count(terminal(text).strip()) > len(headings)


def test_shell_lines_in_drafts_hold_the_text_as_one_word(out: Path) -> None:
    for draft in (out / "drafts").iterdir():
        for fence in MarkdownIt("commonmark").parse(draft.read_text()):
            if fence.type == "fence":
                assert fence.info == "sh"
                for line in fence.content.splitlines():
                    assert line.startswith(("kubectl ", "stormcell ")), line


def test_in_groups_json_and_ndjson_it_is_data(out: Path, text: str) -> None:
    document = json.loads((out / "groups.json").read_bytes())
    assert text in {group["medoid"]["text"] for group in document["groups"]}
    assert text in {uid for group in document["groups"] for uid in group["members"]}
    raw = (out / "groups.ndjson").read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", raw)
    lines = [json.loads(line) for line in raw.decode().split("\n") if line]
    assert text in {line["message"] for line in lines}


def test_in_the_report_it_is_read_and_nothing_else(out: Path, text: str, tmp_path: Path) -> None:
    ran = stormcell("report", "--store", out, "--out", tmp_path / "report.html", "--title", text.replace("\0", ""))
    _is_harmless(ran)
    document = (tmp_path / "report.html").read_text()
    assert not ACTIVE.search(document.replace("\t", ""))
    assert visible(text).strip() in checked(document).text


def _groups(out: Path) -> Any:
    return json.loads((out / "groups.json").read_bytes())["groups"]


def _is_harmless(ran: Ran, *, colours: bool = False) -> None:
    assert ran.code == 0, ran.err
    printed = re.sub(r"\x1b\[[0-9;]*m", "", ran.out + ran.err) if colours else ran.out + ran.err
    assert not ACTIVE.search(printed)


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])

"""Drafts as HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stormcell.web import markdown
from stormcell.web.markdown import blanks, html

TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong"),
    *("ul", "ol", "li", "a", "sup", "section", "table", "thead", "tbody", "tr", "th", "td"),
    *("span", "wbr"),
}
ATTRIBUTES = {
    ("a", "href"),
    ("a", "rel"),
    ("a", "id"),
    ("a", "aria-label"),
    ("em", "class"),
    ("li", "id"),
    ("li", "value"),
    ("ol", "start"),
    ("section", "class"),
    ("section", "aria-label"),
    ("span", "class"),
    ("sup", "class"),
    ("table", "tabindex"),
    ("td", "class"),
    ("th", "class"),
}
CLASSES = {"blank", "footnotes", "footnote-ref", "number", "center", "whole"}


class Allowed(HTMLParser):
    """Fails at anything that a page of ours must not hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert (tag, name) in ATTRIBUTES
            assert value is not None
            if name == "href":
                assert value == "#" or value.startswith(("http://", "https://", "#fn"))
                assert value.startswith("#") or dict(attrs)["rel"] == "noreferrer noopener"
            elif name == "class":
                assert value in CLASSES
            elif name in ("value", "start"):
                assert value.isdecimal()
            elif name == "id":
                assert value.startswith("fn")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def checked(text: str) -> Allowed:
    parser = Allowed()
    parser.feed(html(text))
    parser.close()
    return parser


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onclick='x'>bold</b> <!-- comment --> <?php x ?> <!DOCTYPE x> <![CDATA[x]]>",
    '![an image](https://example.com/x.png "t")',
    "[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) [c](data:text/html,x) [d](vbscript:x)",
    "[a](&#x6a;avascript:alert(1)) [b](java\nscript:alert(1)) [c](//example.com) [d](/groups/x/resolve)",
    "[x]: javascript:alert(1)\n\n[x] [y](<javascript:alert(1)>) [z](https:javascript)",
    "<javascript:alert(1)> <https://example.com/> <ada@example.com>",
    '[a](https://example.com/"onmouseover=alert(1)// \'title" onclick="x\')',
    '```"><script>alert(1)</script>\ncode\n```',
    "{{ 7*7 }} {% for x in y %} {# c #}",
    "\x1b[31mred\x1b[0m \u202eback\u202c \0 \ud800",
    'a[^1] b[^"><script>] c[^x]\n\n[^1]: note <script>\n[^"><script>]: other\n[^x]: [y](javascript:x)',
    "| a | b |\n| :-: | --: |\n| <script> | `x|y` [l](javascript:x) |",
    "> > > - 1. # <svg onload=x>",
    '*to fill in: "><script>*',
    "1000000000. a\n\n&lt;script&gt; &amp;lt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_active(text: str) -> None:
    checked(text)


@given(st.lists(st.text() | st.sampled_from([*HOSTILE, "\n", "\n\n", "[^1]", "[^1]: ", "<", ">", "](", "[", "`"])))
@example(["[", "[^1]", "]("])
def test_no_text_makes_anything_active(parts: list[str]) -> None:
    checked("".join(parts))


def test_markup_of_drafts_is_shown() -> None:
    shown = html(
        "# Title\n\n- **What:** x[^7] *to fill in: team*\n\n| a | n |\n| --- | ---: |\n| x | 1 |\n\n"
        "[site](https://example.com/?a=1&b=2 'title')\n\n[^7]: event `ab`, field `text`\n"
    )
    assert "<h2>Title</h2>" in shown
    assert '<sup class="footnote-ref"><a href="#fn1" id="fnref1">7</a></sup>' in shown
    assert '<em class="blank">to fill in: team</em>' in shown
    assert '<th class="number">n</th>' in shown
    assert '<a href="https://example.com/?a=1&amp;b=2" rel="noreferrer noopener">site</a>' in shown
    assert '<li id="fn1" value="7"><p>event <code>ab</code>, field <code>text</code>' in shown


def test_times_and_percentages_are_broken_between_their_parts_alone() -> None:
    shown = html("From 2023-11-14T22:26:22.153Z[^1] on 5 %, not 2023-11-14 <b>\n\n[^1]: event `ab`, field `time`")
    whole = '<span class="whole">'
    assert f"From {whole}2023-11-14T</span><wbr>{whole}22:26:22.153Z</span><sup" in shown
    assert 'on <span class="whole">5 %</span>, not' in shown
    assert "not 2023-11-14 &lt;b&gt;" in shown


def test_the_line_that_says_what_a_draft_is_of_is_not_shown() -> None:
    assert checked("A\n\n[//]: # (Stormcell: runbook of g-1 as d108488206)\n\nB").text.split() == ["A", "B"]


def test_what_hides_is_shown() -> None:
    assert checked("a\x1b[31m\u202e").text.strip() == "a\\x1b[31m\\u202e"


def test_the_places_to_fill_in_are_counted() -> None:
    assert blanks("*to fill in: a* and *to fill in: b*, to fill in: c") == 2


def test_tables_are_laid_out_until_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "MOST_IN_TABLES", 100)
    table = "a|b\n-|-\n" + "c\n" * 20
    shown = html("\n\n".join([table] * 4))
    # Each row of a letter has two cells, so that a short text can fill all memory.
    assert shown.count("<table") == 1
    assert shown.count("a|b\n-|-\nc") == 3
    assert html("\n\n".join([table] * 2)).count("<table") == 1, "each text has tables of its own"


def test_a_text_of_unusual_length_is_shown_as_it_is_written() -> None:
    text = "# <b>\x1b\n" * (markdown.MOST // 7 + 1)
    shown = html(text)
    assert shown.startswith("<pre># &lt;b&gt;\\x1b\n#")
    assert shown.endswith("</pre>")

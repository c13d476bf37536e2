"""What comes out of escape is inert, and still says what went in."""

from __future__ import annotations

import re
import shlex
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from stormcell import escape

COMMONMARK = MarkdownIt("commonmark")
GFM = MarkdownIt("commonmark").enable(["table", "strikethrough"])

# Pieces of syntax beside each other find more than single random characters do.
SYNTAX = r"""
** __ _ ~~ ~ * ` `` ``` [ ]( ]: ](javascript:x) ![ ! [^1] <b> <!-- <script> </script> <a@b.c> <http://x> | ||
\ \|
&lt; &#42; & # - + 1. 1) > --- === http://a.b www.a.b a@b.c {{ {% $ a é
"""
SPACES = [
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\r\n",
    "\n\n",
    " #",
    "\x1b[31m",
    "\u202e",
    "\u00a0",
    "\u3000",
    "\x00",
]
PIECES = st.sampled_from(SYNTAX.split() + SPACES)
HOSTILE = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


def inline(parser: MarkdownIt, text: str) -> list[Token]:
    """Parse ``text``, which must be one paragraph, and return what is in it."""
    tokens = parser.parse(text)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], tokens
    return tokens[1].children or []


def shown(children: list[Token]) -> str:
    assert {token.type for token in children} <= {"text"}, children
    return "".join(token.content for token in children)


@given(HOSTILE)
@example("a\r\nb\rc\n\td\u2028e\x0bf \u202e\x1b[31m")
def test_visible_is_terminal_line_by_line(text: str) -> None:
    shown = escape.visible(text)
    assert shown.replace("\n", " ").replace("\t", " ") == escape.terminal(text.replace("\r\n", "\n"))
    assert escape.visible(shown) == shown


@given(HOSTILE)
@example("\u202eevil\u2066 \x1b]0;title\x07 \x9b31m\x7f\r\n\tend\u2028")
@example("\ud800 lone \U000e0041")
def test_terminal_leaves_no_control_character(text: str) -> None:
    clean = escape.terminal(text)
    assert not [c for c in clean if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [c for c in clean if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF")]
    assert not [c for c in clean if unicodedata.bidirectional(c) in ("LRI", "RLI", "FSI", "PDI")]
    assert escape.terminal(clean) == clean


def test_terminal_shows_what_it_took() -> None:
    assert escape.terminal("a\x1b[31mb\nc\td\u202ee\U000e0041") == r"a\x1b[31mb c d\u202ee\U000e0041"
    assert escape.terminal("naïve 日本 👩‍🔧") == "naïve 日本 👩‍🔧"


@pytest.mark.parametrize("parser", [COMMONMARK, GFM], ids=["commonmark", "gfm"])
@given(text=HOSTILE)
@example(text="[x](javascript:alert(1)) ![](http://a.b/c.png) <script>alert(1)</script> {{ 7*7 }}")
@example(text="    indented")
@example(text="trailing  ")
@example(text="a\\")
@example(text="# heading #")
@example(text="[^1]: note")
@example(text="snake_case __init__ _x_ a_b_ *y*")
def test_markdown_is_text_and_nothing_else(parser: MarkdownIt, text: str) -> None:
    escaped = escape.markdown(text)
    if not text:
        assert escaped == ""
        return
    assert shown(inline(parser, escaped)) == escape.terminal(text)


@given(HOSTILE, HOSTILE)
def test_markdown_stays_text_beside_a_footnote_and_other_text(left: str, right: str) -> None:
    children = inline(GFM, f"x {escape.markdown(left)}[^1]{escape.markdown(right)}[^2] y")
    assert shown(children) == f"x {escape.terminal(left)}[^1]{escape.terminal(right)}[^2] y"


@given(HOSTILE.filter(lambda text: bool(text.strip())))
def test_markdown_in_a_heading_a_list_and_a_quotation(text: str) -> None:
    for mark in ("# ", "- ", "> ", "1. "):
        tokens = [token for token in GFM.parse(mark + escape.markdown(text)) if token.type == "inline"]
        assert [shown(token.children or []) for token in tokens] == [escape.terminal(text)]


@given(HOSTILE)
def test_markdown_and_code_keep_to_their_table_cell(text: str) -> None:
    row = f"| {escape.markdown(text)} | {escape.code(text, table=True)} | z |"
    table = f"| a | b | c |\n| --- | --- | --- |\n{row}\n"
    cells = [token for token in GFM.parse(table) if token.type == "inline"][3:]
    clean = escape.terminal(text)
    assert [token.type for token in cells[1].children or []] == ["code_inline"]
    assert [shown(cells[0].children or []), (cells[1].children or [])[0].content] == [clean, clean or " "]
    assert [shown(cell.children or []) for cell in cells[2:]] == ["z"]


@pytest.mark.parametrize("link", ["http://a.example", "HTTPS://a.example", "ftp://a.example", "www.a.example"])
def test_markdown_breaks_what_gfm_would_link(link: str) -> None:
    escaped = escape.markdown(f"see {link} now").lower()
    assert not re.search(r"(?<!\\)://", escaped)
    assert "www." not in escaped


def test_markdown_breaks_template_syntax() -> None:
    escaped = escape.markdown("{{ 7*7 }} {{{x}}} {% if %} {# c #}")
    assert not re.search(r"\{[{%#]", escaped)


def test_markdown_leaves_ordinary_text_readable() -> None:
    text = "ts-order-service: 12.5 ms (p90), k8s_pod_name=a/b; took 3 s"
    assert escape.markdown(text) == text


@given(HOSTILE)
@example("`")
@example("`` ` ```")
@example(" a ")
@example("  ")
@example("")
def test_code_shows_any_text(text: str) -> None:
    children = inline(COMMONMARK, f"x{escape.code(text)}y")
    assert [token.type for token in children] == ["text", "code_inline", "text"]
    assert children[1].content == (escape.terminal(text) or " ")


@given(HOSTILE)
@example("$(reboot); `reboot` 'x' \"y\"")
def test_shell_gives_one_word(text: str) -> None:
    assert shlex.split(escape.shell(text)) == [escape.terminal(text)]

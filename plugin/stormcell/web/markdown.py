"""Markdown of drafts as HTML in which nothing is active: no HTML of theirs, no images, links to http(s) alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.footnote import footnote_plugin

from stormcell.escape import visible
from stormcell.render.footnotes import TO_FILL_IN

SCHEMES: Final = ("http://", "https://")
"""How the addresses begin that pages make links of."""

_ALIGNED: Final = {"text-align:left": "", "text-align:center": "center", "text-align:right": "number"}
_DEEPEST: Final = 6
_MOST_DIGITS: Final = 6
_TIME: Final = re.compile(r"\b(\d{4}-\d\d-\d\dT)(\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)", re.ASCII)
_PERCENT: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,9})? %", re.ASCII)

MOST: Final = 256 * 1024
"""Characters of the longest text that is laid out; of a longer one it is shown how it is written."""
MOST_IN_TABLES: Final = 50_000
"""Tokens of tables after which what looks like another is text: a short row is filled up with empty cells."""


class _Parser(MarkdownIt):
    """Takes links to other sites, by their whole URL, as links; all else that looks like one stays text.

    ``#`` alone is one, too: the line that says what a draft is of is the definition of such a link, which nobody
    sees.
    """

    def validateLink(self, url: str) -> bool:  # noqa: N802  the name of the method of the library
        return url == "#" or url.lower().startswith(SCHEMES)


@lru_cache(maxsize=16)
def html(text: str) -> Markup:
    """Return Markdown as HTML for a page, footnotes as links to the list of them at its end.

    Headings are one level deeper than in the text, below that of the page. A place to fill in is marked. However a
    text is written, this takes seconds at most, and some hundred MB.
    """
    if len(text) > MOST:
        return Markup("<pre>{}</pre>").format(visible(text))
    parser = _parser()
    tokens = parser.parse(visible(text), {})
    _tame(tokens)
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704  the renderer escapes all text


def blanks(text: str) -> int:
    """Return how many places of a draft are left for people to fill in."""
    return text.count(f"*{TO_FILL_IN}")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    made = _Parser("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")
    made.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    made.disable(["image", "html_block", "html_inline"])
    made.use(footnote_plugin, inline=False)
    made.add_render_rule("text", _text)
    made.add_render_rule("footnote_caption", _caption)
    made.add_render_rule("footnote_open", _note)
    made.add_render_rule("footnote_anchor", _back)
    made.add_render_rule("footnote_block_open", _notes)
    return made


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    spent = state.env.get("tables", 0)
    if spent > MOST_IN_TABLES:
        return False
    before = len(state.tokens)
    found = table(state, start, end, silent)
    state.env["tables"] = spent + len(state.tokens) - before
    return found


def _tame(tokens: Sequence[Token]) -> None:
    """Take away what a page does not want of tokens, and add what it does."""
    before: Token | None = None
    for at, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, _DEEPEST)}"
        elif token.type == "fence":
            token.info = ""
        elif token.type == "table_open":
            token.attrs["tabindex"] = 0  # a wide one is moved sideways, by keys, too
        elif token.type == "link_open":
            token.attrs = {"href": token.attrs["href"], "rel": "noreferrer noopener"}
        elif "style" in token.attrs:
            kind = _ALIGNED.get(str(token.attrs["style"]), "")
            token.attrs = {"class": kind} if kind else {}
        if token.type == "th_open" and not tokens[at + 1].content:
            token.tag = tokens[at + 2].tag = "td"  # it heads nothing
        if before is not None and before.type == "em_open" and token.content.startswith(TO_FILL_IN):
            before.attrs["class"] = "blank"
        _tame(token.children or ())
        before = token


def _text(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    # Browsers would break a time behind a hyphen, and a percentage before its sign.
    text = str(Markup.escape(tokens[at].content))
    text = _TIME.sub(r'<span class="whole">\1</span><wbr><span class="whole">\2</span>', text)
    return _PERCENT.sub(r'<span class="whole">\g<0></span>', text)


def _caption(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    # The number in the text, which people and the checks of drafts speak of, not one of our own.
    return str(Markup.escape(tokens[at].meta.get("label") or tokens[at].meta["id"] + 1))


def _note(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    label = str(tokens[at].meta.get("label", ""))
    value = (
        f' value="{int(label)}"' if label.isascii() and label.isdecimal() and len(label) <= _MOST_DIGITS else ""
    )
    return f'<li id="fn{tokens[at].meta["id"] + 1}"{value}>'


def _back(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    meta = tokens[at].meta
    return "" if meta["subId"] else f' <a href="#fnref{meta["id"] + 1}" aria-label="Back to the text">↩</a>'


def _notes(*_: Any) -> str:
    return '<section class="footnotes" aria-label="Sources">\n<ol>\n'

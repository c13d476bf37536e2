"""Makes any text harmless where it is shown: terminal, Markdown, shell, and pages, which escape HTML themselves.

Telemetry is written by whoever can send a request, so its text may hold terminal codes, markup, template
syntax and characters that reorder what the eye reads. Each function here keeps the text readable and whole.
"""

from __future__ import annotations

import re
import shlex

_BREAKS = re.compile("[\t\n\v\f\r\u2028\u2029]")
_LINES = re.compile("\r\n?|[\v\f\u2028\u2029]")
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they reorder the text around them
    "\ud800-\udfff"  # lone surrogates: no encoder takes them
    "\U000e0000-\U000e007f]"  # tags: text that nobody sees
)

_SPECIAL = re.compile(
    r"(?P<keep>(?<=[A-Za-z0-9])_+(?=[A-Za-z0-9]))"  # an underscore inside a word is never emphasis
    r"|(?P<escape>"
    r"[\\`*_\[\]&|~$@]"
    r"|(?<![^ ])\#"  # opens a heading, or closes one
    r"|(?<=\{)[{%\#]"  # the drafts may go through another template engine
    r"|:(?=//)|(?<=www)\."  # bare links
    r"|!\Z"  # a footnote reference may follow
    r")|(?P<less><)",
    re.IGNORECASE,
)
_STARTS = re.compile(r"([0-9]{1,9})([.)])(?=\s|\Z)|([-+=>#:.!^{()])")
"""What opens a list, a quotation, a rule or a heading, or would complete what stands before the text."""

_TICKS = re.compile("`+")
_PLAIN = re.compile("[A-Za-z0-9]+(?:[-.:_][A-Za-z0-9]+)*")
"""What needs no escape anywhere but for "www.": most names, numbers and times."""


def terminal(text: str) -> str:
    r"""Return ``text`` on one line without control or bidirectional characters.

    Line breaks and tabs become spaces, other such characters a visible escape like ``\x1b``.
    """
    return _HIDDEN.sub(_visible, _BREAKS.sub(" ", text))


def visible(text: str) -> str:
    """Return ``text`` as ``terminal`` does, but with its tabs, and its line breaks as line feeds."""
    return _HIDDEN.sub(_kept, _LINES.sub("\n", text))


def markdown(text: str) -> str:
    """Return inline Markdown (CommonMark, GFM) that shows ``text`` literally, on one line.

    It may stand anywhere in a line, in a table cell, or beside other escaped text.
    """
    if _PLAIN.fullmatch(text) and "www" not in text.lower():
        return text
    clean = terminal(text)
    inner = clean.strip()
    if not inner:
        return _entities(clean)
    start = clean.index(inner)
    escaped = _SPECIAL.sub(_escape, inner)
    if match := _STARTS.match(escaped):
        escaped = f"{match[1] or ''}\\{match[2] or match[3]}{escaped[match.end() :]}"
    # Spaces at the ends would indent a code block, break a line or be dropped.
    return _entities(clean[:start]) + escaped + _entities(clean[start + len(inner) :])


def code(text: str, *, table: bool = False) -> str:
    """Return a Markdown code span that shows ``text``, on one line.

    Parameters
    ----------
    text : str
    table : bool
        Whether it stands in a table cell, where GFM wants pipes escaped even inside code.
    """
    if _PLAIN.fullmatch(text):
        return f"`{text}`"
    clean = terminal(text) or " "
    if table:
        clean = clean.replace("|", "\\|")
    longest = max((len(run) for run in _TICKS.findall(clean)), default=0)
    fence = "`" * (longest + 1)
    padded = clean[0] == "`" or clean[-1] == "`" or (clean[0] == clean[-1] == " " and clean.strip(" ") != "")
    pad = " " if padded else ""
    return f"{fence}{pad}{clean}{pad}{fence}"


def shell(text: str) -> str:
    """Return ``text`` as one word of a POSIX shell.

    A leading dash stays: put the word behind ``--`` or ``--option=``.
    """
    return shlex.quote(terminal(text))


def _visible(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _kept(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\n\t" else _visible(match)


def _escape(match: re.Match[str]) -> str:
    if match["keep"]:
        return match[0]
    # Not "\<": a renderer that does not know the backslash there would pass the tag on.
    return "&lt;" if match["less"] else "\\" + match[0]


def _entities(spaces: str) -> str:
    return "".join(f"&#{ord(space)};" for space in spaces)

"""Masking: replace what varies in a text (ids, numbers, addresses, times) by the name of its kind.

The masks double as the first masks for personal data: e-mail addresses, IP addresses and ids do not survive.
"""

from __future__ import annotations

import re
from typing import Final

MAX_CHARACTERS: Final = 2048
"""Only the start of a text is masked: what tells templates apart stands there, and cost stays bounded."""

_DAY: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

# In order of precedence. Every repetition is bounded or cannot overlap with what follows it, so that the
# whole stays linear in the length of the text.
_MASKS: Final = {
    "url": r"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>]+",
    "email": r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}",
    "uuid": r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b",
    "mac": r"\b(?=[A-Fa-f:-]{0,16}\d)[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b(?![:-])",
    "time": (
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)"
        r"|\b\d{4}/\d\d/\d\d(?: \d\d:\d\d:\d\d(?:[.,]\d{1,9})?)?(?!\d)"
        rf"|\b(?:{_DAY},? )?{_MONTH} {{1,2}}\d{{1,2}} \d\d:\d\d:\d\d(?: [A-Z]{{3,4}}\b)?(?: \d{{4}}\b)?"
        rf"|\b(?:{_DAY}, )?\d{{1,2}}[ /-]{_MONTH}[ /-]\d{{4}}[ :]\d\d:\d\d:\d\d(?: [A-Z]{{3,4}}\b| [+-]\d{{4}}\b)?"
        r"|\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    ),
    "ip": (
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?(?![\w.]*\w)"
        # Version 6: eight parts, or fewer around "::"; without a digit it could be a name in C++.
        r"|(?<![\w:])(?=[A-Fa-f:]{0,39}\d)(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
        r"|(?:[0-9A-Fa-f]{1,4}:){0,6}(?:[0-9A-Fa-f]{1,4})?::(?:[0-9A-Fa-f]{1,4}:){0,6}(?:[0-9A-Fa-f]{1,4})?)"
        r"(?:/\d{1,3})?(?![\w:]|\.\d)"
    ),
    "path": r"(?<![\w.<>:/])(?:[A-Za-z]:)?(?:[/\\][\w.@%+~$-]{1,255}){2,64}[/\\]?",
    # The suffix that Kubernetes gives the pods of a deployment.
    "pod": r"-(?=[a-f]{0,9}\d)[0-9a-f]{8,10}-[a-z0-9]{5}\b",
    # Digits alone are a number, however many: else a count of bytes would change its mask as it grows.
    "hex": (
        r"\b0[xX][0-9A-Fa-f]{1,64}\b"
        r"|\b(?=[A-Fa-f]{0,63}\d)(?=\d{0,63}[A-Fa-f])[0-9A-Fa-f]{8,64}\b"
    ),
    # An id: letters and digits, long; or capitals with a number, as in D1345.
    "id": r"\b(?=[A-Za-z]{0,16}\d)(?=\d{0,63}[A-Za-z])[A-Za-z0-9]{16,64}\b|\b[A-Z]{1,4}\d{3,20}\b",
    "num": r"(?:(?<![^\s=:(\[,])-)?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+\b)?",
}
_MASK: Final = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _MASKS.items()))
# What is in everything that a mask takes; most names hold none of it. A uuid may be of letters alone.
_MAY_MASK: Final = re.compile(r"[\d@/\\]|-[A-Fa-f]{4}-")
_SPACE: Final = re.compile(r"\s+")


def _name(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"


def mask(text: str) -> str:
    """Replace urls, e-mail addresses, uuids, times, IPs, paths, hex, ids and numbers by ``<kind>``.

    Parameters
    ----------
    text : str
        Any text; only its first ``MAX_CHARACTERS`` are used.

    Returns
    -------
    str
        The masked text, white space collapsed.
    """
    text = _SPACE.sub(" ", text[:MAX_CHARACTERS])
    if _MAY_MASK.search(text) is None:
        return text.strip()
    masked, found = _MASK.subn(_name, text)
    # A mask can lay bare an address that was glued to it. Each mask takes one away, so that this ends.
    while found and ("@" in masked or "://" in masked):
        masked, found = _MASK.subn(_name, masked)
    return masked[:MAX_CHARACTERS].strip()


def kind_of(value: str) -> str:
    """Return the kind of mask that fits the whole of a value, ``text`` where none does."""
    if value[:1] == "<" and value[-1:] == ">" and value[1:-1].isalpha():
        return value[1:-1]
    match = _MASK.fullmatch(value)
    return (match and match.lastgroup) or "text"

"""Secrets that are known by the name before them: ``password=x``, ``"api_key": "x"``, ``Authorization: x``."""

from __future__ import annotations

import re
from typing import Final

from stormcell.privacy.names import PASSWORD, Secret, secret

STEM: Final = re.compile(
    "auth|bearer|c(?:ode|ookie|red|srf|v[cv])|jwt|k(?:ennwort|ey)|otp|p(?:ass|sk|w)|s(?:ecret|ess|ig|sn)|token|xsrf"
)
"""What is in every name that says secret, in lower case."""

# The rest of a name, from its stem on; what closes its quotes or brackets; what stands between it and its value,
# in JSON perhaps the name of the value: {"name": "PASSWORD", "value": "x"}.
_REST: Final = re.compile(
    r"[\w.-]{2,52}+(?P<closed>\\{0,15}[\"']|%22|\]|%5D)?"
    r"(?P<between>\s{0,8}(?:=>|:=|={1,3}|:(?!:)|%3[DA]|,\s{0,8}\\{0,15}[\"']value\\{0,15}[\"']\s{0,8}:)\s{0,8}"
    r"|[ \t]{1,4})",
    re.IGNORECASE,
)
_BEFORE: Final = 48
_LONG_NAME: Final = re.compile(rf"[\w.-]{{{_BEFORE}}}")
_BACKWARDS: Final = re.compile(rf"[\w.-]{{0,{_BEFORE}}}")

# A value without quotes: to the next blank or to what ends a field, unless what follows shows that it does not.
_BARE: Final = re.compile(
    r"(?:[^\s\"'`,;&|<>(){}\[\]\\%]"
    r"|[,;&|(){}\[\]\"'`<>](?=\w)(?![\w.-]{1,48}(?:=|\\{0,15}[\"']?:))"
    r"|%(?!22|26|7D)"
    r"|\\(?![nrt\"'\\]))*+"
)
_QUOTE: Final = re.compile(r"[bu]?(\\{0,15}[\"'`]|%22)")
_BEHIND: Final = re.compile(r"[,\]})]|\s|\Z")
_QUOTE_END: Final = re.compile(r"(?<!\\)(\\*)([\"'`])(?!\w)|\n|%22")
_BRACKET: Final = re.compile(r"[\[\]{}]|(?<!\\)(\\*)([\"'])")
_OPENING: Final = frozenset("[{")
_SEPARATORS: Final = frozenset(":=")
_BLANK: Final = re.compile(r"[ \t]{0,4}")

# How the value of an Authorization header begins where it has several words: with a scheme and all its parameters,
# to the end of the line; or with a scheme alone, before what it carries.
_SCHEME: Final = re.compile(
    r"(?:digest|hawk|oauth|aws4-hmac-sha256)[ \t]{1,4}(?:[^\r\n\\]|\\(?![rn]))++"
    r"|(?:bearer|basic|token|jwt|apikey|negotiate|ntlm|bot|sharedkey|aws)[ \t]{1,4}(?=\S)"
    r"|[\w-]{1,32}[ \t]{1,4}(?=\S{0,99}[\d+/=_])",
    re.IGNORECASE,
)
_COOKIES: Final = re.compile(
    r"[^\s;=,\"'\\]{1,256}+=[^\s;\"'\\]*+(?:;[ \t]?[^\s;=,\"'\\]{1,256}+(?:=[^\s;\"'\\]*+)?)*+"
)
# What a name that may mean something else must hold to be masked; only a start of it is searched for a digit.
_RANDOM: Final = re.compile(r"(?=[a-z+/=%~_-]{0,64}[\dA-Z])[\w+/=%~-]{8,}+")

_MASKED: Final = re.compile("<(?:card|cookie|email|hidden|iban|ip|key|password|secret|token)>")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?[.,;]?")
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{0,15}[.,;:!?]{0,3}")
# What stands where no secret is, or where one was taken out or is to be put in.
_NOTHING: Final = re.compile(
    r"[*•.#_-]*|x{3,}|\$\{[^{}]{0,64}\}?|\{\{?[\w. ]{0,64}\}?\}|%s|\[?\(?<?"
    r"(?:null|none|nil|true|false|undefined|redacted|filtered|masked|hidden|removed|omitted|empty)>?\)?\]?",
    re.IGNORECASE,
)
_DIRECTORIES: Final = frozenset(("pwd", "oldpwd"))

_ELEMENT: Final = re.compile(r"<([\w:.-]{1,64})(?:\s[^<>]{0,256})?>([^<>]++)(?=</\1\s{0,4}>)")


def mask_fields(text: str, low: str) -> str:
    """Mask the values that stand behind names that say secret.

    Parameters
    ----------
    text : str
    low : str
        The same in lower case, character by character.
    """
    parts: list[str] = []
    at = done = 0
    while named := _next_name(text, low, at):
        name, kind, match = named
        # What was passed over may hold the next name; what a value holds belongs to it.
        at = match.start("between")
        start, end = _value(text, match, name, kind)
        prose = start == match.end() and ":" in match["between"] and match["between"][-1].isspace()
        if not is_harmless(text[start:end], kind, prose=prose):
            parts += (text[done:start], kind.mask)
            at = done = end
    return "".join((*parts, text[done:])) if parts else text


def names_secret(text: str) -> bool:
    """Whether a name that says secret may have a value in a text.

    Parameters
    ----------
    text : str
        As it stands, or with 0 for each row of digits if has_long_name does not hold for it as it stands.
    """
    if "</" in text:
        return True
    low, at = lower(text), 0
    while named := _next_name(text, low, at):
        name, kind, match = named
        at = match.start("between")
        if not kind.sure:
            return True
        start, end = _value(text, match, name, kind)
        if start != end:
            return True
    return False


def has_long_name(text: str) -> bool:
    """Whether there is a name so long that not all of it is looked at."""
    return _LONG_NAME.search(text) is not None


def lower(text: str) -> str:
    """Return a text in lower case, character by character."""
    low = text.lower()
    # In a few languages a letter has two in lower case.
    return low if len(low) == len(text) else "".join(map(_lower, text))


def _lower(character: str) -> str:
    low = character.lower()
    return low if len(low) == 1 else character


def _next_name(text: str, low: str, at: int) -> tuple[str, Secret, re.Match[str]] | None:
    """Return the next name that says secret, what it says, and what is behind its stem."""
    while stem := STEM.search(low, at):
        at = stem.end()
        match = _REST.match(text, stem.start())
        if match is None:
            continue
        at = match.start("between")
        end = match.start("closed") if match["closed"] else at
        name = _name_before(text, stem.start()) + text[stem.start() : end]
        kind = secret(name)
        if kind is not None:
            return name, kind, match
    return None


def mask_elements(text: str) -> str:
    """Mask what XML elements hold whose names say secret."""

    def replace(match: re.Match[str]) -> str:
        kind = secret(match[1])
        if kind is None or is_harmless(match[2], kind):
            return match[0]
        return f"{text[match.start() : match.start(2)]}{kind.mask}"

    return _ELEMENT.sub(replace, text)


def is_harmless(value: str, kind: Secret, *, prose: bool = False) -> bool:
    """Whether a value is no secret though its name says so: empty, masked already, or saying what is wrong.

    Parameters
    ----------
    value : str
    kind : Secret
        What the name says.
    prose : bool
        The two stand as in "Invalid token: expired".
    """
    value = value.strip()
    return bool(
        _NOTHING.fullmatch(value)
        or _MASKED.match(value)
        or (not kind.numbers and _NUMBER.fullmatch(value))
        or (not kind.sure and not _RANDOM.fullmatch(value))
        or (prose and not kind.words and _WORD.fullmatch(value))
    )


def _name_before(text: str, at: int) -> str:
    """Return the characters of a name that stand right before a place."""
    before = text[max(0, at - _BEFORE) : at]
    return before[len(before) - _end(_BACKWARDS, before[::-1], 0) :]


def _value(text: str, match: re.Match[str], name: str, kind: Secret) -> tuple[int, int]:
    """Return where the value begins and ends; the same place twice where there is none.

    Nothing is read on to its end that is not masked then: reading it again at the next name would take time that
    grows with the square of the length.
    """
    at = match.end()
    between = match["between"]
    quote = _QUOTE.match(text, at)
    # Only an option of a command is parted from its value by a blank, and one quoted word from another; only a
    # quoted name by a line break.
    apart = between.strip() or name.startswith("-") or (quote and (match["closed"] or kind is PASSWORD))
    if not apart or ("\n" in between and not match["closed"]):
        return at, at
    # Behind a bare name the quote may end a text that holds it: ["no token: ", 5].
    if quote and not match["closed"] and _BEHIND.match(text, quote.end()):
        return at, at
    start = quote.end() if quote else at
    lower = name.lower()
    if _MASKED.match(text, start) or (text.startswith("/", start) and lower in _DIRECTORIES):
        return start, start
    if not kind.sure:
        return start, _end(_RANDOM, text, start)
    if quote:
        return start, _closing(text, start, quote[1])
    if text[at : at + 1] in _OPENING:
        return at, _balanced(text, at)
    if lower.endswith("cookie") and ":" in between and (cookies := _COOKIES.match(text, at)):
        return at, cookies.end()
    if lower.endswith("authorization"):
        at = _end(_SCHEME, text, at)
    return start, _bare(text, at)


def _bare(text: str, at: int) -> int:
    """Return where a value without quotes ends; one that swallowed a name, as in "a/password: b", goes on."""
    end = _end(_BARE, text, at)
    while end > at and text[end - 1] in _SEPARATORS and secret(_name_before(text, end - 1)):
        blank = _end(_BLANK, text, end)
        end, last = _end(_BARE, text, blank), end
        if end == blank:
            return last
    return end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _closing(text: str, at: int, quote: str) -> int:
    """Return where a quoted value ends: at its quote, at the end of the line, or at the end of the text."""
    for match in _QUOTE_END.finditer(text, at):
        if match[0] in ("\n", quote):
            return match.start()
        if match[2] == quote[-1] and _closes(len(match[1]), len(quote) - 1):
            return match.start()
    return len(text)


def _closes(found: int, opened: int) -> bool:
    """Whether a quote behind so many backslashes ends what one behind so many opened."""
    return found <= opened if opened else found % 2 == 0


def _balanced(text: str, at: int) -> int:
    """Return where a list or an object ends; the end of the text where it does not."""
    depth, quote = 0, ""
    for match in _BRACKET.finditer(text, at):
        if match[2]:
            if not quote:
                quote = match[0]
            elif match[2] == quote[-1] and _closes(len(match[1]), len(quote) - 1):
                quote = ""
        elif not quote:
            depth += 1 if match[0] in _OPENING else -1
            if depth == 0:
                return match.end()
    return len(text)

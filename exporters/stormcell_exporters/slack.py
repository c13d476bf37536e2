"""Groups as messages of Slack, and of what takes the same: Block Kit, with a text for whatever shows no blocks.

Nothing that telemetry says is markup there: it stands in code, without what could end it, and the receiver is told
to look for no links and mentions of its own. Texts are cut far below what Slack takes (3,000 characters in a text,
2,000 in a field), as it does not say how it counts those outside of the basic plane.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from itertools import accumulate
from typing import Any, Final
from urllib.parse import quote

from stormcell.errors import SettingsError
from stormcell.escape import terminal
from stormcell.times import readable
from stormcell.types import Group
from stormcell.wire.endpoint import endpoint

PLACE: Final = "{id}"
"""What stands for the id of a group in a link."""

_SEVERITIES: Final = ((21, "Critical"), (17, "Error"), (13, "Warning"))
# A backtick would end the code that it stands in, and mrkdwn has no escape for it.
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "\u02cb"}
_TITLE, _TEXT, _NAME, _LINK = 300, 1400, 100, 1000
_LINES: Final = 20
_SERVICES: Final = 5


def body(group: Group, link: str = "") -> bytes:
    """Return a message about a group's revision as JSON.

    Parameters
    ----------
    group : Group
    link : str
        See ``checked_link``.
    """
    return json.dumps(message(group, link), ensure_ascii=False, separators=(",", ":")).encode()


def message(group: Group, link: str = "") -> dict[str, Any]:
    """Return a message about a group's revision."""
    header = f"{_severity(group)}, {group.status}: {_counted(group.count, 'event')}"
    title = _code(group.title, _TITLE)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}
    ]
    if group.title != group.medoid.text:
        blocks.append(_section(title))
    blocks += [
        _section(f"```\n{_lines(group.medoid.text)}\n```"),
        {"type": "section", "fields": [_mrkdwn(f"*{name}*\n{said}") for name, said in _fields(group)]},
    ]
    if to := _link(group, link):
        blocks.append(_section(f"<{to}|Look at the group>"))
    blocks.append(
        {"type": "context", "elements": [_mrkdwn(f"{_code(group.id, _NAME)}, revision {group.revision}")]}
    )
    # Some of what takes such messages looks for mentions even in code.
    notice = f"{header}: {title}".replace("@", "\uff20")
    return {"text": notice, "unfurl_links": False, "unfurl_media": False, "blocks": blocks}


def checked_link(link: str) -> str:
    """Return a link to groups that can stand in a message: a URL with ``{id}`` for the group's id, or nothing.

    Raises
    ------
    SettingsError
        If it is something else.
    """
    if not link:
        return link
    expected = f"the option 'link': expected a URL such as https://host/groups/{PLACE}"
    if PLACE not in link:
        raise SettingsError(f"{expected}; found none with {PLACE}")
    if len(link) > _LINK or any(letter in ' <>|"`' for letter in link):
        raise SettingsError(f'{expected}, of {_LINK:,} characters at most without blanks and any of <>|"`')
    try:
        endpoint(link.replace(PLACE, "g-0"), schemes=("https", "http"))
    except SettingsError as error:
        raise SettingsError(f"the option 'link': {error}") from error
    return link


def _link(group: Group, link: str) -> str:
    """Return the link to a group as it stands in markup; "" where it would be too long."""
    to = link.replace(PLACE, quote(group.id, safe="", errors="replace")).replace("&", "&amp;")
    return to if len(to) <= 2 * _LINK else ""


def _fields(group: Group) -> list[tuple[str, str]]:
    signals = ", ".join(_counted(count, name) for name, count in sorted(group.signals.items()))
    found = [
        ("Events", f"{group.count:,}{signals and f' ({signals})'}"),
        ("First seen", readable(group.first_seen)),
        ("Last seen", readable(group.last_seen)),
    ]
    if group.services:
        services = [f"{_code(part.name, _NAME)} {part.blame:.0%}" for part in group.services[:_SERVICES]]
        more = len(group.services) - _SERVICES
        found.insert(0, ("Services by blame", "\n".join(services) + (f"\nand {more:,} more" if more > 0 else "")))
    if group.trace:
        found.append(("Trace", _code(group.trace, _NAME)))
    return found


def _severity(group: Group) -> str:
    number = max(group.medoid.severity, group.most_severe.severity)
    return next((word for least, word in _SEVERITIES if number >= least), "Info")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _code(text: str, room: int) -> str:
    """Return a text on one line, in code."""
    return f"`{_cut(terminal(text[: room + 1]), room)}`"


def _lines(text: str) -> str:
    """Return the lines of a text as they stand in a block of code."""
    lines = text[: _TEXT + 1].splitlines()
    shown = [*map(terminal, lines[:_LINES]), *(["\u2026"] if len(lines) > _LINES else [])]
    return _cut("\n".join(shown), _TEXT)


def _cut(clean: str, room: int) -> str:
    """Return what shows a text in code, in so many characters at most; "-" where there is nothing to see."""
    if not clean.strip():
        return "-"
    pieces = [_ESCAPES.get(letter, letter) for letter in clean]
    ends = list(accumulate(map(len, pieces)))
    if ends[-1] <= room:
        return "".join(pieces)
    return "".join(pieces[: bisect_right(ends, room - 1)]) + "\u2026"

"""What leads out of a group: links, and groups of before that are like it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from stormcell.config import LinkSettings
from stormcell.render.facts import Detail, fact, has, instant, shortened, since
from stormcell.semconv import ANNOTATIONS
from stormcell.times import rfc3339, spoken
from stormcell.types import Event, Fact, Group, Related

MAX_LINK: Final = 2000
"""Longest address that a draft shows, in characters: one that is cut leads nowhere."""

MAX_APART: Final = 0.5
"""Largest dissimilarity of a group that is called like this one, but for those of its family."""

_PAGES: Final = (
    *(f'attributes["{ANNOTATIONS}{name}"]' for name in ("runbook_url", "runbook", "dashboard_url", "dashboard")),
    *(f'attributes["{name}"]' for name in ("generatorURL", "dashboardURL", "panelURL", "externalURL")),
)
_PLACEHOLDER: Final = re.compile(r"\{(group|service|trace|from|to)\}")
_URL: Final = ":/?#[]@!$&'()*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the settings, filled in."""

    name: str
    url: Fact


@dataclass(frozen=True, slots=True)
class Like:
    """A group of before that is like this one; its facts are of its own events.

    Attributes
    ----------
    id, title, status, first_seen, duration, count : Fact
    likeness : Fact
        In percent.
    family : bool
        Whether both are of one family.
    """

    id: Fact
    title: Fact
    status: Fact
    first_seen: Fact
    duration: Fact
    count: Fact
    likeness: Fact
    family: bool


def links(group: Group, settings: Sequence[LinkSettings]) -> tuple[Link, ...]:
    """Return the links of the settings, without those that ask for what is not known."""
    service = group.services[0].name if group.services else group.medoid.service
    known: Mapping[str, str] = {
        "group": group.id,
        "service": service,
        "trace": group.trace or group.medoid.trace_id,
        "from": rfc3339(group.first_seen),
        "to": rfc3339(group.last_seen),
    }
    found = []
    for one in settings:
        if all(known[name] for name in _PLACEHOLDER.findall(one.url)):
            filled = _PLACEHOLDER.sub(lambda match: quote(known[match[1]], safe="", errors="replace"), one.url)
            how = f"the link {one.name} of the settings, filled in"
            found.append(Link(one.name, Fact(quote(filled, safe=_URL), group.medoid.uid, "uid", how)))
    return tuple(found)


def pages(events: Sequence[Event]) -> tuple[Detail, ...]:
    """Return the addresses that alerts bring: runbook, dashboard, where the alert was made."""
    found: dict[str, Detail] = {}
    for event in events:
        for path in _PAGES:
            if has(event, path) and len(str(event.field(path))) <= MAX_LINK:
                name = path.removeprefix('attributes["').removesuffix('"]').removeprefix(ANNOTATIONS)
                found.setdefault(name, Detail(name, fact(event, path, whole=True)))
    return tuple(found.values())


def like(related: Sequence[Related]) -> tuple[Like, ...]:
    """Return groups of before that are like it, most like first; there need not be any."""
    return tuple(_like(one) for one in related if one.family or one.dissimilarity <= MAX_APART)


def _like(one: Related) -> Like:
    group = one.group
    uid = group.medoid.uid
    return Like(
        id=Fact(group.id, uid, "uid", "the id of its group"),
        title=shortened(Fact(group.title, uid, "text", "the title of its group")),
        status=Fact(group.status, uid, "uid", "the status of its group"),
        first_seen=instant(group.earliest),
        duration=Fact(
            spoken(max(group.latest.time - group.earliest.time, 0)),
            group.latest.uid,
            "time",
            since(group.earliest),
        ),
        count=Fact(str(group.count), group.earliest.uid, "time", f"counted over the members of {group.id}"),
        likeness=Fact(f"{100 * (1 - one.dissimilarity):.0f} %", uid, "uid", "likeness of its group to this one"),
        family=one.family,
    )

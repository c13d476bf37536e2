"""All the facts of a group, by how a footnote names them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from stormcell import escape
from stormcell.render.context import LAZY, Context
from stormcell.types import Fact, Group

Key = tuple[str, str, str, str]
"""Source, uid, field and how, as they can be read from a draft."""

_SPACES = re.compile(r"\s+")
_NUMBERS = re.compile(r"\d+")
_WORD = re.compile(r"[\w.-]+\Z")


def facts(context: Context) -> Iterator[Fact]:
    """Yield every fact that a template could print of a group; some more than once."""
    for name in LAZY:
        yield from within(getattr(context, name))
    yield from within(context)


def within(value: object) -> Iterator[Fact]:
    """Yield the facts that a value holds, itself included."""
    if isinstance(value, Fact):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from within(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if not field.name.startswith("_"):
                yield from within(getattr(value, field.name))


def key(fact: Fact) -> Key:
    """Return how the footnote of a fact names it, once read."""
    return (fact.source.value, coded(fact.uid), coded(fact.field), seen(fact.how))


def alike(key: Key) -> Key:
    """Return the same for all keys that differ in numbers of how a value was derived."""
    return (*key[:3], _NUMBERS.sub("0", key[3]))


def coded(text: str) -> str:
    """Return what a code span shows of ``text``."""
    return escape.terminal(text) or " "


def seen(text: str) -> str:
    """Return what a reader sees of ``text``, with single spaces."""
    return _SPACES.sub(" ", escape.terminal(text)).strip()


def basis(group: Group) -> str:
    """Return ten hexadecimal digits that are others once anything is other that the group's facts are made of."""
    parts = (group.id, group.title, group.status, group.medoid.uid, group.count, group.first_seen, group.last_seen)
    events = (group.earliest.uid, group.latest.uid, group.most_severe.uid, group.radius, group.margin)
    shares = ([(one.name, one.blame) for one in group.services], [(one.name, one.share) for one in group.fields])
    text = repr((parts, events, shares, sorted(group.signals.items())))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=5).hexdigest()


def marker(kind: str, group: Group) -> str:
    """Return the line by which a draft is known again, which no reader sees; "" for a group of no proper id."""
    if not _WORD.match(group.id):
        return ""
    return f"[//]: # (Stormcell: {kind} of {group.id} as {basis(group)})\n\n"

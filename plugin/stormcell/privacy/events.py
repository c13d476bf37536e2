"""Masks for whole events."""

from __future__ import annotations

import hashlib
import operator
from itertools import islice
from typing import Final

from stormcell.privacy.fields import is_harmless
from stormcell.privacy.names import Secret, secret
from stormcell.privacy.numbers import is_card
from stormcell.privacy.text import HIDDEN, PLAIN, conceal
from stormcell.types import Attributes, Event, Value

_CACHE_CHARACTERS: Final = 8_000_000
_ENTRY: Final = 128
_LONGEST: Final = 4096
"""Characters of the longest text that is remembered."""

_RESOURCES: Final = 4096
_DEEPEST: Final = 64
_LEAST: Final = 10**12
"""The least number that can be a card's; the most has 19 digits."""

_MOST: Final = 10**19

_MARK: Final = "\0hash:"
_SHOWN: Final = 256
"""Characters that are left of a link key in which something was masked."""


class Concealer:
    """Masks personal data and secrets in events, remembering what it has seen (bounded).

    The uid and the ids of traces and spans stay as they are: they are how an event is found again.
    """

    def __init__(self) -> None:
        # What is shown for a text; "" where that is the text itself.
        self._seen: dict[str, str] = {}
        self._names: dict[str, tuple[str, Secret | None]] = {}
        self._room = _CACHE_CHARACTERS
        # By identity, for the events of one export share their resource; held, so that no other takes its place.
        self._resources: dict[int, tuple[Attributes, Attributes]] = {}

    def event(self, event: Event) -> Event:
        """Return the event, its text, service, attributes and resource masked; itself where nothing had to be."""
        text, service = self.text(event.text), self.text(event.service)
        attributes = self._mapping(event.attributes) if event.attributes else event.attributes
        resource = self._resource(event.resource) if event.resource else event.resource
        if (
            text is event.text
            and service is event.service
            and attributes is event.attributes
            and resource is event.resource
        ):
            return event
        # As dataclasses.replace does it, at a third of the time.
        return Event(
            event.uid, event.signal, event.time, service, event.severity, text, event.duration, event.status,
            event.trace_id, event.span_id, event.parent_id, resource, attributes,
        )  # fmt: skip

    def text(self, text: str) -> str:
        """Return a text concealed; itself where nothing had to be masked."""
        shown = self._seen.get(text)
        if shown is None:
            if PLAIN.fullmatch(text):
                return text  # many are ids, which do not come again
            shown = conceal(text)
            if shown == text:
                shown = ""
            if len(text) <= _LONGEST:
                self._make_room(len(text) + len(shown))
                self._seen[text] = shown
        return shown or text

    def _resource(self, resource: Attributes) -> Attributes:
        held = self._resources.get(id(resource))
        if held is None:
            if len(self._resources) >= _RESOURCES:
                self._resources.clear()
            held = self._resources[id(resource)] = (resource, self._mapping(resource))
        return held[1]

    def _mapping(self, held: Attributes, depth: int = 0) -> Attributes:
        """Return a mapping with names and values masked; itself where nothing had to be."""
        names = self._names
        shown: dict[str, Value] | None = None
        alike: dict[str, int] = {}
        for number, (name, value) in enumerate(held.items()):
            shown_name, kind = names.get(name) or self._name(name)
            kept = self.text(value) if kind is None and type(value) is str else self._value(value, kind, depth)
            if shown is None:
                if kept is value and not shown_name:
                    continue
                shown = dict(islice(held.items(), number))
            if shown_name:
                # No value may push out another: of names that are masked alike, the second is numbered.
                alike[shown_name] = alike.get(shown_name, 0) + 1
                if alike[shown_name] > 1:
                    shown_name += f" {alike[shown_name]}"
            shown[shown_name or name] = kept
        return held if shown is None else shown

    def _name(self, name: str) -> tuple[str, Secret | None]:
        """Return what is shown for a name, "" where that is the name itself, and what it says of its value."""
        shown = conceal(name)
        self._make_room(len(name) + len(shown))
        found = self._names[name] = ("" if shown == name else shown, secret(name))
        return found

    def _value(self, value: Value, kind: Secret | None, depth: int) -> Value:
        if kind is not None and _is_secret(value, kind):
            return kind.mask
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return "<card>" if _LEAST <= value < _MOST and is_card(str(int(value))) else value
        if depth >= _DEEPEST:
            return HIDDEN
        if isinstance(value, dict):
            shown = self._mapping(value, depth + 1)
            return value if shown is value else dict(shown)
        items = [self._value(item, None, depth + 1) for item in value]
        return value if all(map(operator.is_, items, value)) else items

    def _make_room(self, characters: int) -> None:
        self._room -= characters + _ENTRY
        if self._room < 0:
            self._seen.clear()
            self._names.clear()
            self._room = _CACHE_CHARACTERS


def hidden_key(shown: str, raw: str) -> str:
    """Return a link key that shows what is left of it, and is equal for equal raw ones only."""
    digest = hashlib.blake2b(raw.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{shown[:_SHOWN]}{_MARK}{digest}"


def shown_key(key: str) -> str:
    """Return what a link key shows: all of it, or without the hash of what was masked."""
    return key.partition(_MARK)[0]


def _is_secret(value: Value, kind: Secret) -> bool:
    """Whether the value of a name that says secret is to be masked whole."""
    if value is None or isinstance(value, bool):
        return False
    if isinstance(value, str):
        return not is_harmless(value, kind)
    if isinstance(value, int | float):
        return kind.numbers
    return kind.sure and bool(value)

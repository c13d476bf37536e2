"""Templates: the masked text by which events of one kind are recognised, with its cost paid once a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stormcell.text.masking import MAX_CHARACTERS, mask
from stormcell.types import Event

LENGTH: Final = 120
"""Characters of a masked log body that make its template."""

_CACHE_CHARACTERS: Final = 8_000_000
_ENTRY: Final = 128
# The nil uuid names nothing.
_UUID: Final = re.compile(r"\b(?!0{8}-)[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b")
# The name of one resource among many, as in order-482913: a word, a dash, at least six digits.
_RESOURCE: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9]{0,63}(?:-[A-Za-z][A-Za-z0-9]{0,63}){0,8}-\d{6,20}\b")
_SEARCHED: Final = 512
_MAX_KEYS: Final = 8


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says once its variables are taken out, and the ids among these.

    Attributes
    ----------
    template : str
    keys : tuple of str
        Link keys, "id:..." and "resource:...", ascending.
    """

    template: str
    keys: tuple[str, ...]


class Parser:
    """Parses texts into templates, remembering those it has seen (bounded)."""

    def __init__(self) -> None:
        self._seen: dict[str, Parsed] = {}
        self._room = _CACHE_CHARACTERS

    def parse(self, event: Event) -> Parsed:
        """Return the template and the link keys of an event's text."""
        text = event.text[:MAX_CHARACTERS]
        parsed = self._seen.get(text)
        if parsed is None:
            self._room -= len(text) + _ENTRY
            if self._room < 0:
                self._seen.clear()
                self._room = _CACHE_CHARACTERS
            parsed = self._seen[text] = _parse(text)
        return parsed


def _parse(text: str) -> Parsed:
    head = text[:_SEARCHED]
    keys = {f"id:{match.lower()}" for match in _UUID.findall(head)}
    keys.update(f"resource:{match}" for match in _RESOURCE.findall(head))
    masked = mask(head)
    # Near its end the head may cut what would be masked; where so much was masked that this shows, use all.
    if len(masked) < 2 * LENGTH and len(text) > _SEARCHED:
        masked = mask(text)
    return Parsed(masked[:LENGTH], tuple(sorted(keys)[:_MAX_KEYS]))

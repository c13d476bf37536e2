"""Templates: what events of one kind have in common, with its cost paid once a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from stormcell.config import MaskSettings
from stormcell.privacy import conceal, conceal_start, hidden_key
from stormcell.text.masking import MAX_CHARACTERS, mask
from stormcell.text.skeleton import Skeleton, skeleton
from stormcell.types import Event, Signal

LENGTH: Final = 120
"""Characters of a masked operation or alert name that make its template."""

_CACHE_CHARACTERS: Final = 8_000_000
_ENTRY: Final = 128
# The nil uuid names nothing.
_UUID: Final = re.compile(r"\b(?!0{8}-)[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b")
# The name of one resource among many, as in order-482913: a word, a dash, at least six digits.
_RESOURCE: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9]{0,63}(?:-[A-Za-z][A-Za-z0-9]{0,63}){0,8}-\d{6,20}\b")
_SEARCHED: Final = 512
_MAX_KEYS: Final = 8
# A URL out of which secrets were taken is one URL still.
_URL: Final = re.compile(r"<url>(?:<[a-z]+>[^\s\"'<>]*)+")


class Parsed(NamedTuple):
    """What a text says once its variables are taken out, and the ids among these.

    Attributes
    ----------
    template : Skeleton or str
        Of a log body the skeleton, of which a TemplateMiner makes a template; else the masked text.
    keys : tuple of str
        Link keys, "id:..." and "resource:...", ascending.
    """

    template: Skeleton | str
    keys: tuple[str, ...]


class Parser:
    """Parses texts into templates, remembering those it has seen (bounded).

    Parameters
    ----------
    masks : sequence of MaskSettings
        Masks of the user's, applied in order before all others.
    private : bool
        Whether templates and keys must hold no personal data and no secrets.
    """

    def __init__(self, masks: Sequence[MaskSettings] = (), *, private: bool = False) -> None:
        self._masks = [(re.compile(mask.pattern), f"<{mask.name}>") for mask in masks]
        self._private = private
        self._seen: dict[tuple[bool, str], Parsed] = {}
        self._room = _CACHE_CHARACTERS

    def parse(self, event: Event) -> Parsed:
        """Return the template and the link keys of an event's text."""
        text = event.text[:MAX_CHARACTERS]
        key = (event.signal is Signal.LOG, text)
        parsed = self._seen.get(key)
        if parsed is None:
            self._room -= len(text) + _ENTRY
            if self._room < 0:
                self._seen.clear()
                self._room = _CACHE_CHARACTERS
            parsed = self._seen[key] = self._parse(*key)
        return parsed

    def _parse(self, log: bool, text: str) -> Parsed:
        keys = sorted(_keys(text[:_SEARCHED]))[:_MAX_KEYS]
        shown = text
        if self._private:
            # Addresses and numbers are left to the template's own masks, so that it is the same with privacy and
            # without.
            shown = conceal_start(text, MAX_CHARACTERS - 1, digits=False)
            seen = _keys(shown)
            keys = sorted(_hide(key) if key in seen else _hide(key, "<hidden>") for key in keys)
        masked = shown
        for pattern, name in self._masks:
            masked = pattern.sub(name, masked)
        if log:
            return Parsed(skeleton(masked), tuple(keys))
        template = _template(masked)
        return Parsed(template if shown == text else _URL.sub("<url>", template), tuple(keys))


def _keys(text: str) -> set[str]:
    keys = {f"id:{match.lower()}" for match in _UUID.findall(text)}
    keys.update(f"resource:{match}" for match in _RESOURCE.findall(text))
    return keys


def _template(text: str) -> str:
    masked = mask(text[:_SEARCHED])
    # Near its end the head may cut what would be masked; where so much was masked that this shows, use all.
    if len(masked) < 2 * LENGTH and len(text) > _SEARCHED:
        masked = mask(text)
    return masked[:LENGTH]


def _hide(key: str, shown: str = "") -> str:
    """Return a key whose value was masked, or is masked when it stands alone, without it."""
    reason, _, value = key.partition(":")
    shown = shown or conceal(value)
    return key if shown == value else f"{reason}:{hidden_key(shown, key)}"

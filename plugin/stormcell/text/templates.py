"""Templates: what events of one kind have in common, with its cost paid once a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from stormcell.config import MaskSettings
from stormcell.privacy import Doubt, conceal, conceal_start, doubt, has_long_name, hidden_key, names_secret
from stormcell.text.masking import MAX_CHARACTERS, mask
from stormcell.text.skeleton import Skeleton, folded, shape, skeleton

LENGTH: Final = 120
"""Characters of a masked operation or alert name that make its template."""

_CACHE_CHARACTERS: Final = 6_000_000
_CACHED_WORDS: Final = 30_000
_ENTRY: Final = 128
# The nil uuid names nothing.
_UUID: Final = re.compile(r"\b(?!0{8}-)[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b")
# The name of one resource among many, as in order-482913: a word, a dash, at least six digits.
_RESOURCE: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9]{0,63}(?:-[A-Za-z][A-Za-z0-9]{0,63}){0,8}-\d{6,20}\b")
# What is in every one of them, and what may be where each row of digits is a 0.
_LINKED: Final = re.compile(r"-\d{6}|-[0-9A-Fa-f]{4}-")
_MAY_LINK: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9]*-0+(?![A-Za-z0-9_])|[0-9A-Fa-f](?:-[0-9A-Fa-f]{1,4}){3}-[0-9A-Fa-f]"
)
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
    keys: tuple[str, ...] = ()


class _Shape(NamedTuple):
    """What texts of one shape have in common.

    Attributes
    ----------
    parsed : Parsed or None
        None where something may have to be masked, of which digits are part.
    linked : bool
        Whether there may be link keys.
    named : bool
        Whether a word may be part of a name that says secret; none is as long as names_secret looked at it.
    """

    parsed: Parsed | None
    linked: bool
    named: bool


class _Words(dict[str, tuple[int, bool]]):
    """Whether a word may hold something private, and whether it may hold a link key."""

    def __missing__(self, word: str) -> tuple[int, bool]:
        if len(self) >= _CACHED_WORDS:
            self.clear()
        found = self[word] = (int(doubt(word)), _MAY_LINK.search(word) is not None)
        return found


_words = _Words()


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
        self._seen: dict[str, Parsed] = {}
        self._shapes: dict[bytes, _Shape] = {}
        self._room = _CACHE_CHARACTERS

    def name(self, text: str) -> Parsed:
        """Return the template and the link keys of the name of an operation or an alert."""
        text = text[:MAX_CHARACTERS]
        parsed = self._seen.get(text)
        if parsed is None:
            self._make_room(len(text))
            shown, keys = self._shown(text)
            template = _template(self._masked(shown))
            parsed = self._seen[text] = Parsed(template if shown == text else _URL.sub("<url>", template), keys)
        return parsed

    def log(self, text: str) -> Parsed:
        """Return the skeleton and the link keys of the body of a log.

        Bodies hardly ever come again, but their shapes do.
        """
        # Masks of the user's may ask for certain digits; of long texts the end may be cut.
        if self._masks or len(text) >= MAX_CHARACTERS:
            return self._log(text[:MAX_CHARACTERS])
        key = shape(text)
        found = self._shapes.get(key)
        if found is None:
            # Half the texts there are hold an id that no other does.
            key = folded(key)
            found = self._shapes.get(key)
            if found is None:
                self._make_room(len(key))
                found = self._shapes[key] = self._shape(key)
        parsed = found.parsed
        if parsed is None or (found.named and has_long_name(text)):
            return self._log(text)
        if found.linked and (keys := self._linked(text, text)):
            return Parsed(parsed.template, keys)
        return parsed

    def _shape(self, key: bytes) -> _Shape:
        text = key.decode()
        found = set(map(_words.__getitem__, text.split()))
        doubts = max([doubt for doubt, _ in found], default=Doubt.NONE)
        linked = any(links for _, links in found)
        named = self._private and doubts == Doubt.NAMED
        if self._private and (doubts == Doubt.SURE or (named and names_secret(text))):
            return _Shape(None, linked, named)
        return _Shape(Parsed(skeleton(text)), linked, named)

    def _log(self, text: str) -> Parsed:
        shown, keys = self._shown(text)
        return Parsed(skeleton(folded(shape(self._masked(shown))).decode()), keys)

    def _shown(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return a text as it may be shown, and its link keys."""
        # Addresses and numbers are left to the template's own masks, so that it is the same with privacy and
        # without.
        shown = conceal_start(text, MAX_CHARACTERS - 1, digits=False) if self._private else text
        return shown, self._linked(text, shown)

    def _linked(self, text: str, shown: str) -> tuple[str, ...]:
        if _LINKED.search(text, 0, _SEARCHED) is None:
            return ()
        keys = sorted(_keys(text[:_SEARCHED]))[:_MAX_KEYS]
        if self._private and keys:
            seen = _keys(shown)
            keys = sorted(_hide(key) if key in seen else _hide(key, "<hidden>") for key in keys)
        return tuple(keys)

    def _masked(self, text: str) -> str:
        for pattern, name in self._masks:
            text = pattern.sub(name, text)
        return text

    def _make_room(self, characters: int) -> None:
        self._room -= characters + _ENTRY
        if self._room < 0:
            self._seen.clear()
            self._shapes.clear()
            self._room = _CACHE_CHARACTERS


def _keys(text: str) -> set[str]:
    # None reaches over a blank, or is without a dash.
    text = " ".join([word for word in text.split() if "-" in word])
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

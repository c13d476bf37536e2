"""Taking the document of a codebook apart: each value that is not what it should be is named with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from stormcell.codebook.assigning import check_fields
from stormcell.errors import CodebookError
from stormcell.types import (
    Codebook,
    CodebookField,
    Codeword,
    Event,
    Histogram,
    Provenance,
    Signal,
    TextTable,
    WindowSummary,
)

_MOST: Final = 2**63 - 1
_EARLIEST: Final = -62_135_596_800 * 10**9
"""The year 1, ns."""
_LATEST: Final = 253_402_300_800 * 10**9 - 1
"""The end of the year 9999, ns."""
_HIGHEST_SEVERITY: Final = 24
_MOST_CODEWORDS: Final = 10_000
"""No training samples more rows."""
MOST_TEXTS: Final = 2**31 - 1
"""Texts that are counted, at most."""
_DEEPEST: Final = 128
"""Lists in lists of an attribute; far more than an event that was received has, and none too many to be walked."""
_ID: Final = re.compile(r"[!-~]{1,64}\Z")
_PARENT: Final = re.compile(r"(cb-[0-9a-f]{12})?\Z")

# JSON as read: what it holds is looked at where it is taken apart.
_Json = dict[str, Any]


def event_of(stored: Mapping[str, Any]) -> Event:
    """Return the event that ``document.event_json`` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is none.
    """
    event = Event(**{**stored, "signal": Signal(stored["signal"])})
    for name in ("uid", "service", "text", "status", "trace_id", "span_id", "parent_id"):
        if not isinstance(getattr(event, name), str):
            raise TypeError(f"{name} is no text")
    limits = {"time": (_EARLIEST, _LATEST), "duration": (0, _MOST), "severity": (0, _HIGHEST_SEVERITY)}
    for name, (least, most) in limits.items():
        value = getattr(event, name)
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"{name} is no whole number from {least} to {most}")
    for name in ("resource", "attributes"):
        if not isinstance(getattr(event, name), dict):
            raise TypeError(f"{name} is no object")
    return event


class Reader:
    """Takes a document apart; each wrong value is named with its place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def codebook(self, found: _Json) -> Codebook:
        """Return the codebook that a document holds."""
        words = self._list(found, "codewords", "")
        if len(words) > _MOST_CODEWORDS:
            self.wrong("codewords", f"{_MOST_CODEWORDS:,} at most", f"{len(words):,}")
        made = Codebook(
            version=self._text(found, "version", ""),
            fields=tuple(
                self._field(one, f"fields[{at}].") for at, one in enumerate(self._list(found, "fields", ""))
            ),
            codewords=tuple(self._codeword(one, f"codewords[{at}].") for at, one in enumerate(words)),
            text=self._table(self._held(found, "text", ""), "text."),
            reference=self._summary(self._held(found, "reference", ""), "reference."),
            provenance=self._provenance(self._held(found, "provenance", ""), "provenance."),
        )
        check_fields(made, self._name)
        ids = [word.id for word in made.codewords]
        if not ids or ids != sorted(set(ids)):
            self.wrong("codewords", "codewords in ascending order of their ids, each once", "none, or others")
        if not made.fields or len({field.name for field in made.fields}) < len(made.fields):
            self.wrong("fields", "one field or more, each once", "none, or one twice")
        return made

    def _field(self, one: Any, at: str) -> CodebookField:
        return CodebookField(
            self._text(one, "name", at), self._text(one, "kind", at), self._size(one, "weight", at),
            self._size(one, "span", at),
        )  # fmt: skip

    def _codeword(self, one: Any, at: str) -> Codeword:
        stored = self._held(one, "medoid", at)
        try:
            medoid = event_of(stored)
        except (KeyError, TypeError, ValueError) as error:
            self.wrong(f"{at}medoid", "an event", f"something else ({error})")
        for name in ("resource", "attributes"):
            if not _is_flat(getattr(medoid, name), _DEEPEST):
                self.wrong(f"{at}medoid.{name}", f"values nested {_DEEPEST} deep at most", "deeper ones")
        id = self._checked(one, "id", at, lambda value: _fits(_ID, value), "up to 64 visible ASCII characters")
        return Codeword(
            id, medoid, self._text(one, "template", at), self._size(one, "weight", at),
            self._size(one, "radius", at),
        )  # fmt: skip

    def _table(self, one: Any, at: str) -> TextTable:
        rarity, letters = self._numbers(one, "rarity", at), self._numbers(one, "letters", at)
        for signal in Signal:
            if not 0 <= letters.get(signal.value, -1.0) <= 1:
                self.wrong(f"{at}letters.{signal.value}", "a share from 0 to 1", repr(letters.get(signal.value)))
        for bucket, count in rarity.items():
            if not 0 <= count <= MOST_TEXTS:
                self.wrong(f"{at}rarity.{bucket[:8]}", f"a number of texts up to {MOST_TEXTS}", f"{count:g}")
            if bucket and not (len(bucket) <= 4 and all(digit in "0123456789abcdef" for digit in bucket)):
                self.wrong(f"{at}rarity", "buckets in hexadecimal, at most ffff", repr(bucket))
        return TextTable(
            self._text(one, "embedder", at), self._text(one, "model", at), self._whole(one, "dimensions", at),
            rarity, letters,
        )  # fmt: skip

    def _summary(self, one: Any, at: str) -> WindowSummary:
        fields = self._held(one, "fields", at)
        silhouette = self._get(one, "silhouette", at)
        return WindowSummary(
            codebook=self._text(one, "codebook", at),
            start=self._time(one, "start", at),
            end=self._time(one, "end", at),
            events=self._size(one, "events", at),
            new=self._size(one, "new", at),
            distance=self._size(one, "distance", at),
            codewords=self._sizes(one, "codewords", at),
            fields={name: self._histogram(held, f"{at}fields.{name}.") for name, held in fields.items()},
            silhouette=None if silhouette is None else self._number(one, "silhouette", at),
        )

    def _histogram(self, one: Any, at: str) -> Histogram:
        examples = self._held(one, "examples", at)
        return Histogram(
            self._sizes(one, "counts", at),
            {key: self._text(examples, key, f"{at}examples.") for key in examples},
        )

    def _provenance(self, one: Any, at: str) -> Provenance:
        sites = self._list(one, "sites", at)
        return Provenance(
            first_seen=self._time(one, "first_seen", at),
            last_seen=self._time(one, "last_seen", at),
            **{name: self._whole(one, name, at) for name in ("events", "rows", "sampled", "seed")},
            software=self._text(one, "software", at),
            parent=self._checked(one, "parent", at, lambda value: _fits(_PARENT, value), "a version, or none"),
            sites=tuple(
                site if isinstance(site, str) else self.wrong(f"{at}sites", "texts", "others") for site in sites
            ),
            metrics=self._numbers(one, "metrics", at),
        )

    def _get(self, one: Any, name: str, at: str) -> Any:
        if not isinstance(one, dict):
            self.wrong(at.removesuffix("."), "an object", type(one).__name__)
        if name not in one:
            self.wrong(f"{at}{name}", "a value", "none")
        return one[name]

    def _checked(self, one: Any, name: str, at: str, fits: Callable[[Any], bool], expected: str) -> Any:
        value = self._get(one, name, at)
        if not fits(value):
            self.wrong(f"{at}{name}", expected, type(value).__name__)
        return value

    def _text(self, one: Any, name: str, at: str) -> str:
        return str(self._checked(one, name, at, lambda value: isinstance(value, str), "a text"))

    def _whole(self, one: Any, name: str, at: str) -> int:
        return int(self._checked(one, name, at, _is_whole, "a whole number of 64 bits"))

    def _time(self, one: Any, name: str, at: str) -> int:
        return int(self._checked(one, name, at, _is_time, "a time in ns of the years 1 to 9999"))

    def _number(self, one: Any, name: str, at: str) -> float:
        return float(self._checked(one, name, at, _is_number, "a finite number"))

    def _size(self, one: Any, name: str, at: str) -> float:
        number = self._number(one, name, at)
        # Of no more than events can be counted, sums stay finite.
        return number if 0 <= number <= _MOST else self.wrong(f"{at}{name}", "0 to 2^63", f"{number:g}")

    def _held(self, one: Any, name: str, at: str) -> _Json:
        found: _Json = self._checked(one, name, at, lambda value: isinstance(value, dict), "an object")
        return found

    def _list(self, one: Any, name: str, at: str) -> list[Any]:
        return list(self._checked(one, name, at, lambda value: isinstance(value, list), "a list"))

    def _numbers(self, one: Any, name: str, at: str) -> dict[str, float]:
        held = self._held(one, name, at)
        return {key: self._number(held, key, f"{at}{name}.") for key in held}

    def _sizes(self, one: Any, name: str, at: str) -> dict[str, float]:
        held = self._held(one, name, at)
        return {key: self._size(held, key, f"{at}{name}.") for key in held}

    def wrong(self, place: str, expected: str, found: str) -> NoReturn:
        """Raise CodebookError of a place at which something else is than was expected."""
        raise CodebookError(
            f"{self._name}: {place}: expected {expected}, found {found}; it was not written by this version of "
            "Stormcell: train it anew"
        )


def _is_flat(value: Any, depth: int) -> bool:
    """Whether lists and objects are nested so deep at most."""
    if not isinstance(value, list | dict):
        return True
    held = value.values() if isinstance(value, dict) else value
    return depth >= 0 and all(_is_flat(item, depth - 1) for item in held)


def _is_number(value: Any) -> bool:
    return (isinstance(value, float) and math.isfinite(value)) or _is_whole(value)


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= _MOST


def _is_time(value: Any) -> bool:
    return type(value) is int and _EARLIEST <= value <= _LATEST


def _fits(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None

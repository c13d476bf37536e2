"""The document of a codebook: canonical JSON, named by what is in it, and read with suspicion."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
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
    Value,
    WindowSummary,
)

SCHEMA: Final = "stormcell.codebook/1"
_FAMILY: Final = "stormcell.codebook/"

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode

_KINDS: Final = {
    **dict.fromkeys(("uid", "service", "text", "status", "trace_id", "span_id", "parent_id"), str),
    **dict.fromkeys(("time", "severity", "duration"), int),
    **dict.fromkeys(("resource", "attributes"), dict),
}
"""What the parts of an event are."""

# JSON as read: what it holds is looked at where it is taken apart.
_Json = dict[str, Any]


def seal(codebook: Codebook) -> Codebook:
    """Return a codebook with the version that its contents give it, codewords ascending by id.

    What JSON cannot hold is written as text: a number of an attribute that is infinite or none.
    """
    found = replace(codebook, codewords=tuple(sorted(codebook.codewords, key=lambda word: word.id)))
    return load(_with_version(_contents(found)), "codebook")


def dump(codebook: Codebook) -> bytes:
    """Return the document of a sealed codebook: ASCII, sorted, without blanks; equal ones have equal bytes.

    Raises
    ------
    ValueError
        If its version is not that of its contents: it was changed after it was sealed.
    """
    document = _with_version(_contents(codebook))
    if json.loads(document)["version"] != codebook.version:
        raise ValueError(f"the codebook {codebook.version} was changed after it was sealed; seal it again")
    return document


def load(data: bytes, name: str) -> Codebook:
    """Return the codebook that a document holds.

    Parameters
    ----------
    data : bytes
    name : str
        What to call it in messages: its file.

    Raises
    ------
    CodebookError
        If it is truncated, altered, of a newer version of Stormcell, or none at all.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CodebookError(
            f"{name}: expected a codebook ({SCHEMA}), found {len(data)} bytes that are no JSON ({error}): it is "
            "truncated or another file; get it again from where it was trained, or from `stormcell codebook "
            "export`"
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("schema"), str):
        raise CodebookError(f"{name}: schema: expected {SCHEMA!r}, found none; it is not a codebook")
    if found["schema"] != SCHEMA:
        newer = found["schema"].startswith(_FAMILY)
        what = "it is of a newer Stormcell: use that one, or train it anew" if newer else "it is not a codebook"
        raise CodebookError(f"{name}: schema: expected {SCHEMA!r}, found {found['schema']!r}; {what}")
    version = found.get("version")
    # Before anything is read: of what was altered nothing is to be believed.
    contents = {key: value for key, value in found.items() if key != "version"}
    if version != _version(contents):
        raise CodebookError(
            f"{name}: version: expected {_version(contents)}, which its contents give, found {version!r}: it was "
            "altered or damaged; get it again from where it was trained, or from `stormcell codebook export`"
        )
    return _Reader(name).codebook(found)


def _with_version(contents: _Json) -> bytes:
    return _encode({**contents, "version": _version(contents)}).encode("ascii")


def _version(contents: Mapping[str, Any]) -> str:
    try:
        text = _encode(contents)
    except ValueError:  # numbers that JSON has not: none of ours
        text = ""
    return "cb-" + hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


def _contents(codebook: Codebook) -> _Json:
    return {
        "schema": SCHEMA,
        "fields": [
            {"name": one.name, "kind": one.kind, "weight": float(one.weight), "span": float(one.span)}
            for one in codebook.fields
        ],
        "codewords": [
            {
                "id": word.id,
                "medoid": event_json(word.medoid),
                "template": word.template,
                "weight": float(word.weight),
                "radius": float(word.radius),
            }
            for word in codebook.codewords
        ],
        "text": {
            "embedder": codebook.text.embedder,
            "model": codebook.text.model,
            "dimensions": codebook.text.dimensions,
            "rarity": _floats(codebook.text.rarity),
            "letters": _floats(codebook.text.letters),
        },
        "reference": summary_json(replace(codebook.reference, codebook="")),
        "provenance": {**asdict(codebook.provenance), "metrics": _floats(codebook.provenance.metrics)},
    }


def event_json(event: Event) -> _Json:
    """Return an event as JSON values; what is empty is left out."""
    stored: _Json = {
        "uid": event.uid,
        "signal": event.signal.value,
        "time": event.time,
        "service": event.service,
        "severity": event.severity,
        "text": event.text,
    }
    for name in ("duration", "status", "trace_id", "span_id", "parent_id"):
        if value := getattr(event, name):
            stored[name] = value
    for name in ("resource", "attributes"):
        if held := getattr(event, name):
            stored[name] = {key: _finite(value) for key, value in held.items()}
    return stored


def event_of(stored: Mapping[str, Any]) -> Event:
    """Return the event that ``event_json`` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is none.
    """
    event = Event(**{**stored, "signal": Signal(stored["signal"])})
    for name, kind in _KINDS.items():
        if type(getattr(event, name)) is not kind:
            raise TypeError(f"{name}: expected {kind.__name__}, found {type(getattr(event, name)).__name__}")
    return event


def _floats(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return numbers as they are read back, so that equal codebooks have equal bytes."""
    return {key: float(value) for key, value in numbers.items()}


def _finite(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def summary_json(summary: WindowSummary) -> _Json:
    """Return a summary as JSON values."""
    return {
        "codebook": summary.codebook,
        "start": summary.start,
        "end": summary.end,
        "events": float(summary.events),
        "new": float(summary.new),
        "distance": float(summary.distance),
        "codewords": _floats(summary.codewords),
        "fields": {
            name: {"counts": _floats(held.counts), "examples": dict(held.examples)}
            for name, held in summary.fields.items()
        },
        "silhouette": summary.silhouette,
    }


def summary_of(stored: Mapping[str, Any]) -> WindowSummary:
    """Return the summary that ``summary_json`` was given.

    Raises
    ------
    CodebookError
        If it is none.
    """
    return _Reader("summary").summary(stored, "")


class _Reader:
    """Takes a document apart; each wrong value is named with its place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def codebook(self, found: _Json) -> Codebook:
        words = self._list(found, "codewords", "")
        made = Codebook(
            version=self._text(found, "version", ""),
            fields=tuple(
                self._field(one, f"fields[{at}].") for at, one in enumerate(self._list(found, "fields", ""))
            ),
            codewords=tuple(self._codeword(one, f"codewords[{at}].") for at, one in enumerate(words)),
            text=self._table(self._held(found, "text", ""), "text."),
            reference=self.summary(self._held(found, "reference", ""), "reference."),
            provenance=self._provenance(self._held(found, "provenance", ""), "provenance."),
        )
        check_fields(made, self._name)
        ids = [word.id for word in made.codewords]
        if ids != sorted(set(ids)):
            self._wrong("codewords", "ids in ascending order, each once", "others")
        return made

    def _field(self, one: Any, at: str) -> CodebookField:
        return CodebookField(
            self._text(one, "name", at), self._text(one, "kind", at), self._number(one, "weight", at),
            self._number(one, "span", at),
        )  # fmt: skip

    def _codeword(self, one: Any, at: str) -> Codeword:
        stored = self._held(one, "medoid", at)
        try:
            medoid = event_of(stored)
        except (KeyError, TypeError, ValueError):
            self._wrong(f"{at}medoid", "an event", "something else")
        return Codeword(
            self._text(one, "id", at), medoid, self._text(one, "template", at), self._number(one, "weight", at),
            self._number(one, "radius", at),
        )  # fmt: skip

    def _table(self, one: Any, at: str) -> TextTable:
        rarity, letters = self._numbers(one, "rarity", at), self._numbers(one, "letters", at)
        for signal in Signal:
            if not 0 <= letters.get(signal.value, -1.0) <= 1:
                self._wrong(f"{at}letters.{signal.value}", "a share from 0 to 1", repr(letters.get(signal.value)))
        for bucket in rarity:
            if bucket and not (len(bucket) <= 4 and all(digit in "0123456789abcdef" for digit in bucket)):
                self._wrong(f"{at}rarity", "buckets in hexadecimal, at most ffff", repr(bucket))
        return TextTable(
            self._text(one, "embedder", at), self._text(one, "model", at), self._whole(one, "dimensions", at),
            rarity, letters,
        )  # fmt: skip

    def summary(self, one: Any, at: str) -> WindowSummary:
        fields = self._held(one, "fields", at)
        silhouette = self._get(one, "silhouette", at)
        return WindowSummary(
            codebook=self._text(one, "codebook", at),
            start=self._whole(one, "start", at),
            end=self._whole(one, "end", at),
            events=self._number(one, "events", at),
            new=self._number(one, "new", at),
            distance=self._number(one, "distance", at),
            codewords=self._numbers(one, "codewords", at),
            fields={name: self._histogram(held, f"{at}fields.{name}.") for name, held in fields.items()},
            silhouette=None if silhouette is None else self._number(one, "silhouette", at),
        )

    def _histogram(self, one: Any, at: str) -> Histogram:
        examples = self._held(one, "examples", at)
        return Histogram(
            self._numbers(one, "counts", at),
            {key: self._text(examples, key, f"{at}examples.") for key in examples},
        )

    def _provenance(self, one: Any, at: str) -> Provenance:
        sites = self._list(one, "sites", at)
        return Provenance(
            **{
                name: self._whole(one, name, at)
                for name in ("first_seen", "last_seen", "events", "rows", "sampled", "seed")
            },
            software=self._text(one, "software", at),
            parent=self._text(one, "parent", at),
            sites=tuple(
                site if isinstance(site, str) else self._wrong(f"{at}sites", "texts", "others") for site in sites
            ),
            metrics=self._numbers(one, "metrics", at),
        )

    def _get(self, one: Any, name: str, at: str) -> Any:
        if not isinstance(one, dict):
            self._wrong(at.removesuffix("."), "an object", type(one).__name__)
        if name not in one:
            self._wrong(f"{at}{name}", "a value", "none")
        return one[name]

    def _checked(self, one: Any, name: str, at: str, fits: Callable[[Any], bool], expected: str) -> Any:
        value = self._get(one, name, at)
        if not fits(value):
            self._wrong(f"{at}{name}", expected, type(value).__name__)
        return value

    def _text(self, one: Any, name: str, at: str) -> str:
        return str(self._checked(one, name, at, lambda value: isinstance(value, str), "a text"))

    def _whole(self, one: Any, name: str, at: str) -> int:
        return int(self._checked(one, name, at, lambda value: type(value) is int, "a whole number"))

    def _number(self, one: Any, name: str, at: str) -> float:
        return float(self._checked(one, name, at, _is_number, "a finite number"))

    def _held(self, one: Any, name: str, at: str) -> _Json:
        found: _Json = self._checked(one, name, at, lambda value: isinstance(value, dict), "an object")
        return found

    def _list(self, one: Any, name: str, at: str) -> list[Any]:
        return list(self._checked(one, name, at, lambda value: isinstance(value, list), "a list"))

    def _numbers(self, one: Any, name: str, at: str) -> dict[str, float]:
        held = self._held(one, name, at)
        return {key: self._number(held, key, f"{at}{name}.") for key in held}

    def _wrong(self, place: str, expected: str, found: str) -> NoReturn:
        raise CodebookError(
            f"{self._name}: {place}: expected {expected}, found {found}; it was not written by this version of "
            "Stormcell: train it anew"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

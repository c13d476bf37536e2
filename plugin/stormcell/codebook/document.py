"""The document of a codebook: canonical JSON, named by what is in it, and read with suspicion."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from stormcell.codebook.reader import Reader
from stormcell.codebook.reader import event_of as event_of  # beside its opposite
from stormcell.errors import CodebookError
from stormcell.types import Codebook, Event, Value, WindowSummary

SCHEMA: Final = "stormcell.codebook/1"
_AGAIN: Final = "get it again from where it was trained, or from `stormcell codebook export`"

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode

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
    found = json_of(data, name, SCHEMA, "a codebook", _AGAIN)
    version = found.get("version")
    # Before anything is read: of what was altered nothing is to be believed.
    contents = {key: value for key, value in found.items() if key != "version"}
    if version != _version(contents):
        raise CodebookError(
            f"{name}: version: expected {_version(contents)}, which its contents give, found {version!r}: it was "
            f"altered or damaged; {_AGAIN}"
        )
    made = Reader(name).codebook(found)
    # What we would not write has parts that nobody reads, or numbers that are none.
    if _version(_contents(made)) != version:
        Reader(name).wrong("codebook", "what Stormcell writes", "fields or values beside it")
    return made


def json_of(data: bytes, name: str, schema: str, what: str, again: str) -> _Json:
    """Return the JSON object of a document, if it is of a schema; what else is in it may be anything.

    Parameters
    ----------
    data : bytes
    name : str
        What to call it in messages: its file.
    schema : str
        With its version behind a slash.
    what, again : str
        What it should be, and how to get it again.

    Raises
    ------
    CodebookError
        If it is no JSON, or of another schema.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CodebookError(
            f"{name}: expected {what} ({schema}), found {len(data)} bytes that are no JSON ({error}): it is "
            f"truncated or another file; {again}"
        ) from error
    held = found.get("schema") if isinstance(found, dict) else None
    if held != schema:
        advice = f"it is not {what}"
        if isinstance(held, str) and held.startswith(schema.rpartition("/")[0] + "/"):
            advice = "it is of a newer Stormcell: use that one, or have it made by this one"
        shown = repr(held[:100]) if isinstance(held, str) else "none"
        raise CodebookError(f"{name}: schema: expected {schema!r}, found {shown}; {advice}")
    return dict(found)


def _with_version(contents: _Json) -> bytes:
    return _encode({**contents, "version": _version(contents)}).encode("ascii")


def _version(contents: Mapping[str, Any]) -> str:
    try:
        text = _encode(contents)
    except (ValueError, RecursionError):  # numbers that JSON has not, or lists in lists without end: none of ours
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
        "reference": _summary(replace(codebook.reference, codebook="")),
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


def _summary(summary: WindowSummary) -> _Json:
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

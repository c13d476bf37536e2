"""Checked access to parsed JSON: what is not as it should be becomes a problem, never a crash."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from stormcell.decode.events import DEEPEST, LATEST, TOO_DEEP, base64_text, number
from stormcell.decode.report import MISSING, JsonPath, Scribe
from stormcell.types import Value

Object = dict[str, Any]

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_INT64 = range(-(2**63), 2**63)
_NANOSECONDS = "nanoseconds since 1970 as a whole number"


def objects(holder: Object, key: str, path: JsonPath, scribe: Scribe) -> Iterator[tuple[JsonPath, Object]]:
    """Yield the objects in a list that is a member, each with its path; absent is empty."""
    items = holder.get(key)
    if items is None:
        return
    if type(items) is not list:
        scribe.broken((*path, key), "a list", items)
        return
    for i, item in enumerate(items):
        if type(item) is dict:
            yield (*path, key, i), item
        else:
            scribe.broken((*path, key, i), "an object", item)


def member(holder: Object, key: str, path: JsonPath, scribe: Scribe) -> Object:
    """Return an object that is a member; empty where it is absent."""
    value = holder.get(key)
    if type(value) is dict:
        return value
    if value is not None:
        scribe.broken((*path, key), "an object", value)
    return {}


def text(holder: Object, key: str, path: JsonPath, scribe: Scribe) -> str:
    """Return a text that is a member; "" where it is absent."""
    value = holder.get(key)
    if type(value) is str:
        return value
    if value is not None:
        scribe.broken((*path, key), "text", value)
    return ""


def nanoseconds(holder: Object, key: str, path: JsonPath, scribe: Scribe) -> int | None:
    """Return a time that is a member: 0 where it is absent, None (and a problem) where it is none."""
    value = holder.get(key)
    if value is None:
        return 0
    whole = _whole(value)
    if whole is None or whole < 0:
        scribe.broken((*path, key), _NANOSECONDS, value)
        return None
    return in_time(whole, key, path, scribe)


def in_time(whole: int, key: str, path: JsonPath, scribe: Scribe) -> int | None:
    """Return a time that fits 64 bits, None (and a problem) for a later one."""
    if whole > LATEST:
        scribe.broken((*path, key), "nanoseconds since 1970 up to the year 2262", whole)
        return None
    return whole


def no_time(holder: Object, key: str, path: JsonPath, scribe: Scribe) -> None:
    """Note that a record carries no time, or 0."""
    scribe.broken((*path, key), _NANOSECONDS, holder.get(key, MISSING))


def choice(holder: Object, key: str, names: dict[str, int], path: JsonPath, scribe: Scribe) -> int:
    """Return the number of an enumerated member, which some writers give by name; 0 where it is absent."""
    value = holder.get(key)
    if value is None:
        return 0
    if type(value) is int:
        return value
    if type(value) is str and value in names:
        return names[value]
    scribe.broken((*path, key), "a number", value)
    return 0


def attributes(holder: Object, key: str, path: JsonPath, scribe: Scribe, depth: int = 0) -> dict[str, Value]:
    """Return the key-value pairs that are a member, decoded; empty where it is absent."""
    found: dict[str, Value] = {}
    pairs = holder.get(key)
    if not pairs and (pairs is None or type(pairs) is list):
        return found
    for at, pair in objects(holder, key, path, scribe):
        name = pair.get("key", "")
        if type(name) is not str:
            scribe.broken((*at, "key"), "text", name)
            continue
        value = pair.get("value")
        # Nearly all attributes are text: take the short way.
        inner = value.get("stringValue") if type(value) is dict else None
        if type(inner) is str:
            found[name] = inner
            continue
        scribe.name = name
        found[name] = any_value(value, (*at, "value"), scribe, depth)
        scribe.name = ""
    return found


def any_value(value: object, path: JsonPath, scribe: Scribe, depth: int = 0) -> Value:
    """Decode an OTLP AnyValue; None (and a problem) where it is none."""
    if value is None or value == {}:
        return None
    if isinstance(value, dict):
        for kind, read in _KINDS.items():
            inner = value.get(kind)
            if inner is not None:
                return read(inner, (*path, kind), scribe, depth)
        if any(kind in value for kind in _KINDS):
            return None  # null is how JSON writes an unset field
    scribe.broken(path, 'a value such as {"stringValue": "text"}', value)
    return None


def _string(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if isinstance(value, str):
        return value
    scribe.broken(path, "text", value)
    return None


def _bool(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if isinstance(value, bool):
        return value
    scribe.broken(path, "true or false", value)
    return None


def _int(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    whole = _whole(value)
    if whole is None or whole not in _INT64:
        scribe.broken(path, "a whole number of 64 bits", value)
        return None
    return whole


def _double(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return number(float(value))
        except (ValueError, OverflowError):
            pass
    scribe.broken(path, "a number", value)
    return None


def _bytes(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if isinstance(value, str):
        # Both alphabets, padded or not, are allowed; one of them comes out.
        standard = value.translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
        try:
            return base64_text(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
        except (binascii.Error, ValueError):
            pass
    scribe.broken(path, "base64", value)
    return None


def _array(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if depth >= DEEPEST:
        return TOO_DEEP
    items = value.get("values", []) if isinstance(value, dict) else None
    if not isinstance(items, list):
        scribe.broken(path, "an object with a list of values", value)
        return None
    return [any_value(item, (*path, "values", i), scribe, depth + 1) for i, item in enumerate(items)]


def _map(value: object, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if depth >= DEEPEST:
        return TOO_DEEP
    if not isinstance(value, dict):
        scribe.broken(path, "an object with a list of values", value)
        return None
    return attributes(value, "values", path, scribe, depth + 1)


_KINDS: dict[str, Callable[[object, JsonPath, Scribe, int], Value]] = {
    "stringValue": _string,
    "intValue": _int,
    "doubleValue": _double,
    "boolValue": _bool,
    "arrayValue": _array,
    "kvlistValue": _map,
    "bytesValue": _bytes,
}


def _whole(value: object) -> int | None:
    """Return a whole number given as such, as digits or as 1.7e18; None for anything else."""
    if type(value) is str:
        return int(value) if _INTEGER.fullmatch(value) else None
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    return None

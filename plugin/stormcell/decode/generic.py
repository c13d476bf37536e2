"""Webhooks of any shape, read as the settings map them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from stormcell.config import MappingSettings, WebhooksSettings
from stormcell.config.webhooks import Step, steps
from stormcell.decode.alert import (
    FIRING,
    RESOLVED,
    SEVERITY_LABELS,
    UNITS,
    UNKNOWN_SEVERITY,
    alert_event,
    parse_time,
)
from stormcell.decode.events import LATEST, compact
from stormcell.decode.json_text import Trouble, parse
from stormcell.decode.report import MISSING, JsonPath, Scribe, show
from stormcell.types import Event, Value

_DOCUMENT: Final = "$."
_STATUSES: Final = {FIRING: FIRING, RESOLVED: RESOLVED}
_NAMES: Final = ("name", "key")
_MOST: Final = 200
"""Labels of an alert that are kept."""
_LONGEST: Final = 4096
"""Characters of a label that are kept."""
_SIXTY_FOUR_BITS: Final = 2**64


def events(value: object, settings: WebhooksSettings, received: int, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of a document that a mapping fits; a problem where none does.

    Parameters
    ----------
    value : object
        The document.
    settings : WebhooksSettings
    received : int
        When the request came, ns; of an alert whose mapping knows no time.
    scribe : Scribe
    """
    mapping = fitting(value, settings)
    if mapping is None:
        known = ", ".join(mapping.name for mapping in settings.generic) or "none"
        scribe.problem(
            f"expected a document that a mapping under webhooks.generic fits (known: {known}), found {show(value)}"
        )
        return
    for path, alert in _alerts(value, mapping, scribe):
        event = _alert(alert, value, mapping, received, path, scribe)
        if event is not None:
            yield event


def count(value: object, settings: WebhooksSettings) -> int | None:
    """Return how many alerts a document brings; None where no mapping fits it."""
    mapping = fitting(value, settings)
    if mapping is None:
        return None
    found = _opened(_walk(value, _steps(mapping.alerts)))
    return len(found) if isinstance(found, list) else 1


def fitting(value: object, settings: WebhooksSettings) -> MappingSettings | None:
    """Return the first mapping that fits a document; None where none does."""
    for mapping in settings.generic:
        said = ((_text(_walk(value, _steps(path))), wanted) for path, wanted in mapping.when.items())
        if all(found == wanted or (not wanted and found) for found, wanted in said) and _is_there(value, mapping):
            return mapping
    return None


def _is_there(value: object, mapping: MappingSettings) -> bool:
    found = _opened(_walk(value, _steps(mapping.alerts)))
    if isinstance(found, list):
        found = next((alert for alert in found if isinstance(alert, dict)), None)
        if found is None:
            return True  # nothing to tell just now
    return isinstance(found, dict) and _text(_first(mapping.title, found, value)) != ""


def _alerts(value: object, mapping: MappingSettings, scribe: Scribe) -> Iterator[tuple[JsonPath, Any]]:
    """Yield the alerts of a document, each with its path."""
    path = _steps(mapping.alerts)
    found = _opened(_walk(value, path))
    if isinstance(found, dict):
        yield path, found
    elif isinstance(found, list):
        for i, alert in enumerate(found):
            if isinstance(alert, dict):
                yield (*path, i), alert
            else:
                scribe.broken((*path, i), "an object", alert)
    else:
        scribe.broken(path, "an alert, or a list of them", found)


def _alert(
    alert: object, document: object, mapping: MappingSettings, received: int, path: JsonPath, scribe: Scribe
) -> Event | None:
    def at(paths: Sequence[str]) -> object:
        return _first(paths, alert, document)

    found = at(mapping.starts_at)
    start = received if not mapping.starts_at else _time(found, mapping.time)
    if start is None:
        scribe.broken((*path, *_steps(mapping.starts_at[0])), f"a time ({_written(mapping.time)})", found)
        return None
    labels = _pairs(mapping.labels, alert, document)
    annotations = _pairs(mapping.annotations, alert, document)
    if title := _text(at(mapping.title)):
        labels["alertname"] = title
    if service := _text(at(mapping.service)):
        labels["service"] = service
    told = _text(at(mapping.severity))
    if told:
        labels["severity"] = told
    named = told.strip().lower()
    severity = mapping.severities.get(named) or SEVERITY_LABELS.get(named, UNKNOWN_SEVERITY)
    ended = at(mapping.ends_at)
    # Zero is how some write "not yet".
    end = 0 if ended is MISSING or ended == 0 else _time(ended, mapping.time)
    if end is None:
        scribe.broken((*path, *_steps(mapping.ends_at[0])), f"a time ({_written(mapping.time)})", ended)
    status = _text(at(mapping.status)).strip().lower()
    known = {**_STATUSES, **mapping.statuses}.get(status, FIRING) if status else RESOLVED if end else FIRING
    return alert_event(
        start,
        end or 0,
        known,
        labels,
        annotations,
        {"receiver": mapping.name},
        fingerprint=_text(at(mapping.fingerprint)),
        severity=severity,
    )


def _first(paths: Sequence[str], alert: object, document: object) -> object:
    """Return what the first path leads to that leads to something."""
    for path in paths:
        found = _look(alert, document, path)
        if found is not MISSING and found is not None and found != "":
            return found
    return MISSING


def _written(unit: str) -> str:
    return "RFC 3339" if unit == "text" else f"a number of {unit} since 1970"


def _time(value: object, unit: str) -> int | None:
    """Return ns since 1970; None for what is no time that way."""
    whole: int | None = None
    if unit == "text":
        whole = parse_time(value, strict=False) if isinstance(value, str) else None
    else:
        whole = _count(value, UNITS[unit])
    return whole if whole is not None and 0 < whole <= LATEST else None


def _count(value: object, unit: int) -> int | None:
    """Return a number of units in ns, exactly where it is whole."""
    if isinstance(value, str) and len(value) <= 32:
        try:
            value = int(value) if value.isdecimal() else float(value)
        except ValueError:
            return None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * unit if 0 <= value < _SIXTY_FOUR_BITS else None
    if isinstance(value, float) and math.isfinite(value):
        # A float of seconds is exact to the microsecond only.
        return round(value * 1_000_000) * unit // 1_000_000
    return None


def _pairs(where: dict[str, str] | str, alert: object, document: object) -> dict[str, str]:
    """Return labels by their names, those without a value left out."""
    if isinstance(where, dict):
        found = {name: _text(_look(alert, document, path)) for name, path in where.items()}
    else:
        found = dict(_listed(_opened(_look(alert, document, where)))) if where else {}
    return {name: value for name, value in list(found.items())[:_MOST] if name and value}


def _listed(held: object) -> Iterator[tuple[str, str]]:
    if isinstance(held, dict):
        for name, value in held.items():
            yield name, _text(value)
        return
    if isinstance(held, str):
        held = held.split(",")
    for item in held if isinstance(held, list) else ():
        if isinstance(item, str):
            name, colon, value = item.strip().partition(":")
            yield name, value if colon else "true"
        elif isinstance(item, list) and len(item) == 2:
            yield _text(item[0]), _text(item[1])
        elif isinstance(item, dict):
            name = next((item[key] for key in _NAMES if key in item), "")
            yield _text(name), _text(item.get("value"))


def _text(value: object) -> str:
    """Return a value as text; "" where there is none."""
    if value is MISSING or value is None:
        return ""
    if isinstance(value, str):
        return value[:_LONGEST]
    try:
        return compact(cast(Value, value))[:_LONGEST]
    except (ValueError, RecursionError):  # a number of thousands of digits
        return ""


@lru_cache(1024)
def _steps(path: str) -> tuple[Step, ...]:
    return steps(path.removeprefix(_DOCUMENT))


def _look(alert: object, document: object, path: str) -> object:
    return _walk(document if path.startswith(_DOCUMENT) else alert, _steps(path))


def _opened(value: object) -> object:
    """Return what a text holds that is JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        inner = parse(value.encode("utf-8", "replace"))
        return value if isinstance(inner, Trouble) else inner
    return value


def _walk(value: object, path: Sequence[Step]) -> object:
    """Follow a path, into texts that are JSON too; MISSING where it leads nowhere."""
    for step in path:
        value = _opened(value)
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return MISSING
            value = value[step]
    return value

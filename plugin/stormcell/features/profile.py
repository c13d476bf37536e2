"""The profile of a group: what its events say, and who says it, without times and ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeVar

from stormcell.features.shelf import Shown, shown
from stormcell.semconv import HOST_NAME, K8S_NODE, K8S_POD, LABELS, SERVICE_INSTANCE
from stormcell.text.masking import mask
from stormcell.text.slots import slots
from stormcell.types import DoubleArray, Event, IntArray, Profile, Rows, Saying, Signal, Template

MOST_SAYINGS: Final = 256
MOST_NAMES: Final = 32
"""Services and instances that are kept: those with the largest parts."""
_ATTRIBUTES: Final = 16
_TEXT: Final = 200
_NAME: Final = 64

_RESOURCE_INSTANCES: Final = (K8S_POD, SERVICE_INSTANCE, HOST_NAME, K8S_NODE)
_LABEL_INSTANCES: Final = tuple(LABELS + name for name in ("pod", "instance", "node"))
# Told already, or what an alert is called and not what it says.
_TOLD: Final = frozenset(LABELS + name for name in ("alertname", "service", "severity"))
_HOLE: Final = re.compile(r"<(?:\*|[a-z]{1,32})>")
# Numbers of up to three digits are codes (503) or part of a name (cart-0); longer ones count or identify.
_LONG_NUMBER: Final = re.compile(r"\d{4}")

_T = TypeVar("_T")
Key = tuple[str, str, str]
"""Signal, service and text of a saying."""


def profile_of(rows: Rows, own: IntArray, surprise: DoubleArray, services: Mapping[str, float]) -> Profile:
    """Return the profile of a group.

    Parameters
    ----------
    rows : Rows
    own : IntArray, shape (m,)
        The group's rows.
    surprise : DoubleArray, shape (m,)
        Of these rows. Of very many different sayings the most surprising are kept.
    services : mapping of str to float
        Blame, as parts of the whole.
    """
    tallies: dict[int, _Tally] = {}
    instances: dict[str, float] = {}
    templates = [rows.templates[number] for number in rows.template[own].tolist()]
    weights = rows.weight[own].tolist()
    events = shown(rows.events, own)
    for one, template, weight, surprising in zip(events, templates, weights, surprise.tolist(), strict=True):
        sayings, names = _made(one, template)
        tally = tallies.get(id(sayings))
        if tally is None:
            tallies[id(sayings)] = _Tally(sayings, weight, surprising)
        else:
            tally.count += weight
            tally.rank = max(tally.rank, surprising)
        for name in names:
            instances[name] = instances.get(name, 0.0) + weight * surprising
    counts: Counter[Key] = Counter()
    rank: dict[Key, float] = {}
    for tally in tallies.values():
        for key in tally.sayings:
            counts[key] += tally.count
            rank[key] = max(tally.rank, rank.get(key, 0.0))
    whole = sum(instances.values()) or 1.0
    kept = sorted(counts, key=lambda key: (-rank[key], -counts[key], key))[:MOST_SAYINGS]
    return Profile(
        services=_first(services),
        sayings=tuple(Saying(*key, counts[key]) for key in sorted(kept)),
        instances=_first({name: amount / whole for name, amount in instances.items() if amount > 0}),
    )


def _made(one: Shown, template: Template) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """Return what an event says and which instances it names, found out once."""
    known = one.said
    if known is None or known[0] != template:
        sayings = _one(
            tuple((template.signal.value, template.service, text[:_TEXT]) for text in _said(one.event, template))
        )
        known = one.said = _one((template, sayings, tuple(sorted(_instances(one.event)))))
    return known[1:]


def _one(said: _T) -> _T:
    """Return what many events say as one object."""
    found: _T = _ones(said)
    return found


@lru_cache(4096)
def _ones(said: Any) -> Any:
    return said


@dataclass(slots=True)
class _Tally:
    """How many events say the same, and how surprising it is at most."""

    sayings: tuple[Key, ...]
    count: int
    rank: float


def _first(parts: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(parts.items(), key=lambda item: (-item[1], item[0]))[:MOST_NAMES])


def _said(event: Event, template: Template) -> Iterator[str]:
    """Yield what an event says: its template, this with names filled in, and that with each telling attribute."""
    told = _named(event, template)
    # The name of an alert is a name as a whole, whatever digits are in it.
    if told != template.text and event.signal is not Signal.ALERT:
        yield template.text
    yield told
    for name, value in islice(_telling(event), _ATTRIBUTES):
        if value not in told:
            yield f"{told} {{{name}={value}}}"


def _telling(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the attributes (of an alert, the labels) whose values may come again."""
    alert = event.signal is Signal.ALERT
    for name in sorted(event.attributes):
        value = event.attributes[name]
        if name in _TOLD or (alert and not name.startswith(LABELS)):
            continue
        if isinstance(value, str | int) and _is_name(text := str(value)):
            yield name.removeprefix(LABELS), text


def _named(event: Event, template: Template) -> str:
    """Return the template with the values that are names in the place of their masks."""
    if template.signal is not Signal.LOG:
        return event.text if _is_name(event.text) else template.text
    values = iter(slots(template.text, event.text))

    def fill(match: re.Match[str]) -> str:
        slot = next(values, None)
        return slot.value if slot is not None and _is_name(slot.value) else match[0]

    return _HOLE.sub(fill, template.text)


def _is_name(value: str) -> bool:
    """Whether a value may come again in another incident: short, and no id, address, time or large number."""
    # Most values that are none come once: they are not worth remembering.
    return 0 < len(value) <= _NAME and _LONG_NUMBER.search(value) is None and _is_plain(value)


@lru_cache(16_384)
def _is_plain(value: str) -> bool:
    """Whether all that would be masked in a text is numbers."""
    return all(kind == "<num>" for kind in _HOLE.findall(mask(value)))


def _instances(event: Event) -> set[str]:
    """Return the names of the single instances that an event comes from or is about."""
    values = [event.resource.get(name) for name in _RESOURCE_INSTANCES]
    values += [event.attributes.get(name) for name in _LABEL_INSTANCES]
    return {value for value in values if isinstance(value, str) and 0 < len(value) <= _NAME and value[0] != "<"}

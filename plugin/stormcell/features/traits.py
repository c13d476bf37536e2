"""What the rules of the house see in an event: its values of ``rules.same``, and the sides of rules it is on.

Events that differ in these are never counted into one row, so that a rule holds for every event of a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from stormcell.config import ApartRule, EventCondition, SameRule, Settings
from stormcell.config.conditions import View, event_view, held, texts
from stormcell.semconv import LABELS
from stormcell.types import Event, Record, Sides, Signal, Value

WHEN, FROM = "when", "from"
"""The sides of a rule that keeps apart."""

_ALERT, _LOG = Signal.ALERT, Signal.LOG
Same = tuple[str, ...]


class _UndecidedError(Exception):
    """The plain fields do not tell."""


class Traits:
    """What rules see in events.

    Parameters
    ----------
    settings : Settings
        Its rules and labels.

    Attributes
    ----------
    restless : bool
        Whether a rule looks at what later notifications of an alert may change, its status and annotations. That
        is left out by ``sides`` and looked at by ``settled``.
    """

    def __init__(self, settings: Settings) -> None:
        rules, known = settings.rules, settings.labels.model_dump()
        self._same = [_fields(rule, known) for rule in rules.same]
        self._rules = [
            (rule, [_fields(label, known) for label in getattr(rule, "by", ())]) for rule in rules.named
        ]
        self.restless = any(
            holder == "annotations" or (not holder and name == "status")
            for rule in rules.named
            for when in (rule.when, getattr(rule, "from_", None))
            if isinstance(when, EventCondition)
            for holder, name, _ in when.places
        )
        self._plain: dict[tuple[Signal, str, int], Sides | None] = {}
        self._hashes: dict[str, str] = {}

    @property
    def any_same(self) -> bool:
        """Whether there are labels that must be the same."""
        return bool(self._same)

    @property
    def any_sides(self) -> bool:
        """Whether there are rules on conditions."""
        return bool(self._rules)

    def __bool__(self) -> bool:
        return self.any_same or self.any_sides

    def settled(self, alert: Event) -> Sides:
        """Return the sides of an alert of which all notifications were read."""
        return self._judged(event_view(alert))

    def same(self, record: Record) -> Same:
        """Return a hash of the value of each label of ``rules.same``, "" where it has none."""
        if not self._same:
            return ()
        view = _View(record)
        return tuple(self._hash(_value(view, fields)) for fields in self._same)

    def _hash(self, value: str) -> str:
        if not value:
            return ""
        if value not in self._hashes:
            digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8)
            self._hashes[value] = digest.hexdigest()
        return self._hashes[value]

    def sides(self, record: Record) -> Sides:
        """Return the sides of each rule that an event is on, by its plain fields alone where these tell enough."""
        if not self._rules:
            return ()
        plain = record.signal, record.service, record.severity
        if plain not in self._plain:
            try:
                self._plain[plain] = self._judged(_plain_view(record))
            except _UndecidedError:
                self._plain[plain] = None
        known = self._plain[plain]
        return self._judged(_View(record)) if known is None else known

    def _judged(self, view: View) -> Sides:
        found: list[tuple[str, ...]] = []
        for rule, by in self._rules:
            sides: tuple[str, ...] = ()
            if isinstance(rule, ApartRule):
                sides = ((WHEN,) if rule.when.holds(view) else ()) + ((FROM,) if rule.from_.holds(view) else ())
            elif rule.when.holds(view):
                sides = ("\0".join(_value(view, fields) for fields in by),)
            found.append(sides)
        return tuple(found)


class _View:
    """What stands at a place of a record; its whole event is read only for an attribute of its own."""

    __slots__ = ("_record", "_whole")

    def __init__(self, record: Record) -> None:
        self._record = record
        self._whole: Event | None = None

    def __call__(self, holder: str, name: str) -> Value:
        record = self._record
        if holder == "resource":
            return record.resource.get(name)
        if not holder:
            return self._plain(name)
        if record.signal is not _ALERT:
            return self._event().attributes.get(name) if holder == "attributes" else None
        return None if holder == "annotations" else self._event().attributes.get(name)

    def _plain(self, name: str) -> Value:
        record = self._record
        if name != "status":
            found: Value = getattr(record, name)
            return found
        return "" if record.signal in (_ALERT, _LOG) else self._event().status

    def _event(self) -> Event:
        if self._whole is None:
            self._whole = self._record.event()
        return self._whole


def _plain_view(record: Record) -> View:
    def look(holder: str, name: str) -> Value:
        if holder in ("labels", "annotations") and record.signal is not _ALERT:
            return None
        if holder or name in ("text", "status"):
            raise _UndecidedError
        found: Value = getattr(record, name)
        return found

    return look


def _fields(rule: SameRule, known: dict[str, Sequence[str]]) -> Sequence[str]:
    """Return the attributes that may hold a label."""
    return rule.fields or tuple(dict.fromkeys((*known.get(rule.name, ()), rule.name, LABELS + rule.name)))


def _value(view: View, fields: Sequence[str]) -> str:
    """Return the first value among the attributes of the resource and the event; "" for none."""
    for field in fields:
        for holder in ("resource", "attributes"):
            [*found] = filter(None, texts(view(holder, field)))
            if found:
                return "\0".join(found)
    return ""


def labels_of(event: Event, rules: Sequence[SameRule], settings: Settings) -> tuple[str, ...]:
    """Return the value of each label in an event, "" where it has none."""
    known = settings.labels.model_dump()

    def look(holder: str, name: str) -> Value:
        return held(event.signal, event.resource, event.attributes, holder, name)

    return tuple(_value(look, _fields(rule, known)) for rule in rules)

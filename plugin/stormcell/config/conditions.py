"""Conditions on events and on groups: a mapping of fields to what they are to be, checked and compiled once.

All entries of a mapping must hold; ``any:`` takes a list of mappings of which one must, ``not:`` one that must
not. A field that is not there is the empty text. See docs/rules.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from stormcell.types import Attributes, Event, Signal, Value

View = Callable[[str, str], Value]
"""What stands at a place: a holder (see ``Condition.HOLDERS``; "" for the thing itself) and a name in it."""

_Holds = Callable[[View], bool]
_Test = Callable[[str], bool]

_PLACE: Final = re.compile(r'(labels|annotations)\.(.+)|(resource|attributes)\["(.+)"\]', re.DOTALL)
_COMPARISON: Final = re.compile(r"(>=|<=|>|<)(.*)", re.DOTALL)
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": lambda found, limit: found >= limit,
    "<=": lambda found, limit: found <= limit,
    ">": lambda found, limit: found > limit,
    "<": lambda found, limit: found < limit,
}
SEARCHED: Final = 2048
"""Characters of a value that a regular expression looks at."""
# What is looked at first: what costs least.
_COST: Final = {"": 0, "labels": 2, "annotations": 2, "resource": 2, "attributes": 3}
_MATCHERS: Final = 'a text, a number, true or false, "~REGEX", ">=NUMBER" (also <=, > and <), or a list of these'


class Condition:
    """A condition, compiled; equal to another that is written alike.

    Parameters
    ----------
    source : mapping
        As written.

    Attributes
    ----------
    source : dict
    places : tuple of (str, str, tuple of str)
        Where it looks, each with the texts that it asks for exactly.
    patterns : tuple of (str, str)
        The regular expressions in it, each after its path.

    Raises
    ------
    ValueError
        If it is none: names the path, what was found and what is allowed.
    """

    PLAIN: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The fields that can be asked for, each with all that it can be; without a limit if that is empty."""
    HOLDERS: ClassVar[tuple[str, ...]] = ("labels", "annotations", "resource", "attributes")
    NUMBERS: ClassVar[tuple[str, ...]] = ()
    """The fields that are numbers."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = dict(source)
        self.places: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
        self.patterns: tuple[tuple[str, str], ...] = ()
        self._cost, self._holds = self._all(source, "")

    def holds(self, view: View) -> bool:
        """Whether it holds of what is seen by ``view``."""
        return self._holds(view)

    def __bool__(self) -> bool:
        return bool(self.source)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Condition) and other.source == self.source

    def __hash__(self) -> int:
        return hash(repr(self.source))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validated,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda one: one.source),
        )

    @classmethod
    def _validated(cls, found: Any) -> Self:
        return found if isinstance(found, cls) else cls(_mapping(found, ""))

    def _all(self, found: Mapping[str, Any], path: str) -> tuple[int, _Holds]:
        """Compile a mapping: all its entries, the cheapest first."""
        parts = sorted((self._entry(key, value, path) for key, value in found.items()), key=lambda part: part[0])
        cost = max((cost for cost, _ in parts), default=0)
        checks = [check for _, check in parts]
        if len(checks) == 1:
            return cost, checks[0]
        return cost, lambda view: all(check(view) for check in checks)

    def _entry(self, key: Any, value: Any, path: str) -> tuple[int, _Holds]:
        here = f"{path}.{key}" if path else str(key)
        if key == "any":
            if not isinstance(value, Sequence) or isinstance(value, str) or not value:
                raise ValueError(f"{here}: expected a list of conditions, found {value!r}")
            parts = [
                self._all(_mapping(one, f"{here}[{at}]", filled=True), f"{here}[{at}]")
                for at, one in enumerate(value)
            ]
            checks = [check for _, check in sorted(parts, key=lambda part: part[0])]
            return max(cost for cost, _ in parts), lambda view: any(check(view) for check in checks)
        if key == "not":
            cost, check = self._all(_mapping(value, here, filled=True), here)
            return cost, lambda view: not check(view)
        holder, name = self._place(key, here)
        tests, exact = self._tests(value, holder, name, here)
        self.places += ((holder, name, exact),)
        plain = not holder and name != "text"
        return (0 if plain else max(_COST[holder], 1)), _looked(holder, name, tests)

    def _place(self, key: Any, here: str) -> tuple[str, str]:
        if key in self.PLAIN:
            return "", key
        match = _PLACE.fullmatch(key) if isinstance(key, str) else None
        if match is None:
            named = 'labels.NAME, annotations.NAME, resource["NAME"], attributes["NAME"]'
            raise ValueError(f"{here}: no such field; expected {', '.join(self.PLAIN)}, {named}, any or not")
        if match[1]:
            return match[1], key
        return match[3], match[4]

    def _tests(self, value: Any, holder: str, name: str, here: str) -> tuple[list[_Test], tuple[str, ...]]:
        if isinstance(value, list | tuple):
            if not value:
                raise ValueError(f"{here}: expected {_MATCHERS}, found an empty list")
            pairs = [self._test(one, holder, name, f"{here}[{at}]") for at, one in enumerate(value)]
        else:
            pairs = [self._test(value, holder, name, here)]
        return [test for test, _ in pairs], tuple(text for _, text in pairs if text is not None)

    def _test(self, value: Any, holder: str, name: str, here: str) -> tuple[_Test, str | None]:
        """Return what a text must stand, and the text itself if it must be that."""
        if not isinstance(value, str | int | float):
            raise ValueError(f"{here}: expected {_MATCHERS}, found {value!r}")
        if isinstance(value, str) and value.startswith("~"):
            self.patterns += ((here, value[1:]),)
            return _regex(value[1:], here), None
        if isinstance(value, str) and (match := _COMPARISON.fullmatch(value)):
            return _comparison(match[1], match[2], value, here), None
        [text] = texts(value)
        allowed = () if holder else self.PLAIN[name]
        if allowed and text not in allowed:
            raise ValueError(f"{here}: expected one of {', '.join(allowed)}, or ~REGEX, found {text!r}")
        if not holder and name in self.NUMBERS and _number(text) is None:
            raise ValueError(f'{here}: expected a number or a comparison such as ">=17", found {text!r}')
        return text.__eq__, text


class EventCondition(Condition):
    """A condition on one event."""

    PLAIN: ClassVar = {
        "service": (),
        "signal": tuple(signal.value for signal in Signal),
        "text": (),
        "severity": (),
        "status": ("", "unset", "ok", "error", "firing", "resolved"),
    }
    NUMBERS: ClassVar = ("severity",)


class GroupCondition(Condition):
    """A condition on a group, for routes, silences and maintenance."""

    PLAIN: ClassVar = {
        "severity": (),
        "status": ("open", "acknowledged", "resolved"),
        "service": (),
        "signals": tuple(signal.value for signal in Signal),
        "title": (),
        "text": (),
    }


def event_view(event: Event) -> View:
    """Return what conditions see of an event; ``labels`` and ``annotations`` are those of alerts."""

    def look(holder: str, name: str) -> Value:
        if not holder:
            found: Value = getattr(event, name)
            return found
        return held(event.signal, event.resource, event.attributes, holder, name)

    return look


def held(signal: Signal, resource: Attributes, attributes: Attributes, holder: str, name: str) -> Value:
    """Return what one of an event's holders has by a name, None for nothing."""
    if holder == "resource":
        return resource.get(name)
    if holder == "attributes" or signal is Signal.ALERT:
        return attributes.get(name)
    return None


def texts(value: Value) -> tuple[str, ...]:
    """Return a value as the texts that it is compared as; of a list each of its elements."""
    match value:
        case bool():
            return ("true" if value else "false",)
        case float() if value.is_integer():
            return (str(int(value)),)
        case str() | int() | float():
            return (str(value),)
        case list():
            return tuple(text for one in value if not isinstance(one, list | dict) for text in texts(one)) or ("",)
        case _:
            return ("",)


def _looked(holder: str, name: str, tests: Sequence[_Test]) -> _Holds:
    def holds(view: View) -> bool:
        return any(test(text) for text in texts(view(holder, name)) for test in tests)

    return holds


def _mapping(found: Any, path: str, *, filled: bool = False) -> Mapping[str, Any]:
    if isinstance(found, Mapping) and (found or not filled):
        return found
    shown = "an empty one" if found == {} else repr(found)
    place = f"{path}: " if path else ""
    raise ValueError(f"{place}expected a mapping of fields to what they are to be, found {shown}")


def _regex(pattern: str, here: str) -> _Test:
    try:
        search = re.compile(pattern).search
    except re.error as error:
        raise ValueError(f"{here}: {pattern!r} is not a regular expression: {error}") from error
    if not pattern:
        raise ValueError(f"{here}: expected a regular expression after ~, found nothing")
    return lambda text: search(text[:SEARCHED]) is not None


def _comparison(sign: str, number: str, value: str, here: str) -> _Test:
    limit = _number(number)
    if limit is None:
        raise ValueError(f"{here}: expected a number after {sign}, found {value!r}")
    compare = _COMPARE[sign]

    def holds(text: str) -> bool:
        found = _number(text)
        return found is not None and compare(found, limit)

    return holds


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

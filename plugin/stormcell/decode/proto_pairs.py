"""Attributes of OTLP as protobuf at a glance: told by their bytes, most of which come again and again.

A pair of a name and a value is looked up whole and becomes the number of its name, or ``ODD`` where it is not as
nearly all are. The numbers of a record's pairs together lead to a ``Plan``: records of one logger have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final, NamedTuple

from stormcell.semconv import LOG_RECORD_UID, links

ODD: Final = -1
_CACHED_NAMES: Final = 10_000
_CACHED_PAIRS: Final = 20_000
_CACHED_PLANS: Final = 10_000
_LONGEST: Final = 256
"""Bytes of a pair that is remembered: longer ones hardly come again."""
_KEY: Final = 0x0A
_VALUE: Final = 0x12
_STRING, _BOOL, _INT, _DOUBLE = 0x0A, 0x10, 0x18, 0x21
_LONG: Final = 0x80
"""Lengths from here on take more than one byte."""
_DOUBLE_SIZE: Final = 9
_INT_SIZES: Final = range(2, 11)
"""Of a whole number with the byte before it; negative ones take more."""


class _Name(NamedTuple):
    """A name of attributes.

    Attributes
    ----------
    name : bytes
    uid, linking : bool
        What values are for; they must be text.
    """

    name: bytes
    uid: bool
    linking: bool


class Plan(NamedTuple):
    """What to do with the pairs of a record.

    Attributes
    ----------
    order : tuple of int or None
        How they are put into ascending order of their names; None where they are.
    uid : int
        Which holds the uid; -1 where none does.
    linking : tuple of int
        Which may link.
    """

    order: tuple[int, ...] | None
    uid: int
    linking: tuple[int, ...]


_names: dict[bytes, int] = {}
_known: dict[int, _Name] = {}
_numbers = count()


class _Pairs(dict[bytes, int]):
    """The numbers of pairs' names."""

    def __missing__(self, pair: bytes) -> int:
        found = _look(pair)
        if len(pair) <= _LONGEST:
            if len(self) >= _CACHED_PAIRS:
                self.clear()
            self[pair] = found
        return found


class _Plans(dict[tuple[int, ...], "Plan | None"]):
    """Plans by the numbers of names; None where a pair is odd, or two have one name."""

    def __missing__(self, numbers: tuple[int, ...]) -> Plan | None:
        if len(self) >= _CACHED_PLANS:
            self.clear()
        found = self[numbers] = _plan(numbers)
        return found


number_of = _Pairs().__getitem__
plan_of = _Plans().__getitem__


def _plan(numbers: Sequence[int]) -> Plan | None:
    if ODD in numbers:
        return None
    names = [_known[number] for number in numbers]
    if len({name.name for name in names}) < len(names):
        return None
    places = range(len(names))
    order = tuple(sorted(places, key=lambda at: names[at].name))
    uid = next((at for at in places if names[at].uid), -1)
    linking = tuple(at for at in places if names[at].linking)
    return Plan(None if order == tuple(places) else order, uid, linking)


def _look(pair: bytes) -> int:
    """Return the number of a pair's name; ODD where not all of it is written as ``identity.pairs`` writes it."""
    try:
        at = pair[1] + 2
        number = _names.get(pair[:at])
        if number is None:
            number = _name(pair[:at])
        if number == ODD or pair[at] != _VALUE:
            return ODD
        start, end = _sized(pair, at + 1)
        if start < 0 or end != len(pair):
            return ODD
        kind = pair[start]
        if kind == _STRING:
            start, end = _sized(pair, start + 1)
            if start < 0 or end != len(pair):
                return ODD
            pair[start:].decode()
            return number
        name = _known[number]
        plain = kind in _SIMPLE and _SIMPLE[kind](pair[start:])
        return number if plain and not name.uid and not name.linking else ODD
    except (IndexError, UnicodeDecodeError):
        return ODD


def _sized(data: bytes, at: int) -> tuple[int, int]:
    """Return where what has its size before it, at a place, starts and ends; -1 where the size is odd."""
    size = data[at]
    if size < _LONG:
        return at + 1, at + 1 + size
    more = data[at + 1]
    if 0 < more < _LONG:
        return at + 2, at + 2 + size - _LONG + (more << 7)
    return -1, -1


def _name(key: bytes) -> int:
    if key[0] != _KEY or not 0 < key[1] < _LONG or len(key) != key[1] + 2 or len(_names) >= _CACHED_NAMES:
        return ODD
    name = key[2:].decode()
    number = next(_numbers)
    _known[number] = _Name(key[2:], name == LOG_RECORD_UID, name != LOG_RECORD_UID and links(name))
    _names[key] = number
    return number


def _is_bool(value: bytes) -> bool:
    return value in (b"\x10\x00", b"\x10\x01")


def _is_int(value: bytes) -> bool:
    if len(value) == 2:
        return value[1] < _LONG
    *others, last = value[1:]
    return (
        len(value) in _INT_SIZES
        and last < _LONG
        and (last > 0 or not others)
        and min(others, default=_LONG) >= _LONG
    )


def _is_double(value: bytes) -> bool:
    # Those that are no numbers have all bits of the exponent set.
    return len(value) == _DOUBLE_SIZE and not (value[8] & 0x7F == 0x7F and value[7] & 0xF0 == 0xF0)


_SIMPLE: Final = {_BOOL: _is_bool, _INT: _is_int, _DOUBLE: _is_double}


def text_of(pair: bytes) -> str:
    """Return the text that a pair holds whose value is one."""
    start, _ = _sized(pair, pair[1] + 3)
    start, _ = _sized(pair, start + 1)
    return pair[start:].decode()


def name_of(pair: bytes) -> str:
    """Return the name of a pair."""
    return pair[2 : pair[1] + 2].decode()

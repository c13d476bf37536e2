"""Trying out the regular expressions that a settings file brings: masks on their examples, and all for time."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stormcell.config.conditions import SEARCHED
from stormcell.errors import SettingsError
from stormcell.text.masking import MAX_CHARACTERS

if TYPE_CHECKING:
    from stormcell.config import Condition, MaskSettings, Settings

SECONDS = 0.5
"""What a mask may take for one text: a sound one takes less than a thousandth of that."""
_PIECE = re.compile(r"\w+|\W+")


class _TooSlowError(Exception):
    pass


def try_out(masks: Sequence[MaskSettings]) -> None:
    """Apply each mask to its examples, and to long texts made of them in which it might not come back.

    Raises
    ------
    SettingsError
        Naming the mask, if it does not do what an example says or takes too long for a text.
    """
    for number, mask in enumerate(masks):
        place = f"text.masks[{number}] ({mask.name})"
        pattern = re.compile(mask.pattern)
        for text, expected in mask.examples.items():
            with _limit(place, text):
                found = pattern.sub(f"<{mask.name}>", text)
            if found != expected:
                raise SettingsError(f"{place}: expected {text!r} to become {expected!r}, found {found!r}")
        for text in mask.examples:
            for long in _stretched(text):
                with _limit(place, long):
                    pattern.sub(f"<{mask.name}>", long)


def try_conditions(settings: Settings) -> None:
    """Search long texts, made of the pieces of each regular expression of a condition, in which it might be lost.

    Raises
    ------
    SettingsError
        Naming the condition, if it takes too long for a text.
    """
    for place, when in _conditions(settings):
        for path, pattern in when.patterns:
            try_patterns(f"{place}.{path}", [pattern], SEARCHED)


def try_patterns(place: str, patterns: Iterable[str], searched: int) -> None:
    """Search long texts, made of the pieces of each regular expression, in which it might be lost.

    Raises
    ------
    SettingsError
        Naming ``place`` and the pattern, if it takes too long for a text of ``searched`` characters.
    """
    for pattern in patterns:
        search = re.compile(pattern, re.IGNORECASE).search
        for long in _stretched(pattern):
            with _limit(f"{place} (~{pattern})", long):
                search(f"{long[: searched - 1]}\0" if len(long) > searched else long)


def _conditions(settings: Settings) -> Iterator[tuple[str, Condition]]:
    for section, name in (
        ("rules", "together"),
        ("rules", "apart"),
        ("notifications", "exporters"),
        ("notifications", "silences"),
        ("notifications", "maintenance"),
        ("notifications", "severity"),
    ):
        for at, one in enumerate(getattr(getattr(settings, section), name)):
            yield f"{section}.{name}[{at}].when", one.when
            if name == "apart":
                yield f"{section}.{name}[{at}].from", one.from_


def _stretched(text: str) -> Iterator[str]:
    """Yield texts as long as texts can be, in which one piece of ``text`` comes again and again."""
    for match in list(_PIECE.finditer(text))[:32]:
        most = (MAX_CHARACTERS - len(text)) // len(match.group())
        yield text[: match.start()] + match.group() * most + "\0"
        yield text[: match.start()] + text[match.start() : match.end() + 1] * (most // 2) + "\0"
    pieces = dict.fromkeys((text, *_PIECE.findall(text), *text))
    for piece in list(pieces)[:64]:
        for between in ("", " "):
            unit = piece + between
            yield (unit * (MAX_CHARACTERS // len(unit)) + "\0")[:MAX_CHARACTERS] if unit else ""
            yield text + unit * (MAX_CHARACTERS // len(unit)) + "\0"


@contextmanager
def _limit(place: str, text: str) -> Iterator[None]:
    """Interrupt what takes too long; regular expressions look for signals while they search."""

    def give_up(*_: object) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    except _TooSlowError:
        shown = text if len(text) <= 40 else f"{text[:40]}... ({len(text)} characters)"
        raise SettingsError(
            f"{place}: takes more than {SECONDS} s for the text {shown!r}; "
            "repetitions inside repetitions, as in (a+)+, can be read in too many ways"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

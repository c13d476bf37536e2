"""JSON values out of lines: one a line, or documents spread over lines."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from stormcell.decode.recognise import BOM
from stormcell.decode.report import BrokenFileError, quote
from stormcell.decode.streams import LIMIT
from stormcell.privacy import conceal

# Raw control characters in strings are against the standard, but harmless: they are escaped on output.
_decoder = json.JSONDecoder(strict=False)

# Every escape sequence in turn, so that an escaped backslash hides what follows it; group 1 is half of a
# surrogate pair standing alone, which no text may hold.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)

_BLANK = re.compile(r"\s*")

_CLOSING = (b"}", b"]")

_AROUND = 4096
"""Characters before and behind an error that tell whether what is shown of it is a secret."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Stands for a value that could not be read.

    Attributes
    ----------
    message : str
    incomplete : bool
        The text ends inside the value: it may go on in the next line.
    """

    message: str
    incomplete: bool = False


TOO_LONG = Trouble(f"expected at most {LIMIT >> 20} MiB in one line, found more; skipped")


def values(numbered: Iterator[tuple[int, bytes | None]]) -> Iterator[tuple[int, object]]:
    """Yield (line, value or Trouble), reading one value a line or documents spread over lines.

    Raises
    ------
    BrokenFileError
        At a document over the limit, and from below.
    """
    spread = True  # until a line is a whole value: from then on, every line is to be one
    for number, line in numbered:
        if number == 1 and line is not None:
            line = line.removeprefix(BOM)
        if line is None:
            yield number, TOO_LONG
        elif line := line.strip():
            value = parse(line)
            if isinstance(value, Trouble):
                if spread and value.incomplete and line.startswith((b"{", b"[")):
                    spread = yield from _document(number, line, value, numbered)
                    continue
            elif isinstance(value, dict | list):
                spread = False
            yield number, value


def parse(line: bytes) -> object:
    """Read one JSON value; a Trouble where that fails."""
    text = _text(line)
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        return _trouble(error, text)
    except RecursionError:
        return Trouble("expected JSON that can be read, found it nested too deep")
    except ValueError as error:  # a number of thousands of digits
        return Trouble(f"expected JSON that can be read, found {quote(str(error))}")


def _text(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    if "\\ud" in text or "\\uD" in text:
        text = _ESCAPE.sub(lambda match: "\\ufffd" if match[1] else match[0], text)
    return text


def _trouble(error: json.JSONDecodeError, text: str) -> Trouble:
    at = error.pos
    incomplete = at >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string")
    near = _near(text, at) if at < len(text) else " at the end"
    reason = error.msg[:1].lower() + error.msg[1:]
    return Trouble(f"expected JSON, found an error at column {error.colno}{near} ({reason})", incomplete)


def _near(text: str, at: int) -> str:
    """Quote what is around an error, unless masking its surroundings takes something out of it."""
    piece = text[max(0, at - 10) : at + 30]
    around = text[max(0, at - _AROUND) : at + _AROUND]
    return f" near {quote(piece)}" if piece in conceal(around) else ""


def _document(
    number: int, first: bytes, trouble: Trouble, numbered: Iterator[tuple[int, bytes | None]]
) -> Generator[tuple[int, object], None, bool]:
    """Gather lines until they make a document; returns whether further ones may be spread too.

    Printers close a document with a bracket alone at the start of a line; only there it is tried, and again
    only once it has doubled, so that odd layouts cost no more than a few readings.
    """
    held = [first]
    size, tried = len(first), 0
    for at, line in numbered:
        size += LIMIT if line is None else len(line) + 1
        if line is None or size > LIMIT:
            raise BrokenFileError(
                f"expected at most {LIMIT >> 20} MiB in one document, found more; write one request a line",
                number,
            )
        if first.startswith(b"{") and line.startswith(b'{"'):
            alone = parse(line)
            if isinstance(alone, dict):
                # The first line was no beginning, but cut short.
                yield number, trouble
                yield at, alone
                return False
        held.append(line)
        if line.rstrip() in _CLOSING and size >= 2 * tried:
            tried = size
            value = parse(b"\n".join(held))
            if not isinstance(value, Trouble):
                yield number, value
                return True
    yield from _all(number, b"\n".join(held))
    return True


def _all(number: int, data: bytes) -> Iterator[tuple[int, object]]:
    """Read the values of a text one after another, up to the first trouble."""
    text = _text(data)
    at, counted = 0, 0
    while at < len(text):
        number, counted = number + text.count("\n", counted, at), at
        try:
            value, end = _decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            yield number + text.count("\n", at, error.pos), _trouble(error, text)
            return
        except (RecursionError, ValueError):
            yield number, parse(text[at:].encode())
            return
        yield number, value
        blank = _BLANK.match(text, end)
        at = blank.end() if blank else end

"""Reads the log calls of Java and Scala: SLF4J, Log4j, Commons Logging and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lexer import Code, Span, decode
from statements import Part, Slot, Statement, braces, printf

_LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
_LOGGER = re.compile(r"(?i)(?:log|logger)$")
_SPARK = re.compile(r"log(Trace|Debug|Info|Warning|Error)$")
_HELPERS = ("U", "LT")  # Ignite's: U.warn(log, "...")
_HOLE = re.compile(r"\$\$|\$\{((?:[^{}]|\{[^{}]*\})*)\}|\$(\w+)|(%[-+#0,]*\d*(?:\.\d+)?[a-z])")
_SPACE = re.compile(r"\s+")


def statements(path: str, source: str) -> Iterator[Statement]:
    """Yield the log statements of a file."""
    code = Code(source)
    for at, token in enumerate(code.tokens):
        if token.kind != "name" or not code.is_sign(at + 1, "("):
            continue
        level = _level(code, at, path.endswith(".scala"))
        arguments = code.arguments(at + 1) if level else None
        if not level or not arguments:
            continue
        if code.is_sign(at - 1, ".") and code.tokens[at - 2].text in _HELPERS:
            arguments = arguments[1:]
        parts = _message(code, arguments)
        if parts:
            yield Statement.of(parts, level, path)


def _level(code: Code, at: int, scala: bool) -> str:
    """Return the level of a call, "" if it is not one that logs."""
    name = code.tokens[at].text
    if code.is_sign(at - 1, "."):
        receiver = code.tokens[at - 2].text if at >= 2 else ""
        if code.is_sign(at - 2, ")"):  # log().info(...)
            receiver = code.tokens[code.partner.get(at - 2, 1) - 1].text
        return name if name in _LEVELS and (_LOGGER.search(receiver) or receiver in _HELPERS) else ""
    if not scala or code.tokens[at - 1].text in ("def", "new"):
        return ""
    spark = _SPARK.match(name)
    return spark[1] if spark else name if name in _LEVELS else ""


def _message(code: Code, arguments: Sequence[Span]) -> list[Part] | None:
    """Return the parts of what a call logs; None if that cannot be told."""
    parts: list[Part] | None = None
    while arguments:
        parts = _pieces(code, arguments[0])
        arguments = arguments[1:]
        if parts is None or any(isinstance(part, str) for part in parts):
            break  # before the text there may be a marker or an exception
    if not parts or any(code.holds(argument, "->") for argument in arguments[:-1]):
        return None
    sources = [code.text(argument) for argument in arguments]
    text = "".join(part for part in parts if isinstance(part, str))
    if "{}" in text:
        return braces(parts, sources)
    if sources and "%" in text and all(isinstance(part, str) for part in parts):
        return printf(text, sources)  # Druid's and Airlift's loggers
    return parts


def _pieces(code: Code, span: Span) -> list[Part] | None:
    """Return the parts of an expression that makes a text."""
    while code.is_sign(span[0], "(") and code.partner.get(span[0]) == span[1] - 1:
        span = span[0] + 1, span[1] - 1
    if code.is_sign(span[0], "(") and code.is_sign(span[0] + 1, ")") and code.is_sign(span[0] + 2, "->"):
        return _pieces(code, (span[0] + 3, span[1]))
    if span[0] >= span[1]:
        return None
    token = code.single(span)
    if token and token.kind in ("string", "char"):
        return interpolated(token.text, token.prefix) if token.prefix else [token.text]
    if code.holds(span, "?") or code.holds(span, "->"):
        return [Slot("+", code.text(span))]
    operands = code.split(span, "+")
    if len(operands) > 1:
        parts: list[Part] = []
        for operand in operands:
            inner = _pieces(code, operand)
            if inner is None:
                return None
            parts += inner
        return parts
    return _made(code, span) or [Slot("+", code.text(span))]


def _made(code: Code, span: Span) -> list[Part] | None:
    """Return the parts of a text that a call formats; None if it is another expression."""
    if code.tokens[span[0]].text == "new":
        span = span[0] + 1, span[1]
    called = code.called(span)
    if not called or not called[1]:
        return None
    names, arguments = called
    if names[-2:] == ["String", "format"] or (len(names) == 1 and names[0] in ("format", "lenientFormat")):
        if code.text(arguments[0]).startswith("Locale"):
            arguments = arguments[1:]
        form = _pieces(code, arguments[0]) if arguments else None
        if form and all(isinstance(part, str) for part in form):
            return printf("".join(map(str, form)), [code.text(argument) for argument in arguments[1:]])
    if names[-1] == "ParameterizedMessage":
        form = _pieces(code, arguments[0])
        return braces(form, [code.text(argument) for argument in arguments[1:]]) if form else None
    return None


def interpolated(text: str, prefix: str) -> list[Part]:
    """Return the parts of an interpolated string of Scala."""
    parts: list[Part] = []
    end = 0
    for match in _HOLE.finditer(text):
        if match[3]:  # the format of the value before it, in f"..."
            if prefix == "f" and parts and isinstance(parts[-1], Slot) and match.start() == end:
                parts[-1] = Slot(match[3], parts[-1].expression)
                end = match.end()
            continue
        parts.append(decode(text[end : match.start()]))
        end = match.end()
        expression = match[1] or match[2]
        parts.append(Slot("+", _SPACE.sub(" ", expression)[:80]) if expression else "$")
    parts.append(decode(text[end:]))
    return [part for part in parts if part != ""]

"""Reads the log calls of Go: klog, logr, slog, go-kit, logrus, zap, zerolog and what formats as fmt does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lexer import Code, Span
from statements import Part, Slot, Statement, printf

_CALL = re.compile(r"(?P<level>Trace|Debug|Info|Notice|Warn|Warning|Error|Fatal)(?P<form>f|S|w|ln|Context)?$")
_LOGGER = re.compile(r"(?:^|[a-z_])(?:[kg]?[lL]og|[lL]ogger|[sS]log|LOG)$|^(?:lg|level|G|L|Log|Logger|dbg)$")
_NOT_LOGGERS = ("fmt", "errors", "status", "t", "b", "vterrors", "httpgrpc", "http")
_CONSTANT = re.compile(
    r'^[ \t]*(?:const |var )?([A-Z_a-z]\w*)[ \t]*(?:string)?[ \t]*=[ \t]*"([\w.-]{1,40})"', re.M
)
_WITH = ("WithField", "WithFields", "WithError", "WithContext", "WithValues")
_ZEROLOG = re.compile(r"(?:Str|Strs|Int|Int64|Uint64|Bool|Dur|Time|Any|Interface|Stringer|Err)$")


def constants(sources: Iterable[str]) -> dict[str, str]:
    """Return the string constants of a program whose name stands for one text only: keys are often such."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for name, text in _CONSTANT.findall(source):
            found.setdefault(name, set()).add(text)
    return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a program logs.

    Attributes
    ----------
    style : str
        How it writes keys and values: "klog", "logfmt", "logrus", "zap" or "zerolog".
    receivers : tuple of str
        Names that log besides those that say so.
    constants : dict of str to str
    """

    style: str
    receivers: tuple[str, ...]
    constants: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Link:
    """One element of a chain of calls: ``.name(...)``, or ``.name`` where there is no bracket."""

    name: str
    bracket: int | None


Fields = list[tuple[str, Slot]]


def statements(path: str, source: str, dialect: Dialect) -> Iterator[Statement]:
    """Yield the log statements of a file."""
    code = Code(source)
    for at, token in enumerate(code.tokens):
        if token.kind != "name" or not code.is_sign(at + 1, "(") or not code.is_sign(at - 1, "."):
            continue
        call = _CALL.match(token.text)
        if not call and token.text not in ("Log", "Msg", "Msgf", "Printf", "Println"):
            continue
        chain = _chain(code, at)
        names = [link.name for link in chain[:-1]]
        if not any(_LOGGER.search(n) or n in dialect.receivers for n in names) or names[0] in _NOT_LOGGERS:
            continue
        arguments = code.arguments(at + 1)
        if not arguments or code.is_sign(arguments[-1][1] - 1, "..."):
            continue
        reader = _Reader(code, dialect)
        level = call["level"] if call else next((n for n in names if _CALL.match(n)), "info")
        if level == "Info" and any(_is_verbose(code, link) for link in chain):
            level = "debug"
        parts = reader.read(chain, call["form"] or "" if call else token.text, arguments)
        if parts:
            yield Statement.of(parts, level, path)


def _chain(code: Code, at: int) -> list[_Link]:
    """Return the calls that lead to the one whose name is at a token, that one last."""
    links = [_Link(code.tokens[at].text, at + 1)]
    while code.is_sign(at - 1, "."):
        at -= 2
        bracket = None
        if code.is_sign(at, ")"):
            bracket = code.partner.get(at)
            if bracket is None:
                break
            at = bracket - 1
        if at < 0 or code.tokens[at].kind != "name":
            break
        links.insert(0, _Link(code.tokens[at].text, bracket))
    return links


def _is_verbose(code: Code, link: _Link) -> bool:
    """Whether it is ``V(4)`` or more, which is shown only to those who look for a bug."""
    level = code.tokens[link.bracket + 1].text if link.name == "V" and link.bracket is not None else ""
    return level.isdigit() and int(level) >= 4


class _Reader:
    """Reads one call after another of a file."""

    def __init__(self, code: Code, dialect: Dialect) -> None:
        self._code = code
        self._dialect = dialect

    def read(self, chain: Sequence[_Link], form: str, arguments: list[Span]) -> list[Part] | None:
        """Return the parts of what a call logs; None if that cannot be told."""
        if form == "Log":
            return self._go_kit(arguments)
        fields = self._carried(chain[:-1])
        if fields is None:
            return None
        if form == "Context":
            arguments = arguments[1:]
        elif form in ("f", "Msgf", "Printf"):
            return self._write(self._format(arguments), fields)
        if form == "Println" or form == "ln":
            return self._write(self._printed(arguments, spaced=True), fields)
        # logr gives the error before the text: Error(err, "...").
        error = len(arguments) > 1 and self._text(arguments[0]) is None and self._text(arguments[1]) is not None
        plain = (
            chain[0].name in ("klog", "glog") and form == "" and not any(n.name == "FromContext" for n in chain)
        )
        if plain:
            return self._write(self._printed(arguments, spaced=False), fields)
        if error:
            if self._code.text(arguments[0]) != "nil":
                fields = [("err", self._slot("Error", arguments[0])), *fields]
            arguments = arguments[1:]
        more = self._pairs(arguments[1:]) if arguments else None
        if more is None:
            if self._dialect.style != "logrus" and len(arguments) > 1:
                return None  # a field whose key is not known
            return self._write(self._printed(arguments, spaced=False), fields)
        return self._write(self._text(arguments[0]), fields + more)

    def _carried(self, chain: Sequence[_Link]) -> Fields | None:
        """Return the fields that the chain before the call sets."""
        fields: Fields = []
        for link in chain:
            arguments = self._code.arguments(link.bracket) if link.bracket is not None else None
            if not arguments:
                continue
            if link.name in ("WithError", "Err"):
                fields.append(("error", self._slot("Error", arguments[0])))
            elif link.name == "WithFields":
                literal = self._literal(arguments[0])
                if literal is None:
                    return None
                fields += literal
            elif link.name in (*_WITH, "With") or _ZEROLOG.match(link.name):
                more = self._pairs(arguments, "" if link.name.startswith("With") else link.name)
                if more is None:
                    return None
                fields += more
        return (
            sorted(fields, key=lambda field: field[0]) if self._dialect.style in ("logrus", "zerolog") else fields
        )

    def _pairs(self, arguments: Sequence[Span], kind: str = "") -> Fields | None:
        """Return the fields of ``"key", value, ...`` or ``zap.String("key", value), ...``."""
        fields: Fields = []
        left = list(arguments)
        while left:
            called = self._code.called(left[0])
            if called and called[0][0] in ("zap", "slog") and len(called[0]) == 2:
                names, inner = called
                fitting = len(inner) == 2 or (names[1] == "Error" and len(inner) == 1)
                key = "error" if names[1] == "Error" else self._key(inner[0]) if fitting else None
                if not fitting or key is None:
                    return None
                fields.append((key, self._slot(names[1], inner[-1])))
                left = left[1:]
                continue
            key = self._key(left[0])
            if key is None or len(left) < 2:
                return None
            fields.append((key, self._slot(kind, left[1])))
            left = left[2:]
        return fields

    def _literal(self, span: Span) -> Fields | None:
        """Return the fields of ``logrus.Fields{"key": value, ...}``."""
        brackets = [at for at in range(*span) if self._code.is_sign(at, "{")]
        if not brackets or self._code.partner.get(brackets[0]) != span[1] - 1:
            return None
        fields: Fields = []
        for entry in self._code.arguments(brackets[0]) or []:
            sides = self._code.split(entry, ":")
            key = self._key(sides[0]) if len(sides) == 2 else None
            if key is None:
                return None
            fields.append((key, self._slot("", sides[1])))
        return fields

    def _key(self, span: Span) -> str | None:
        token = self._code.tokens[span[1] - 1]
        if self._code.single(span) and token.kind == "string":
            return token.text if re.fullmatch(r"[\w./-]+", token.text) else None
        dotted = all(t.kind == "name" or t.text == "." for t in self._code.tokens[span[0] : span[1]])
        return self._dialect.constants.get(token.text) if dotted else None

    def _slot(self, kind: str, value: Span) -> Slot:
        verb = {"klog": "klog=", "zap": "json="}.get(self._dialect.style, "logfmt=")
        return Slot(verb + kind, self._code.text(value))

    def _go_kit(self, arguments: list[Span]) -> list[Part] | None:
        """Return the parts of ``Log("msg", text, key, value, ...)``."""
        at = next((n for n, span in enumerate(arguments[::2]) if self._key(span) == "msg"), None)
        if at is None or len(arguments) % 2:
            return None
        fields = self._pairs(arguments[: 2 * at] + arguments[2 * at + 2 :])
        return None if fields is None else self._write(self._text(arguments[2 * at + 1]), fields)

    def _format(self, arguments: Sequence[Span]) -> list[Part] | None:
        """Return the parts of what fmt.Sprintf makes of arguments."""
        template = self._text(arguments[0])
        if not template or not all(isinstance(part, str) for part in template):
            return None
        return printf("".join(map(str, template)), [self._code.text(argument) for argument in arguments[1:]])

    def _printed(self, arguments: Sequence[Span], *, spaced: bool) -> list[Part] | None:
        """Return the parts of what fmt.Sprint makes of arguments, or fmt.Sprintln."""
        parts: list[Part] = []
        values = 0
        for number, argument in enumerate(arguments):
            text = self._text(argument)
            values = 0 if text else values + 1
            if values > 1 and not spaced:
                return None  # a space stands between two values unless either is a string: not seen here
            parts += [*([" "] if spaced and number else []), *(text or [Slot("%v", self._code.text(argument))])]
        return parts

    def _text(self, span: Span) -> list[Part] | None:
        """Return the parts of an expression that is a text; None if it is not seen to be one."""
        token = self._code.single(span)
        if token:
            return [token.text] if token.kind == "string" else None
        operands = self._code.split(span, "+")
        if len(operands) > 1:
            known = [self._text(operand) for operand in operands]
            if not any(known):
                return None
            pairs = zip(known, operands, strict=True)
            return [part for text, at in pairs for part in (text or [Slot("%s", self._code.text(at))])]
        called = self._code.called(span)
        if called and list(called[0]) == ["fmt", "Sprintf"] and called[1]:
            return self._format(called[1])
        return None

    def _write(self, text: list[Part] | None, fields: Fields) -> list[Part] | None:
        """Return the parts of a text with its fields, as the program writes them."""
        if not text or (self._dialect.style in ("klog", "logfmt") and "\n" in str(text[0])):
            return None
        if self._dialect.style == "zap":
            pairs = [part for key, slot in fields for part in (f', "{key}": ', slot)]
            return [*text, "\t{", str(pairs[0])[2:], *pairs[1:], "}"] if pairs else text
        pairs = [part for key, slot in fields for part in (f" {key}=", slot)]
        if self._dialect.style == "logfmt":
            return ['msg="', *map(_escaped, text), '"', *pairs]
        if self._dialect.style == "klog" and fields:
            return ['"', *map(_escaped, text), '"', *pairs]
        return [*text, *pairs]


def _escaped(part: Part) -> Part:
    return part.replace("\\", "\\\\").replace('"', '\\"') if isinstance(part, str) else part

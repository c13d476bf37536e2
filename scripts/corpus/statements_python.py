"""Reads the log calls of Python: the logging module and structlog."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator

from statements import Part, Slot, Statement, printf

_LEVELS = ("debug", "info", "warn", "warning", "error", "critical", "exception", "fatal")
_LOGGER = re.compile(r"(?i)log(?:ger|ging)?$")
_TRANSLATED = ("_", "_LI", "_LW", "_LE", "_LC")
_NAMED = re.compile(r"%\((?P<name>\w+)\)(?P<verb>[-+#0 ]*\d*(?:\.\d+)?[a-z])|%%")
_NOT_FIELDS = ("exc_info", "extra", "stack_info", "stacklevel", "instance", "resource", "context")


def statements(path: str, source: str, structured: bool) -> Iterator[Statement]:
    """Yield the log statements of a file.

    Parameters
    ----------
    path, source : str
    structured : bool
        Whether keyword arguments are logged, as structlog does.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        if node.func.attr not in _LEVELS or not _LOGGER.search(_last_name(node.func.value)):
            continue
        parts = _message(node)
        if parts is None:
            continue
        for keyword in node.keywords:
            if keyword.arg == "instance":  # as oslo.log writes it
                parts = ["[instance: ", Slot("%s", "instance.uuid"), "] ", *parts]
            elif structured and keyword.arg and keyword.arg not in _NOT_FIELDS:
                parts += [f" {keyword.arg}=", Slot("logfmt=", _source(keyword.value))]
        yield Statement.of(parts, node.func.attr, path)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _source(node: ast.AST) -> str:
    return ast.unparse(node).replace("\n", " ")[:80]


def _message(call: ast.Call) -> list[Part] | None:
    """Return the parts of what a call logs; None if that cannot be told."""
    parts, arguments = _pieces(call.args[0]), call.args[1:]
    if parts is None or not arguments:
        return parts
    if len(parts) != 1 or not isinstance(parts[0], str) or any(isinstance(a, ast.Starred) for a in arguments):
        return None
    return _formatted(parts[0], arguments)


def _formatted(template: str, arguments: list[ast.expr]) -> list[Part] | None:
    if _NAMED.search(template) and "%(" in template:
        return _named(template, arguments[0]) if len(arguments) == 1 else None
    sources = [_source(argument) for argument in arguments]
    parts = printf(template, sources)
    return parts if parts and sum(isinstance(part, Slot) for part in parts) == len(sources) else None


def _named(template: str, values: ast.expr) -> list[Part]:
    known = {}
    if isinstance(values, ast.Dict):
        pairs = zip(values.keys, values.values, strict=True)
        known = {key.value: _source(value) for key, value in pairs if isinstance(key, ast.Constant)}
    parts: list[Part] = []
    end = 0
    for match in _NAMED.finditer(template):
        parts.append(template[end : match.start()])
        end = match.end()
        name = match["name"]
        parts.append(Slot(f"%{match['verb']}", known.get(name, name)) if name else "%")
    return [*parts, template[end:]]


def _pieces(node: ast.expr) -> list[Part] | None:
    """Return the parts of an expression that makes a text; None if it is none that is known here."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts: list[Part] = []
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                parts.append(Slot(_verb(value), _source(value.value)))
            elif isinstance(value, ast.Constant):
                parts.append(str(value.value))
        return parts
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        left = _pieces(node.left)
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _formatted(left[0], values) if left and len(left) == 1 and isinstance(left[0], str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _pieces(node.left), _pieces(node.right)
        if left is None and right is None:
            return None
        return [*(left or [Slot("%s", _source(node.left))]), *(right or [Slot("%s", _source(node.right))])]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _str_format(node)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _TRANSLATED
        and node.args
    ):
        return _pieces(node.args[0])
    return None


def _verb(value: ast.FormattedValue) -> str:
    if value.conversion == ord("r"):
        return "%r"
    spec = _source(value.format_spec) if value.format_spec else ""
    shown = re.search(r"\.\d+f|[df](?='$)", spec)
    return f"%{shown[0]}" if shown else "%s"


def _str_format(node: ast.Call) -> list[Part] | None:
    assert isinstance(node.func, ast.Attribute)
    template = _pieces(node.func.value)
    if not template or len(template) != 1 or not isinstance(template[0], str):
        return None
    named = {keyword.arg: _source(keyword.value) for keyword in node.keywords}
    parts: list[Part] = []
    try:
        for number, (text, field, spec, conversion) in enumerate(string.Formatter().parse(template[0])):
            parts.append(text)
            if field is not None:
                at = int(field) if field.isdigit() else number
                known = _source(node.args[at]) if at < len(node.args) else field
                parts.append(Slot("%r" if conversion == "r" else f"%{spec or 's'}", named.get(field, known)))
    except ValueError:
        return None
    return parts

"""Log lines with their true templates: the statements in data/log-statements, filled with values by seed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

from _log_kinds import BARE, WHOLE, draw_of, is_constant, kind_of, literals
from _log_values import Draw, error

_FOLDER = Path(__file__).parent / "data" / "log-statements"
_SKEW = 1.1
_VERB = re.compile(r"%(?P<comma>,?)[-+#0 ]*\d*(?:\.(?P<digits>\d+))?(?P<letter>[a-zA-Z])$")
_TYPED = {
    "Error": "error", "Int": "count", "Int32": "count", "Int64": "whole", "Uint": "count", "Uint64": "whole",
    "Uint32": "count", "Uintptr": "whole", "Bool": "truth", "Duration": "duration", "Dur": "duration",
    "Time": "time", "Strings": "list", "Strs": "list", "Array": "list", "Float64": "float",
}  # fmt: skip
_LETTERS = {"t": "truth", "b": "truth", "f": "float", "g": "float", "e": "float", "T": "go type", "p": "pointer"}
_UNIT = re.compile(r" ?\(?(?:ms|millis\w*|s|secs?|seconds?|minutes?|hours?|days?|bytes?|[kKmMgG]i?[bB]|%)\b")
_MEASURED = ("duration", "size", "time")
_NOTHING = {"java": "null", "scala": "null", "python": "None", "go": "<nil>"}


@dataclass(frozen=True, slots=True)
class Statement:
    """A log call.

    Attributes
    ----------
    parts : tuple
        Constant texts, and (verb, expression) for the values between them.
    level, file : str
    """

    parts: tuple[str | tuple[str, str], ...]
    level: str
    file: str

    def matches(self, line: str) -> bool:
        """Whether a line holds the constant texts in their order."""
        pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in self.parts)
        return re.fullmatch(pattern, line) is not None


@dataclass(frozen=True, slots=True)
class System:
    """The statements of one system.

    Attributes
    ----------
    name : str
    language : str
        "java", "scala", "python" or "go".
    split : str
        "tune" for those that a miner's settings may be chosen on, "test" for those that they are judged by.
    statements : tuple of Statement
    """

    name: str
    language: str
    split: str
    statements: tuple[Statement, ...]


@cache
def system(name: str) -> System:
    """Return a system by name."""
    held = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    statements = tuple(
        Statement(
            tuple(p if isinstance(p, str) else (p[0], p[1]) for p in row["parts"]), row["level"], row["file"]
        )
        for row in held["statements"]
    )
    return System(name, held["language"], held["split"], statements)


def systems(split: str | None = None) -> list[str]:
    """Return the names of all systems, or of those of one split ("tune" or "test")."""
    names = sorted(file.stem for file in _FOLDER.glob("*.json"))
    return [name for name in names if split is None or system(name).split == split]


def lines(name: str, count: int, seed: int) -> list[tuple[str, int]]:
    """Return lines as a system would log them: messages only, without time and level.

    Few statements log most lines, as everywhere; which ones, and what each value is like (its kind where the
    source leaves it open, whether it ever changes), is settled by the seed. Lines are independent of each other.

    Parameters
    ----------
    name : str
        Of the system.
    count, seed : int

    Returns
    -------
    list of (str, int)
        Each line with the number of its statement in ``system(name).statements``.
    """
    held = system(name)
    chance = Random(f"{name}:{seed}")  # noqa: S311
    order = list(range(len(held.statements)))
    chance.shuffle(order)
    shares = list(accumulate(1 / rank**_SKEW for rank in range(1, len(order) + 1)))
    makers: dict[int, list[str | Draw]] = {}
    found = []
    for _ in range(count):
        number = chance.choices(order, cum_weights=shares)[0]
        if number not in makers:
            makers[number] = _makers(held, number, seed)
        line = "".join(part if isinstance(part, str) else part(chance) for part in makers[number])
        found.append((line, number))
    return found


def _makers(held: System, number: int, seed: int) -> list[str | Draw]:
    """Return the parts of a statement with a maker for each value."""
    made: list[str | Draw] = []
    parts = held.statements[number].parts
    for at, part in enumerate(parts):
        if isinstance(part, str):
            made.append(part)
        else:
            after = parts[at + 1] if at + 1 < len(parts) else ""
            bare = isinstance(after, str) and _UNIT.match(after) is not None
            made.append(_slot(*part, held, Random(f"{held.name}:{seed}:{number}:{at}"), bare=bare))  # noqa: S311
    return made


def _slot(verb: str, expression: str, held: System, settled: Random, *, bare: bool) -> Draw:
    """Return the maker of one value, written as its verb says; ``bare`` if its unit stands after it."""
    written = _VERB.match(verb)
    letter = written["letter"] if written else ""
    key, _, typed = verb.partition("=") if "=" in verb else ("", "", "")
    kind = _TYPED.get(typed) or _LETTERS.get(letter) or kind_of(expression, settled)
    if (bare and kind in _MEASURED) or (letter in tuple("dixXo") and kind not in WHOLE):
        kind = "count"
    known = literals(expression)
    draw: Draw
    if known and letter not in "dfx":
        draw, kind = (lambda line: line.choice(known)), "text"
    elif kind == "error" and letter == "r":
        draw = error(settled, held.language, repr_=True)
    elif kind == "go type":
        draw = _go_type
    elif kind == "pointer":
        draw = lambda line: f"0xc{line.getrandbits(36):09x}"  # noqa: E731
    else:
        draw = draw_of(kind, held.language, held.name, settled)
        draw = _repeated(draw, kind, settled, constant=held.language != "go" and is_constant(expression))
        draw = _missing(draw, kind, held.language if letter != "s" or held.language != "go" else "", settled)
    if letter in ("x", "X"):
        return lambda line: f"{line.getrandbits(64):x}"
    if letter == "f" or kind == "float":
        digits = int(written["digits"] or 6) if written else 3
        return lambda line: f"{float(draw(line)):.{digits}f}"
    if written and written["comma"]:
        return lambda line: f"{int(draw(line)):,}"
    if letter == "s" and written and written["digits"]:
        cut = int(written["digits"])
        return lambda line: draw(line)[:cut]
    write = _writer(key, letter, kind)
    return lambda line: write(draw(line))


def _repeated(draw: Draw, kind: str, settled: Random, *, constant: bool) -> Draw:
    """Return a maker of few values where a slot is to have only few: a host, a topic, a table."""
    shape = 0.0 if constant else settled.random()
    many = 0.85 if kind in ("whole", "time", "duration", "float") else 0.5
    if shape > 1 - many or (kind == "error" and not constant):
        return draw
    most = 1 if shape < 0.08 else settled.randint(2, 3) if shape < 0.2 else settled.randint(4, 40)
    pool = [draw(settled) for _ in range(most)]
    shares = list(accumulate(1 / rank for rank in range(1, most + 1)))
    return lambda line: line.choices(pool, cum_weights=shares)[0]


def _missing(draw: Draw, kind: str, language: str, settled: Random) -> Draw:
    """Return a maker that has nothing to say now and then, for a few of the slots."""
    if kind in BARE or kind == "error" or settled.random() > 0.08:
        return draw
    share = settled.choice((0.03, 0.1, 0.4))
    nothing = _NOTHING.get(language, "") if settled.random() < 0.7 else ""
    return lambda line: nothing if line.random() < share else draw(line)


def _go_type(line: Random) -> str:
    return line.choice(("*net.OpError", "*v1.Pod", "string", "*errors.errorString", "map[string]interface {}"))


def _writer(key: str, letter: str, kind: str) -> Callable[[str], str]:
    """Return how a value is written: as it is, in quotes, or in quotes where it has to be."""
    if kind in BARE and letter != "q":
        return str
    if key in ("klog", "json"):
        return _listed if kind == "list" else _quoted
    if key == "logfmt":
        return lambda text: _quoted(text) if re.search(r'[\s="]', text) else text
    if letter == "q":
        return lambda text: (
            "[" + " ".join(map(_quoted, text[1:-1].split())) + "]" if kind == "list" else _quoted(text)
        )
    if letter == "r":
        return lambda text: text if kind in ("list", "map", "object", "error") or text == "None" else repr(text)
    return str


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _listed(text: str) -> str:
    return json.dumps(text[1:-1].split(), separators=(",", ":"))

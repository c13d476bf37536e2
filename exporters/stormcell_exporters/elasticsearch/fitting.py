"""What can be sent of a document: texts, names and numbers within bounds, and a digest of what it says."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

MOST_TEXT: Final = 32_000
"""Characters of a text that are kept."""
MOST_KEYWORD: Final = 1_024
"""Characters of anything else that are kept: of an id, a name, a label."""
MOST_KEYS: Final = 200
"""Labels, or details of an entry, that are kept; and characters of the name of one."""

_MOST_INTEGER: Final = 2**63 - 1
_TEXTS: Final = frozenset(("message", "text", "markdown"))
"""Names of fields that hold texts."""
_encode: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


class Document(NamedTuple):
    """A document, ready to be sent.

    Attributes
    ----------
    id : str
        Its ``_id``.
    source : bytes
        JSON in UTF-8, on one line.
    digest : str
        Of what it says; the source of groups and members holds it, too.
    """

    id: str
    source: bytes
    digest: str


def digest_of(parts: Iterable[str]) -> str:
    """Return a digest of texts in their order, 32 hexadecimal digits."""
    text = _encode(list(parts)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def row_id(uid: str) -> str:
    """Return the digest of one text; nearly all are such that JSON writes them as they are."""
    if not (uid.isascii() and uid.isalnum()):
        return digest_of([uid])
    return hashlib.blake2b(b'["%b"]' % uid.encode(), digest_size=16).hexdigest()


def sealed(
    id: str, found: Mapping[str, Any], depth: int, others: Iterable[str] = (), more: bytes = b""
) -> Document:
    """Return a document with a digest in its last object.

    Parameters
    ----------
    id : str
    found : mapping
    depth : int
        How many objects end with it: so the digest is added without writing the JSON twice.
    others : iterable of str
        What else the digest is of.
    more : bytes
        JSON of what the last object has besides, without braces.
    """
    ends = b"}" * depth
    source = encoded(found).removesuffix(ends)
    if more:
        source = b"%b,%b" % (source, more)
    hashed = hashlib.blake2b(source, digest_size=16)
    for other in others:
        hashed.update(other.encode())
    digest = hashed.hexdigest()
    return Document(id, b'%b,"digest":"%b"%b' % (source, digest.encode(), ends), digest)


def encoded(found: Mapping[str, Any]) -> bytes:
    """Return a document as JSON on one line."""
    # A lone surrogate has no UTF-8 and becomes a question mark.
    return _encode(found).encode("utf-8", "replace")


def fit(value: Any, name: str = "") -> Any:
    """Return what can be sent of JSON: texts of a bearable length, numbers that are numbers."""
    if isinstance(value, str):
        return text_of(value) if name in _TEXTS else name_of(value)
    if isinstance(value, dict):
        return {name: fit(one, name) for name, one in value.items() if not _odd(one)}
    if isinstance(value, list):
        return [fit(one, name) for one in value]
    return value


def _odd(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Return a mapping of texts that a ``flattened`` field takes; the names may be anybody's."""
    found = {}
    for name in sorted(values)[:MOST_KEYS]:
        value = values[name]
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[name[:MOST_KEYS].replace("\0", "\ufffd")] = name_of(text)
    return found


def text_of(text: str) -> str:
    """Return a text, cut where it is too long."""
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."


def name_of(text: str) -> str:
    """Return an id, a name or a label, cut where it is too long."""
    return text if len(text) <= MOST_KEYWORD else f"{text[: MOST_KEYWORD - 3]}..."


def direction(portrait: Sequence[float]) -> list[float]:
    """Return a vector that has a direction, or an empty one."""
    found = [round(float(part), 6) for part in portrait]
    return found if any(found) else []


def integer(number: int) -> int:
    """Return a number that a ``long`` takes, 0 or more."""
    return min(max(number, 0), _MOST_INTEGER)


def rounded(number: float | None) -> float | None:
    """Return a number to six decimals; None where it is none."""
    if number is None or not math.isfinite(number):
        return None
    return round(float(number), 6) + 0.0  # + 0.0 turns -0.0 into 0.0


def known(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an object is not None."""
    return {name: value for name, value in found.items() if value is not None}

"""The document that a site sends: a codebook's with a few words around it, and read with the same suspicion."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from stormcell.codebook.document import dump, json_of, load
from stormcell.codebook.federated import Site
from stormcell.errors import CodebookError, InputError

SCHEMA: Final = "stormcell.site/1"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FARTHEST: Final = 1000.0
"""No severity and no power of ten of a nanosecond is as large."""
_AGAIN: Final = "let the site send it again"

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def checked_name(name: str) -> str:
    """Return the name of a site, if it is one.

    Raises
    ------
    InputError
        If it is not.
    """
    if _NAME.fullmatch(name) is None:
        raise InputError(
            f"expected the name of a site, of a-z, 0-9, - and _ and at most 64 of them, found {name[:100]!a}"
        )
    return name


def dump_site(site: Site) -> bytes:
    """Return the document of a site: ASCII, sorted, without blanks; equal ones have equal bytes."""
    contents = {
        "schema": SCHEMA,
        "site": checked_name(site.name),
        "ranges": {name: list(ends) for name, ends in site.ranges.items()},
        "codebook": json.loads(dump(site.codebook)),
    }
    return _encode({**contents, "sha256": _sum(contents)}).encode("ascii")


def load_site(data: bytes, name: str) -> Site:
    """Return what a document holds.

    Parameters
    ----------
    data : bytes
    name : str
        What to call it in messages: its file.

    Raises
    ------
    CodebookError
        If it is truncated, altered, of a newer version of Stormcell, or none at all.
    """
    found = json_of(data, name, SCHEMA, "what a site sends (see `stormcell codebook send`)", _AGAIN)
    contents = {key: value for key, value in found.items() if key != "sha256"}
    if found.get("sha256") != _sum(contents):
        raise CodebookError(f"{name}: sha256: it is not that of the contents: altered or damaged; {_AGAIN}")
    try:
        site = checked_name(str(found.get("site")))
    except InputError as error:
        raise CodebookError(f"{name}: site: {error}; {_AGAIN}") from error
    codebook = load(_encode(found.get("codebook")).encode("ascii"), f"{name}: codebook")
    if not all(word.weight for word in codebook.codewords):
        raise CodebookError(f"{name}: codebook.codewords: expected weights above 0, found one of 0; {_AGAIN}")
    return Site(site, codebook, _ranges(found.get("ranges"), name))


def _ranges(found: Any, name: str) -> dict[str, tuple[float, float]]:
    if not isinstance(found, dict):
        raise CodebookError(f"{name}: ranges: expected an object, found {type(found).__name__}; {_AGAIN}")
    ranges = {}
    for field, ends in found.items():
        fits = isinstance(ends, list) and len(ends) == 2 and all(type(end) in (int, float) for end in ends)
        # Of numbers that are none nothing is less or more than another.
        if not fits or not -_FARTHEST <= ends[0] <= ends[1] <= _FARTHEST:
            raise CodebookError(
                f"{name}: ranges.{str(field)[:60]}: expected the least and the most of the field, found "
                f"{str(ends)[:60]!r}; {_AGAIN}"
            )
        ranges[field] = (float(ends[0]), float(ends[1]))
    return ranges


def _sum(contents: Mapping[str, Any]) -> str:
    return hashlib.sha256(_encode(contents).encode("ascii")).hexdigest()

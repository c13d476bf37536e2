"""What a file holds, told from its first bytes."""

from __future__ import annotations

import re
from enum import Enum

from stormcell.decode.streams import ZSTD

HEAD = 4096
"""Bytes looked at."""

BOM = b"\xef\xbb\xbf"

# An object or an array of objects may begin so; "[2024-01-01] INFO" and "{% if %}" may not.
_JSON = re.compile(rb"\{\s*(?:[\"}]|\Z)|\[\s*(?:[{\[\]]|\Z)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

# Field 1, length-delimited: how every export request begins.
_REQUEST = b"\x0a"

# A message up to the limit of 64 MiB has a size whose first byte is at most this.
_LARGEST_PREFIX = 4


class Content(Enum):
    """Kinds of content; TEXT may still turn out to be JSON lines after a broken beginning."""

    EMPTY = "nothing"
    JSON = "JSON"
    TEXT = "text"
    REQUEST = "one protobuf request"
    MESSAGES = "length-prefixed messages"
    BINARY = "binary data"


def recognise(head: bytes) -> Content:
    """Tell content from the first HEAD bytes (fewer where there are no more)."""
    start = head.removeprefix(BOM).lstrip()
    text = _CONTROL.search(head) is None
    if head.startswith(_REQUEST) and not text:
        return Content.REQUEST
    if not start:
        return Content.EMPTY
    if _JSON.match(start):
        return Content.JSON
    if head[0] <= _LARGEST_PREFIX and head[4:5] and (head[4] in b"\n{[" or head.startswith(ZSTD, 4)):
        return Content.MESSAGES
    return Content.TEXT if text else Content.BINARY

"""JSON as it is sent: ASCII, so that any text of telemetry has one way to be written."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.responses import Response

# Nobody but who asked is to keep an answer, or to take it for anything but JSON.
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def encoded(document: Any) -> bytes:
    """Return a document as JSON.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def answer(document: Any, status: int = 200) -> Response:
    """Return a document as it is sent."""
    return Response(encoded(document), status, headers=_HEADERS, media_type="application/json")


def finite(number: float | None) -> float | None:
    """Return a number, or None where JSON has none for it."""
    return number if number is None or math.isfinite(number) else None

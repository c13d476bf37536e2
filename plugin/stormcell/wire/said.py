"""What other servers say, made fit to be shown."""

from __future__ import annotations

from typing import Final

_SHOWN: Final = 200


def shorten(text: str) -> str:
    """Return the start of what another server said, on one line and printable."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text[:_SHOWN]).strip()
    return f"{clean}..." if len(text) > _SHOWN else clean

"""Paths of pages, and whether one is ours."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode


def part(text: str) -> str:
    """Return a text as one part of a path."""
    return quote(text, safe="", errors="surrogatepass")


def query(values: Mapping[str, object]) -> str:
    """Return a query with these values, but for empty ones; starts with ``?`` where there is one.

    A tuple gives its name several values.
    """
    given = {name: value for name, value in values.items() if value not in ("", ())}
    return f"?{urlencode(given, doseq=True, errors='surrogatepass')}" if given else ""


def group_path(id: str) -> str:
    """Return the path of a group's page."""
    return f"/groups/{part(id)}"


def is_local(path: str) -> bool:
    """Whether a browser would take this for a path of this very server, and nothing hides in it."""
    return path.startswith("/") and not path.startswith("//") and all(" " < letter != "\\" for letter in path)

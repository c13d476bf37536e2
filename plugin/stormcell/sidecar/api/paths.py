"""Where the API is."""

from __future__ import annotations

from typing import Final

from starlette.convertors import StringConvertor, register_url_convertor

PREFIX: Final = "/api/v1"

ANY: Final = "stormcell_any"
"""What the router calls a part of a path that may hold anything, slashes and line breaks too."""


class _Any(StringConvertor):
    regex = r"[\s\S]+"


register_url_convertor(ANY, _Any())

"""What of a template is language: masks carry no meaning, and names such as ``OrderNotFound`` hold words."""

from __future__ import annotations

import re
from typing import Final

_MASK: Final = re.compile(r"<(?:[a-z]+|\*)>")
_WORD: Final = re.compile(r"[^\W_]+")
# Between a small and a capital letter, and before the last capital of a run: HTTPServer is two words.
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def spoken(template: str) -> str:
    """Return a template without its masks, its joined names taken apart."""
    if "<" in template:
        template = _MASK.sub(" ", template)
    if not template.islower():
        template = _CAMEL.sub(" ", template)
    return " ".join(template.split())


def words_of(template: str) -> list[str]:
    """Return the words of a template in lower case."""
    return [word.lower() for word in _WORD.findall(spoken(template))]

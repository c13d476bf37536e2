"""A draft in review."""

from __future__ import annotations

from stormcell.review import states
from stormcell.types import Basis, Draft, Fact, Review

BASIS = Basis("e", 2, b"12345678")


def begun(markdown: str = "# Meaning") -> Review:
    """Return a runbook that ann has begun."""
    made = Draft("g-1", "runbook", "default", markdown, (Fact("cart", "u", "service"),))
    return states.begun("d-1", "cart is down", made, BASIS, "ann", 1)

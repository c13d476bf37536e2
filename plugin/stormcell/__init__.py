"""Stormcell groups a storm of alerts, logs and spans into a few incidents, each shown by one real event.

``stormcell.read(paths)`` gives events, ``stormcell.group(events)`` their incident groups. Both are imported when
first used, so that ``import stormcell`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stormcell.decode import read
    from stormcell.pipeline import group

__all__ = ["__version__", "group", "read"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "read":
        from stormcell.decode import read

        return read
    if name == "group":
        from stormcell.pipeline import group

        return group
    raise AttributeError(f"module 'stormcell' has no attribute {name!r}")

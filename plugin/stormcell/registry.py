"""Finds what others (and we) have registered, by entry point."""

from __future__ import annotations

from importlib.metadata import entry_points

from stormcell.errors import SettingsError
from stormcell.protocols import Exporter


def exporter(name: str) -> Exporter:
    """Return the exporter registered as ``name`` in the group ``stormcell.exporters``.

    Raises
    ------
    SettingsError
        If there is none of that name, or it cannot be loaded.
    """
    found = {point.name: point for point in entry_points(group="stormcell.exporters")}
    if name not in found:
        raise SettingsError(f"no exporter is called {name!r}; there are: {', '.join(sorted(found)) or 'none'}")
    try:
        made = found[name].load()()
    except Exception as error:
        raise SettingsError(f"the exporter {name!r} ({found[name].value}) cannot be loaded: {error}") from error
    if not isinstance(made, Exporter):
        raise SettingsError(f"the exporter {name!r} ({found[name].value}) has no method `export`")
    return made

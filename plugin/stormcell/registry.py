"""Finds what others (and we) have registered, by entry point."""

from __future__ import annotations

from importlib.metadata import entry_points

from stormcell.errors import SettingsError
from stormcell.protocols import Clusterer, Embedder, Exporter


def exporter(name: str) -> Exporter:
    """Return the exporter registered as ``name`` in the group ``stormcell.exporters``.

    Raises
    ------
    SettingsError
        If there is none of that name, or it cannot be loaded.
    """
    made, what = _made("exporter", name)
    if not isinstance(made, Exporter):
        raise SettingsError(f"{what} has no method `export`")
    return made


def clusterer(name: str = "fasterpam") -> Clusterer:
    """Return the clusterer registered as ``name`` in the group ``stormcell.clusterers``.

    Raises
    ------
    SettingsError
        If there is none of that name, or it cannot be loaded, as where its package is not installed.
    """
    made, what = _made("clusterer", name)
    if not isinstance(made, Clusterer):
        raise SettingsError(f"{what} has no method `cluster`")
    return made


def embedder(name: str, model: str = "") -> Embedder:
    """Return the embedder registered as ``name`` in the group ``stormcell.embedders``.

    Parameters
    ----------
    name : str
    model : str
        What the embedder is made with; empty for its default.

    Raises
    ------
    SettingsError
        If there is none of that name, or it cannot be loaded, as where its package or the model is missing.
    """
    made, what = _made("embedder", name, model)
    if not isinstance(made, Embedder):
        raise SettingsError(f"{what} has no method `embed`")
    return made


def _made(kind: str, name: str, *arguments: str) -> tuple[object, str]:
    """Return what is registered as ``name``, made with the arguments, and how to call it in a message."""
    found = {point.name: point for point in entry_points(group=f"stormcell.{kind}s")}
    if name not in found:
        raise SettingsError(f"no {kind} is called {name!r}; there are: {', '.join(sorted(found)) or 'none'}")
    what = f"the {kind} {name!r} ({found[name].value})"
    try:
        return found[name].load()(*arguments), what
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(f"{what} cannot be loaded: {error}") from error

"""Finds what others (and we) have registered, by entry point."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, Final

from stormcell.errors import SettingsError
from stormcell.protocols import Assets, Clusterer, Embedder, Exporter, Publisher, Registry

_WORDS: Final = {"str": "text", "bool": "true or false", "int": "a whole number", "float": "a number"}
"""What options may be, by the annotation of the parameter."""


def exporter(name: str, options: Mapping[str, str | float | bool] = MappingProxyType({})) -> Exporter:
    """Return the exporter registered as ``name`` in the group ``stormcell.exporters``.

    Parameters
    ----------
    name : str
    options : mapping of str to str, float or bool
        What it is made with: parameters of its constructor that are annotated as text, numbers or truth values.

    Raises
    ------
    SettingsError
        If there is none of that name, it cannot be loaded, or it is not made with these options.
    """
    made, what = _made_with("exporter", name, options)
    if not isinstance(made, Exporter):
        raise SettingsError(f"{what} has no method `export`")
    return made


def publisher(name: str, options: Mapping[str, str | float | bool] = MappingProxyType({})) -> Publisher:
    """Return the publisher registered as ``name`` in the group ``stormcell.publishers``.

    Parameters
    ----------
    name : str
    options : mapping of str to str, float or bool
        See ``exporter``.

    Raises
    ------
    SettingsError
        If there is none of that name, it cannot be loaded, or it is not made with these options.
    """
    made, what = _made_with("publisher", name, options)
    if not isinstance(made, Publisher):
        raise SettingsError(f"{what} has no method `publish`")
    return made


def registry(name: str) -> Registry:
    """Return the registry of codebooks registered as ``name`` in the group ``stormcell.registries``.

    Raises
    ------
    SettingsError
        If there is none of that name, or it cannot be loaded, as where its package is not installed.
    """
    maker, what = _loaded("registry", name)
    made = _made(maker, what)
    if not isinstance(made, Registry):
        raise SettingsError(f"{what} has no method `push`, or no method `pull`")
    return made


def assets(name: str, **options: str) -> Assets:
    """Return the views registered as ``name`` in the group ``stormcell.assets``.

    Raises
    ------
    SettingsError
        If there are none of that name, they cannot be loaded, or are not made with these options.
    """
    maker, what = _loaded("asset", name)
    _check(maker, options, what)
    made = _made(maker, what, **options)
    if not isinstance(made, Assets):
        raise SettingsError(f"{what} has no method `install`, or lacks another of such views")
    return made


def clusterer(name: str = "fasterpam") -> Clusterer:
    """Return the clusterer registered as ``name`` in the group ``stormcell.clusterers``.

    Raises
    ------
    SettingsError
        If there is none of that name, or it cannot be loaded, as where its package is not installed.
    """
    maker, what = _loaded("clusterer", name)
    made = _made(maker, what)
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
    maker, what = _loaded("embedder", name)
    made = _made(maker, what, model)
    if not isinstance(made, Embedder):
        raise SettingsError(f"{what} has no method `embed`")
    return made


def _made_with(kind: str, name: str, options: Mapping[str, str | float | bool]) -> tuple[object, str]:
    """Return what is registered as ``name``, made with options, and how to call it in a message."""
    maker, what = _loaded(kind, name)
    _check(maker, options, what)
    try:
        return maker(**options), what
    except SettingsError as error:
        raise SettingsError(f"{what}: {error}") from error
    except Exception as error:
        raise _unusable(what, error) from error


def _loaded(kind: str, name: str) -> tuple[Callable[..., object], str]:
    """Return what makes that which is registered as ``name``, and how to call it in a message."""
    group = "registries" if kind == "registry" else f"{kind}s"
    found = {point.name: point for point in entry_points(group=f"stormcell.{group}")}
    if name not in found:
        raise SettingsError(f"no {kind} is called {name!r}; there are: {', '.join(sorted(found)) or 'none'}")
    what = f"the {kind} {name!r} ({found[name].value})"
    try:
        return found[name].load(), what
    except Exception as error:
        raise _unusable(what, error) from error


def _made(maker: Callable[..., object], what: str, *arguments: str, **options: str) -> object:
    try:
        return maker(*arguments, **options)
    except SettingsError:
        raise
    except Exception as error:
        raise _unusable(what, error) from error


def _unusable(what: str, error: Exception) -> SettingsError:
    return SettingsError(f"{what} cannot be loaded: {error}")


def _check(maker: Callable[..., object], options: Mapping[str, str | float | bool], what: str) -> None:
    """Look at options before anything is made with them; their values are not shown, for one may be a secret."""
    there = _options(maker)
    for name, value in options.items():
        if name not in there:
            known = f"there are: {', '.join(there)}" if there else "it takes none"
            raise SettingsError(f"{what} has no option {name!r}; {known}")
        expected, found = _word(there[name]), _WORDS.get(type(value).__name__, type(value).__name__)
        if found != expected and (found, expected) != ("a whole number", "a number"):
            raise SettingsError(f"{what}: the option {name!r}: expected {expected}, found {found}")
    missing = [name for name, one in there.items() if one.default is one.empty and name not in options]
    if missing:
        raise SettingsError(f"{what} needs the option {missing[0]!r}: {_word(there[missing[0]])}")


def _options(maker: Callable[..., object]) -> dict[str, inspect.Parameter]:
    try:
        parameters = inspect.signature(maker).parameters
    except (TypeError, ValueError):  # some of what is written in C says nothing of them
        return {}
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {name: one for name, one in parameters.items() if one.kind in by_name and _word(one)}


def _word(parameter: inspect.Parameter) -> str:
    """Return what an option is to be; "" where a parameter is none. Annotations may be written as texts."""
    annotation: Any = parameter.annotation
    return _WORDS.get(annotation if isinstance(annotation, str) else getattr(annotation, "__name__", ""), "")

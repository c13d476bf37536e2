"""Settings from the file and the environment, and the reference of them all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stormcell.config.base import Section
from stormcell.config.settings import Settings
from stormcell.errors import SettingsError

DEFAULT_FILE = Path("stormcell.yaml")
_PREFIX = "STORMCELL_"


def load(path: Path | None = None) -> Settings:
    """Read the settings.

    Parameters
    ----------
    path : Path, optional
        The settings file. Without it ``stormcell.yaml`` in the working directory, if there is one.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a setting is unknown or out of its range.
    """
    file = path or DEFAULT_FILE
    values: Any = {}
    if path is not None or file.exists():
        import yaml

        try:
            values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise SettingsError(f"cannot read the settings {file}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} is not valid YAML: {error}") from error
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise SettingsError(f"{file}: expected sections such as `grouping:`, found {type(values).__name__}")
    try:
        return Settings.model_validate(_overridden(values, _environment()))
    except ValidationError as error:
        raise SettingsError(_explain(error, file)) from error


def _environment() -> dict[str, dict[str, Any]]:
    """Return what variables say, by section: those of single settings win over one of the whole section.

    Raises
    ------
    SettingsError
        If there is no such section, or what must be JSON is none.
    """
    sections: dict[str, dict[str, Any]] = {}
    # In this order a section comes before its settings.
    for variable in sorted(os.environ, key=str.upper):
        if not variable.upper().startswith(_PREFIX):
            continue
        section, nested, name = variable.upper().removeprefix(_PREFIX).lower().partition("__")
        if section not in Settings.model_fields:
            if nested:
                raise SettingsError(
                    f"{variable}: there is no section {section}; `stormcell config show` lists all"
                )
            continue  # STORMCELL_FORWARD_HEADERS, say, is somebody else's
        if not nested:
            sections[section] = _parsed(variable, section, dict)
            continue
        default = getattr(Settings.model_fields[section].default, name, None)
        text = os.environ[variable]
        kind = list if isinstance(default, tuple) else dict if isinstance(default, dict) else None
        value = text if kind is None else _parsed(variable, section, kind)
        sections.setdefault(section, {})[name] = value
    return sections


def _parsed(variable: str, section: str, kind: type) -> Any:
    """Return the JSON of a variable that holds a whole section, a list or a mapping."""
    expected = f'expected JSON, {"an object" if kind is dict else "an array"} for "{section}"'
    try:
        value = json.loads(os.environ[variable])
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{variable}: {expected}: {error}") from error
    if not isinstance(value, kind):
        raise SettingsError(f"{variable}: {expected}, found {type(value).__name__}")
    return value


def _overridden(values: dict[str, Any], variables: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the values of a file with those of variables in their place; what is no section stays, to be told."""
    merged = dict(values)
    for section, found in variables.items():
        under = merged.get(section, {})
        merged[section] = {**under, **found} if isinstance(under, dict) else under
    return merged


def _explain(error: ValidationError, file: Path) -> str:
    """Say for each wrong setting where it is, what was found and what was expected."""
    lines = [f"wrong settings (in {file} or the environment):"]
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        variable = _PREFIX + place.replace(".", "__").upper()
        message = problem["msg"]
        if problem["type"] == "extra_forbidden":
            message = "no such setting; `stormcell config show` lists them all"
        lines.append(f"  {place} ({variable}): {message}")
    return "\n".join(lines)


def _meanings(section: type[Section]) -> dict[str, str]:
    """Return what is written below each field of a section.

    Pydantic can do that as classes are made; then every command would read the source of all of them at its start.
    """
    import ast
    import inspect

    [tree] = ast.parse(inspect.getsource(section)).body
    assert isinstance(tree, ast.ClassDef)
    return {
        ast.unparse(field.target): below.value.value
        for field, below in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def reference() -> str:
    """Return every setting, its variable, default and meaning as Markdown."""
    lines = [
        "# Settings",
        "",
        "Settings come from `stormcell.yaml` in the working directory (or `--config FILE`) and from environment",
        "variables, which win. `stormcell config show` prints those in force, `stormcell config check` checks",
        "them. This page is what `stormcell config reference` prints.",
    ]
    for name, section in Settings.model_fields.items():
        model = section.default
        meanings = _meanings(type(model))
        lines += ["", f"## {name}", "", *(type(model).__doc__ or "").strip().splitlines(), ""]
        lines += ["| setting | default | variable | meaning |", "| --- | --- | --- | --- |"]
        for key in type(model).model_fields:
            default = model.model_dump(mode="json")[key]
            variable = f"{_PREFIX}{name}__{key}".upper()
            cells = (f"`{key}`", f"`{default}`", f"`{variable}`", " ".join(meanings[key].split()))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"

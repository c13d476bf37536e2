"""Settings from the file and the environment, and the reference of them all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as UnparsableVariable

from stormcell.config.settings import Settings
from stormcell.errors import SettingsError

DEFAULT_FILE = Path("stormcell.yaml")
_PREFIX = "STORMCELL_"


class _Sources(BaseSettings, Settings):
    """Settings with what the environment says of them."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the file, whose values come in as keyword arguments."""
        return env_settings, init_settings


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
    import yaml

    file = path or DEFAULT_FILE
    values: Any = {}
    if path is not None or file.exists():
        try:
            values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise SettingsError(f"cannot read the settings {file}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} is not valid YAML: {error}") from error
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise SettingsError(f"{file}: expected sections such as `grouping:`, found {type(values).__name__}")
    for variable in sorted(os.environ):
        section, nested, _ = variable.upper().removeprefix(_PREFIX).lower().partition("__")
        if variable.upper().startswith(_PREFIX) and nested and section not in Settings.model_fields:
            raise SettingsError(f"{variable}: there is no section {section}; `stormcell config show` lists all")
    try:
        return Settings.model_validate(_Sources(**values).model_dump())
    except ValidationError as error:
        raise SettingsError(_explain(error, file)) from error
    except UnparsableVariable as error:
        raise SettingsError(
            f"a {_PREFIX}* variable is not valid JSON, as sections and lists must be: {error}"
        ) from error


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
        lines += ["", f"## {name}", "", *(type(model).__doc__ or "").strip().splitlines(), ""]
        lines += ["| setting | default | variable | meaning |", "| --- | --- | --- | --- |"]
        for key, field in type(model).model_fields.items():
            default = model.model_dump(mode="json")[key]
            variable = f"{_PREFIX}{name}__{key}".upper()
            cells = (f"`{key}`", f"`{default}`", f"`{variable}`", " ".join(str(field.description).split()))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"

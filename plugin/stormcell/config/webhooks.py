"""Settings of the sidecar: webhooks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, field_validator

from stormcell.config.base import Section

_STEP: Final = re.compile(r"(?:\A|(?<=.)\.)([^.\[\]\"]+)|\[(\d{1,6})\]|\[\"([^\"]+)\"\]")
_SEVERITIES: Final = range(1, 25)

Step = str | int


def steps(path: str) -> tuple[Step, ...]:
    """Take a path in a JSON document apart: ``data.items[0].name``, ``["a name with dots"].value``.

    Raises
    ------
    ValueError
        If it is none.
    """
    found: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(
                f'expected a path such as items[0].name or ["a.b"].c, found {path!r}, wrong at character {at + 1}'
            )
        found.append(int(match[2]) if match[2] else match[1] or match[3])
        at = match.end()
    return tuple(found)


def _path(path: str) -> str:
    steps(path)
    return path


def _many(value: Any) -> Any:
    return ((value,) if value else ()) if isinstance(value, str) else value


Path = Annotated[str, Field(max_length=1000)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_many)]


class MappingSettings(Section):
    """Where the alerts of another tool are in the JSON that it posts, and what they say.

    A path is names with dots between, ``[0]`` for a place in a list, ``["a.b"]`` for a name with dots; it may lead
    into a text that is JSON itself. Where several paths are given, the first that leads to something counts. Paths
    start at the alert; at the document where they begin with ``$.``.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    """What you call it."""
    when: dict[Path, str] = Field(default_factory=dict)
    """Only documents that have these texts at these paths are read so; "" stands for any. The first mapping counts
    that fits a document: `when` holds, and its first alert has a title."""
    alerts: Path = ""
    """Where the list of alerts is; "" where the document is one alert, or a list of them."""
    title: Annotated[Paths, Field(min_length=1)]
    """Where the name of the alert is."""
    starts_at: Paths = ()
    """Where the time it started is; without it, the time the request came counts."""
    ends_at: Paths = ()
    """Where the time it ended is."""
    time: Literal["text", "s", "ms", "us", "ns"] = "text"
    """How times are written: as text (RFC 3339, the offset perhaps without its colon or left out for UTC), or as a
    number of these since 1970."""
    status: Paths = ()
    """Where it says whether the alert still fires; without it, it does unless it has ended."""
    statuses: dict[str, Literal["firing", "resolved"]] = Field(default_factory=dict)
    """What its statuses mean, by their names in lower case, beside `firing` and `resolved`; all else is firing."""
    severity: Paths = ()
    """Where the severity is."""
    severities: dict[str, int] = Field(default_factory=dict)
    """What its severities mean, by their names in lower case, as OpenTelemetry severity numbers from 1 to 24;
    beside the usual names, such as `critical`, `warning`, `info`."""
    service: Paths = ()
    """Where the name of the service is."""
    labels: dict[str, Path] | Path = Field(default_factory=dict)
    """Labels and where each is; or where all of them are: an object, or a list of pairs, of objects with `name` or
    `key` and `value`, or of texts such as `env:prod`, which may be one text with commas."""
    annotations: dict[str, Path] | Path = Field(default_factory=dict)
    """What else is told, as labels are given."""
    fingerprint: Paths = ()
    """Where the id is that its notifications have in common; without it the labels make one."""

    @field_validator("alerts", "title", "starts_at", "ends_at", "status", "severity", "service", "fingerprint")
    @classmethod
    def _are_paths(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for path in (value,) if isinstance(value, str) else value:
            _path(path.removeprefix("$."))
        return value

    @field_validator("when", "labels", "annotations")
    @classmethod
    def _hold_paths(cls, value: dict[str, str] | str, info: Any) -> dict[str, str] | str:
        found = (value,) if isinstance(value, str) else value if info.field_name == "when" else value.values()
        for path in found:
            _path(path.removeprefix("$."))
        return value

    @field_validator("statuses", "severities")
    @classmethod
    def _lower(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name.strip().lower(): meaning for name, meaning in value.items()}

    @field_validator("severities")
    @classmethod
    def _are_severities(cls, value: dict[str, int]) -> dict[str, int]:
        for name, number in value.items():
            if number not in _SEVERITIES:
                raise ValueError(f"expected severities from 1 to 24 (17 is an error), found {number} for {name!r}")
        return value


class WebhooksSettings(Section):
    """How alerts of other tools are read."""

    generic: tuple[MappingSettings, ...] = ()
    """Tools whose webhooks have a shape of their own, each a mapping (see Webhooks in the manual)."""

    @field_validator("generic")
    @classmethod
    def _differ(cls, value: tuple[MappingSettings, ...]) -> tuple[MappingSettings, ...]:
        names = [mapping.name for mapping in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"expected mappings of different names, found {', '.join(twice)} more than once")
        return value

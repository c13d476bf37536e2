"""What panels and dashboards are made of; how Kibana wants them written is told elsewhere."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final, Literal

from stormcell.errors import SettingsError
from stormcell_exporters.elasticsearch.names import Names

TIME: Final = "@timestamp"
"""The field by which every view is narrowed to a time range."""
COLUMNS: Final = 48
"""Of the grid of a dashboard."""

_SPACE: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class Ids:
    """What our objects in Kibana are called.

    Attributes
    ----------
    prefix : str
        As that of the indices.
    space : str
        The space they are for; "" for the default one. It is part of the ids, which no two spaces can share.

    Raises
    ------
    SettingsError
        If nothing can be called so.
    """

    prefix: str = "stormcell"
    space: str = ""

    def __post_init__(self) -> None:
        Names(self.prefix)
        if len(self.space) > 100 or not _SPACE.issuperset(self.space):
            raise SettingsError(
                f"no space has the id {self.space[:100]!a}; expected a-z, 0-9, _ and -, as in its URL: /s/ID"
            )

    def of(self, name: str) -> str:
        """Return the id of the object of a name; a data view has that of the kind of its documents."""
        return "-".join(part for part in (self.prefix, self.space, name) if part)

    def alias(self, kind: str) -> str:
        """Return what a data view reads."""
        return Names(self.prefix).alias(kind)

    def title(self, name: str) -> str:
        """Return a title for people."""
        own = "" if self.prefix == "stormcell" else f" {self.prefix}"
        return f"[Stormcell{own}] {name}"

    @property
    def rule(self) -> str:
        """The id of the rule, which has to look like one of chance, but is the same each time."""
        return str(uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_DNS, self.of("rule")).bytes, version=4))


@dataclass(frozen=True, slots=True)
class Filter:
    """Documents that have one of some values in a field; any value, where there is none."""

    field: str
    values: tuple[str | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """A bucket for each of the values of a field that have most, or least, of the panel's first metric."""

    field: str
    label: str
    size: int = 10
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Dates:
    """A bucket for each stretch of time, as long as suits the time range."""

    label: str = "Time"


@dataclass(frozen=True, slots=True)
class Metric:
    """A number for each bucket."""

    operation: Literal["count", "sum", "average", "median", "min", "max", "unique_count"]
    label: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel stands on the grid."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart, number or table of a dashboard.

    Attributes
    ----------
    id : str
        Unique on its dashboard.
    title, description : str
    kind : str
        Of its documents: "groups", "members" or "history".
    chart : str
    place : Place
    metrics : tuple of Metric
    buckets : tuple of Terms or Dates
        The outer ones first.
    filters : tuple of Filter
        All have to hold.
    """

    id: str
    title: str
    description: str
    kind: str
    chart: Literal["metric", "line", "bar_stacked", "bar_horizontal", "table"]
    place: Place
    metrics: tuple[Metric, ...]
    buckets: tuple[Terms | Dates, ...] = ()
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """A Discover session: documents, one a line, with some of their fields as columns.

    Attributes
    ----------
    name : str
    title, description : str
    kind : str
        Of its documents.
    columns : tuple of str
    sort : tuple of (str, str)
        Fields with "asc" or "desc".
    filters : tuple of Filter
    """

    name: str
    title: str
    description: str
    kind: str
    columns: tuple[str, ...]
    sort: tuple[tuple[str, str], ...]
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A Discover session as a panel."""

    id: str
    title: str
    session: str
    place: Place


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    Attributes
    ----------
    name : str
    title, description : str
    since : str
        From when on it shows what there is, until now, such as "now-24h".
    panels : tuple of Panel or Listing
    """

    name: str
    title: str
    description: str
    since: str
    panels: tuple[Panel | Listing, ...]

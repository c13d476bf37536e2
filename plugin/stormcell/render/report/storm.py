"""What a report is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from stormcell.semconv import SEVERITIES, severity_name
from stormcell.types import FloatArray, Group, Material


@dataclass(frozen=True, slots=True, eq=False)
class Storm:
    """All that a report shows.

    Attributes
    ----------
    title : str
    made : int
        When, ns.
    events, background : int
        All events of the store, and those of them in no group.
    statuses : mapping of str to int
        All groups of the store by status.
    left_out : tuple of int
        How many groups are not shown, and how many events they have.
    materials : tuple of Material
        What is shown, ascending by (first_seen, id); ``related`` may name groups that are not.
    far : FloatArray, shape (n, n)
        How unlike the shown groups are, in [0, 1].
    calls : mapping of (str, str) to float
        How often one service was seen to call another, as far as it is still remembered.
    families : mapping of str to str
        The id of the family of each group that has one.
    """

    title: str
    made: int
    events: int
    background: int
    statuses: Mapping[str, int]
    left_out: tuple[int, int]
    materials: tuple[Material, ...]
    far: FloatArray
    calls: Mapping[tuple[str, str], float] = field(default_factory=dict)
    families: Mapping[str, str] = field(default_factory=dict)


def severity(number: int) -> str:
    """Return what a severity number is called; "none" for 0."""
    return severity_name(number) or "none"


def worst_first(group: Group) -> tuple[int, int, int, str]:
    """Return a key that sorts groups: the most severe first, of those the ones with most events."""
    return -group.most_severe.severity, -group.count, group.first_seen, group.id


def by_severity(storm: Storm) -> list[tuple[str, int]]:
    """Return how many of the shown groups have each worst severity, the most severe first."""
    found = Counter(severity(each.group.most_severe.severity) for each in storm.materials)
    order = [*SEVERITIES, "none"]
    return sorted(found.items(), key=lambda item: order.index(item[0]))

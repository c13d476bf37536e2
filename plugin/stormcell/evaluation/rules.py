"""What rules, silences, maintenance and routes do to given events, compared to the groups without rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stormcell.config import (
    ExporterSettings,
    GroupCondition,
    MaintenanceSettings,
    Settings,
    SilenceSettings,
)
from stormcell.notify import active, group_view
from stormcell.types import Event, Grouping, RuleOutcome


@dataclass(frozen=True, slots=True)
class Regrouped:
    """Groups that rules merged into one, or one that they split.

    Attributes
    ----------
    merged : bool
        Else it was split.
    group : str
        The id of the one: with rules where they merged, without where they split.
    example : str
        The uid of its exemplar.
    parts : tuple of (str, str, int)
        Of each of the several, the largest first: its id, the uid of an event and how many of its events.
    rules : tuple of str
        The rules that moved any of these events, or of ``same`` those that tell the parts apart.
    """

    merged: bool
    group: str
    example: str
    parts: tuple[tuple[str, str, int], ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """The groups that a silence, a maintenance or a route is about.

    Attributes
    ----------
    kind : str
        "silence", "maintenance" or "route".
    name : str
    groups, events : int
    now : int
        Of the groups, those whose last event is in its time; of a route all.
    example : str
        The id of the first of them; "" for none.
    """

    kind: str
    name: str
    groups: int
    events: int
    now: int
    example: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What settings do to given events.

    Attributes
    ----------
    events : int
    groups, without : int
        How many groups there are with and without rules.
    rules : tuple of RuleOutcome
    regrouped : tuple of Regrouped
    matched : tuple of Matched
    """

    events: int
    groups: int
    without: int
    rules: tuple[RuleOutcome, ...]
    regrouped: tuple[Regrouped, ...]
    matched: tuple[Matched, ...]


def compare(found: Grouping, without: Grouping, same: Mapping[str, Sequence[str]], settings: Settings) -> Findings:
    """Compare the groups of events under the settings with those without their rules.

    Parameters
    ----------
    found, without : Grouping
        Of the same events.
    same : mapping of str to sequence of str
        The values of ``rules.same`` of the event that stands for each row, by uid.
    settings : Settings
    """
    return Findings(
        events=found.events,
        groups=len(found.groups),
        without=len(without.groups),
        rules=found.rules,
        regrouped=tuple(_regrouped(found, without, same, settings)),
        matched=tuple(_matched(found, settings)),
    )


def standing(grouping: Grouping) -> Iterator[Event]:
    """Yield the event that stands for each row of a group."""
    for atom in grouping.memberships:
        if atom.group is not None:
            yield from (row.event for row in atom.rows)


def _regrouped(
    found: Grouping, without: Grouping, same: Mapping[str, Sequence[str]], settings: Settings
) -> Iterator[Regrouped]:
    now, before = _places(found), _places(without)
    moved = {uid: atom.rules for atom in found.memberships for row in atom.rows for uid in row.members}
    names = [rule.name for rule in settings.rules.same]
    for merged, groups, other in ((True, found.groups, before), (False, without.groups, now)):
        for group in groups:
            parts: dict[str, list[str]] = {}
            for uid in group.members:
                if uid in other:
                    parts.setdefault(other[uid], []).append(uid)
            if len(parts) < 2:
                continue
            ranked = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
            rules = {rule for uid in group.members for rule in moved.get(uid, ())}
            if not merged:
                told = [same[uid] for uid in group.members if uid in same]
                rules |= {name for at, name in enumerate(names) if len({values[at] for values in told}) > 1}
            yield Regrouped(
                merged=merged,
                group=group.id,
                example=group.medoid.uid,
                parts=tuple((id, uids[0], len(uids)) for id, uids in ranked),
                rules=tuple(sorted(rules)),
            )


def _places(grouping: Grouping) -> dict[str, str]:
    return {uid: group.id for group in grouping.groups for uid in group.members}


def _matched(found: Grouping, settings: Settings) -> Iterator[Matched]:
    told = settings.notifications
    for route in told.exporters:
        yield _match("route", route, route.when, found, settings)
    for silence in told.silences:
        yield _match("silence", silence, silence.when, found, settings)
    for maintenance in told.maintenance:
        yield _match("maintenance", maintenance, maintenance.when, found, settings)


def _match(
    kind: str,
    one: ExporterSettings | SilenceSettings | MaintenanceSettings,
    when: GroupCondition,
    found: Grouping,
    settings: Settings,
) -> Matched:
    groups = [group for group in found.groups if when.holds(group_view(group, settings.notifications))]
    now = [
        group for group in groups if isinstance(one, ExporterSettings) or active(one, group.last_seen) is not None
    ]
    return Matched(
        kind=kind,
        name=one.name,
        groups=len(groups),
        events=sum(group.count for group in groups),
        now=len(now),
        example=groups[0].id if groups else "",
    )

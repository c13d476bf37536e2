"""What our dashboards and Discover sessions show."""

from __future__ import annotations

from typing import Final

from stormcell.types import EXEMPLAR
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, MEMBERS
from stormcell_exporters.kibana.panels import (
    TIME,
    Board,
    Dates,
    Filter,
    Listing,
    Metric,
    Panel,
    Place,
    Session,
    Terms,
)

_GROUP: Final = Filter("event.dataset", ("stormcell.group",))
_MEMBER: Final = Filter("event.dataset", ("stormcell.member",))
_CHANGE: Final = Filter("event.dataset", ("stormcell.history",))
_TOTALS: Final = Filter("event.dataset", ("stormcell.totals",))
_OPEN: Final = Filter("incident_group.status", ("open",))
_LIVING: Final = Filter("incident_group.status", ("open", "acknowledged"))
_HUMAN: Final = Filter("incident_group.history.human", (True,))
_CORRECTIONS: Final = Filter("event.action", ("merge", "split", "move", "pin", "undo"))
_CHURN: Final = Filter("event.action", (EXEMPLAR, "reopen"))

_SEVERITY: Final = Terms("incident_group.severity", "Severity", 4)
_SERVICE: Final = Terms("incident_group.top_service", "Most blamed service")
_ACTION: Final = Terms("event.action", "What was done")
_COUNT: Final = Metric("count", "Groups")
_EVENTS: Final = Metric("sum", "Events", "incident_group.count")

LIVING: Final = Session(
    "living",
    "Groups in need of a person",
    "Open and acknowledged groups, the latest first, each with its exemplar: a real event that is typical of it. "
    "The id of a group leads to its events.",
    GROUPS,
    (
        "incident_group.id",
        "incident_group.status",
        "incident_group.severity",
        "incident_group.top_service",
        "incident_group.count",
        "message",
        "event.start",
    ),
    ((TIME, "desc"),),
    (_GROUP, _LIVING),
)
MEMBER_EVENTS: Final = Session(
    "events",
    "Events of groups",
    "The events behind groups, alike ones as one; search for incident_group.id to see those of one group.",
    MEMBERS,
    (
        "incident_group.id",
        "service.name",
        "incident_group.member.severity",
        "incident_group.member.signal",
        "incident_group.member.count",
        "message",
        "incident_group.member.is_exemplar",
        "incident_group.member.dissimilarity",
        "incident_group.member.runner_up",
        "trace.id",
    ),
    ((TIME, "asc"),),
    (_MEMBER,),
)
SESSIONS: Final = (LIVING, MEMBER_EVENTS)

TRIAGE: Final = Board(
    "triage",
    "Triage",
    "What is going wrong now, which services are blamed for it, and by which event each incident is known.",
    "now-24h",
    (
        Panel(
            "open-by-severity",
            "Open groups by severity",
            "Groups that nobody has acknowledged.",
            GROUPS,
            "metric",
            Place(0, 0, 32, 7),
            (_COUNT,),
            (_SEVERITY,),
            (_GROUP, _OPEN),
        ),
        Panel(
            "open-events",
            "Events behind them",
            "How many alerts, log lines and spans the open groups stand for.",
            GROUPS,
            "metric",
            Place(32, 0, 16, 7),
            (_EVENTS,),
            (),
            (_GROUP, _OPEN),
        ),
        Panel(
            "groups-over-time",
            "Groups over time",
            "By when their last event came.",
            GROUPS,
            "bar_stacked",
            Place(0, 7, 32, 12),
            (_COUNT,),
            (_SEVERITY, Dates()),
            (_GROUP,),
        ),
        Panel(
            "services-by-blame",
            "Services by blame",
            "How many open and acknowledged groups blame a service most.",
            GROUPS,
            "bar_horizontal",
            Place(32, 7, 16, 12),
            (_COUNT,),
            (_SERVICE,),
            (_GROUP, _LIVING),
        ),
        Listing("living", "Groups in need of a person", LIVING.name, Place(0, 19, 48, 20)),
    ),
)

QUALITY: Final = Board(
    "quality",
    "Quality of the grouping",
    "How well groups are told apart, how much they change, and how much is left out of them.",
    "now-30d",
    (
        Panel(
            "silhouette",
            "Silhouette",
            "How much nearer events are to their exemplar than to the next group's: 1 is best, 0 is a guess.",
            GROUPS,
            "metric",
            Place(0, 0, 12, 7),
            (Metric("average", "Mean silhouette", "incident_group.silhouette"),),
            (),
            (_GROUP,),
        ),
        Panel(
            "noise-share",
            "Noise share",
            "The part of all events that is in no group.",
            HISTORY,
            "metric",
            Place(12, 0, 12, 7),
            (Metric("average", "Noise share", "incident_group.totals.noise_share"),),
            (),
            (_TOTALS,),
        ),
        Panel(
            "churn",
            "Exemplar changes and reopenings",
            "How often a group got another exemplar, or was opened again.",
            HISTORY,
            "metric",
            Place(24, 0, 12, 7),
            (Metric("count", "Changes"),),
            (_ACTION,),
            (_CHANGE, _CHURN),
        ),
        Panel(
            "edits",
            "Corrections by people",
            "How often people merged, split, moved or pinned: where they had to, the grouping was wrong.",
            HISTORY,
            "metric",
            Place(36, 0, 12, 7),
            (Metric("count", "Corrections"),),
            (),
            (_CHANGE, _HUMAN, _CORRECTIONS),
        ),
        Panel(
            "silhouette-over-time",
            "Silhouette over time",
            "By when the last event of a group came.",
            GROUPS,
            "line",
            Place(0, 7, 24, 11),
            (Metric("average", "Mean silhouette", "incident_group.silhouette"),),
            (Dates(),),
            (_GROUP, Filter("incident_group.silhouette")),
        ),
        Panel(
            "noise-over-time",
            "Noise share over time",
            "The part of all events that is in no group.",
            HISTORY,
            "line",
            Place(24, 7, 24, 11),
            (Metric("average", "Noise share", "incident_group.totals.noise_share"),),
            (Dates(),),
            (_TOTALS,),
        ),
        Panel(
            "churn-over-time",
            "Churn over time",
            "Exemplar changes and reopenings.",
            HISTORY,
            "bar_stacked",
            Place(0, 18, 24, 11),
            (Metric("count", "Changes"),),
            (_ACTION, Dates()),
            (_CHANGE, _CHURN),
        ),
        Panel(
            "edits-over-time",
            "Changes by people over time",
            "What people did to groups.",
            HISTORY,
            "bar_stacked",
            Place(24, 18, 24, 11),
            (Metric("count", "Changes"),),
            (_ACTION, Dates()),
            (_CHANGE, _HUMAN),
        ),
        Panel(
            "least-certain",
            "Groups that are least certain",
            "Those whose events are nearly as near to the next group, with how often they were changed.",
            GROUPS,
            "table",
            Place(0, 29, 48, 14),
            (
                Metric("average", "Silhouette", "incident_group.silhouette"),
                Metric("max", "Exemplar changes", "incident_group.exemplar_changes"),
                Metric("max", "Changes by people", "incident_group.edits"),
                Metric("max", "Events", "incident_group.count"),
            ),
            (Terms("incident_group.id", "Group", 20, descending=False),),
            (_GROUP, Filter("incident_group.silhouette")),
        ),
    ),
)

EXECUTIVE: Final = Board(
    "executive",
    "Executive summary",
    "How many incidents there were, how much fewer than events, and how soon they were taken up and ended.",
    "now-30d",
    (
        Panel(
            "incidents",
            "Incidents",
            "Groups, whatever became of them.",
            GROUPS,
            "metric",
            Place(0, 0, 12, 7),
            (Metric("count", "Incidents"),),
            (),
            (_GROUP,),
        ),
        Panel(
            "reduction",
            "Events for one incident",
            "How many alerts, log lines and spans an incident stands for.",
            GROUPS,
            "metric",
            Place(12, 0, 12, 7),
            (Metric("average", "Events for one incident", "incident_group.reduction"),),
            (),
            (_GROUP,),
        ),
        Panel(
            "time-to-acknowledge",
            "Time to acknowledge",
            "Mean, from the first event of a group to when a person took it up.",
            GROUPS,
            "metric",
            Place(24, 0, 12, 7),
            (Metric("average", "Mean time to acknowledge", "incident_group.time_to_acknowledge"),),
            (),
            (_GROUP,),
        ),
        Panel(
            "time-to-resolve",
            "Time to resolve",
            "Mean, from the first event of a group to when it was resolved.",
            GROUPS,
            "metric",
            Place(36, 0, 12, 7),
            (Metric("average", "Mean time to resolve", "incident_group.time_to_resolve"),),
            (),
            (_GROUP,),
        ),
        Panel(
            "incidents-over-time",
            "Incidents over time",
            "By when their last event came.",
            GROUPS,
            "bar_stacked",
            Place(0, 7, 24, 12),
            (Metric("count", "Incidents"),),
            (_SEVERITY, Dates()),
            (_GROUP,),
        ),
        Panel(
            "times-over-time",
            "Times over time",
            "Mean times, by when the last event of a group came.",
            GROUPS,
            "line",
            Place(24, 7, 24, 12),
            (
                Metric("average", "To acknowledge", "incident_group.time_to_acknowledge"),
                Metric("average", "To resolve", "incident_group.time_to_resolve"),
            ),
            (Dates(),),
            (_GROUP,),
        ),
        Panel(
            "reduction-over-time",
            "Events for one incident over time",
            "Of all that the store held at the time.",
            HISTORY,
            "line",
            Place(0, 19, 24, 12),
            (Metric("average", "Events for one incident", "incident_group.totals.reduction"),),
            (Dates(),),
            (_TOTALS,),
        ),
        Panel(
            "by-service",
            "Incidents by service",
            "By the service that is blamed most.",
            GROUPS,
            "table",
            Place(24, 19, 24, 12),
            (
                Metric("count", "Incidents"),
                _EVENTS,
                Metric("average", "Mean time to acknowledge", "incident_group.time_to_acknowledge"),
                Metric("average", "Mean time to resolve", "incident_group.time_to_resolve"),
            ),
            (_SERVICE,),
            (_GROUP,),
        ),
    ),
)
BOARDS: Final = (TRIAGE, QUALITY, EXECUTIVE)

"""The dashboard for those who ask how many incidents there are, and how long they last."""

from __future__ import annotations

from typing import Final

from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY
from stormcell_exporters.kibana.boards.parts import EVENTS, GROUP, SERVICE, SEVERITY, TOTALS
from stormcell_exporters.kibana.panels import Board, Dates, Metric, Panel, Place

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
            (GROUP,),
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
            (GROUP,),
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
            (GROUP,),
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
            (GROUP,),
        ),
        Panel(
            "incidents-over-time",
            "Incidents over time",
            "By when their last event came.",
            GROUPS,
            "bar_stacked",
            Place(0, 7, 24, 12),
            (Metric("count", "Incidents"),),
            (SEVERITY, Dates()),
            (GROUP,),
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
            (GROUP,),
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
            (TOTALS,),
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
                EVENTS,
                Metric("average", "Mean time to acknowledge", "incident_group.time_to_acknowledge"),
                Metric("average", "Mean time to resolve", "incident_group.time_to_resolve"),
            ),
            (SERVICE,),
            (GROUP,),
        ),
    ),
)

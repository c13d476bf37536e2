"""The dashboard on how well groups are told apart."""

from __future__ import annotations

from typing import Final

from stormcell.types import CORRECTIONS, EXEMPLAR
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY
from stormcell_exporters.kibana.boards.parts import GROUP, TOTALS
from stormcell_exporters.kibana.panels import Board, Dates, Filter, Metric, Panel, Place, Terms

_CHANGE: Final = Filter("event.dataset", ("stormcell.history",))
_HUMAN: Final = Filter("incident_group.history.human", (True,))
_CORRECTIONS: Final = Filter("event.action", CORRECTIONS)
_CHURN: Final = Filter("event.action", (EXEMPLAR, "reopen"))
_ACTION: Final = Terms("event.action", "What was done")

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
            (GROUP,),
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
            (TOTALS,),
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
            (GROUP, Filter("incident_group.silhouette")),
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
            (TOTALS,),
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
            (GROUP, Filter("incident_group.silhouette")),
        ),
    ),
)

"""The dashboard for whoever is on call."""

from __future__ import annotations

from typing import Final

from stormcell_exporters.elasticsearch.names import GROUPS
from stormcell_exporters.kibana.boards.parts import ALIVE, EVENTS, GROUP, SERVICE, SEVERITY
from stormcell_exporters.kibana.boards.sessions import LIVING
from stormcell_exporters.kibana.panels import Board, Dates, Filter, Listing, Metric, Panel, Place

_OPEN: Final = Filter("incident_group.status", ("open",))
_COUNT: Final = Metric("count", "Groups")

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
            (SEVERITY,),
            (GROUP, _OPEN),
        ),
        Panel(
            "open-events",
            "Events behind them",
            "How many alerts, log lines and spans the open groups stand for.",
            GROUPS,
            "metric",
            Place(32, 0, 16, 7),
            (EVENTS,),
            (),
            (GROUP, _OPEN),
        ),
        Panel(
            "groups-over-time",
            "Groups over time",
            "By when their last event came.",
            GROUPS,
            "bar_stacked",
            Place(0, 7, 32, 12),
            (_COUNT,),
            (SEVERITY, Dates()),
            (GROUP,),
        ),
        Panel(
            "services-by-blame",
            "Services by blame",
            "How many open and acknowledged groups blame a service most.",
            GROUPS,
            "bar_horizontal",
            Place(32, 7, 16, 12),
            (_COUNT,),
            (SERVICE,),
            (GROUP, ALIVE),
        ),
        Listing("living", "Groups in need of a person", LIVING.name, Place(0, 19, 48, 20)),
    ),
)

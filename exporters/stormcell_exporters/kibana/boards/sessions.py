"""What our Discover sessions show."""

from __future__ import annotations

from typing import Final

from stormcell_exporters.elasticsearch.names import GROUPS, MEMBERS
from stormcell_exporters.kibana.boards.parts import ALIVE, GROUP
from stormcell_exporters.kibana.panels import TIME, Filter, Session

_MEMBER: Final = Filter("event.dataset", ("stormcell.member",))

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
    (GROUP, ALIVE),
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

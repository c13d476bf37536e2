"""The table of the API: each line is a route, its place in the OpenAPI document, and in docs/api.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.convertors import StringConvertor, register_url_convertor

from stormcell.sidecar.api import changing, models, reading
from stormcell.sidecar.api.call import Endpoint
from stormcell.sidecar.api.models import Model
from stormcell.sidecar.auth import Scope

PREFIX: Final = "/api/v1"

ANY: Final = "stormcell_any"
"""What the router calls a part of a path that may hold anything, slashes and line breaks too."""


class _Any(StringConvertor):
    regex = r"[\s\S]+"


register_url_convertor(ANY, _Any())

_Handler = Callable[[Any], Mapping[str, Any]]


def _get(
    path: str, handler: _Handler, summary: str, answer: type[Any], query: type[Model] | None = None
) -> Endpoint:
    return Endpoint("GET", path, Scope.READ, handler, summary, answer, query, None)


def _post(
    path: str, handler: _Handler, summary: str, answer: type[Any], body: type[Model] = models.By
) -> Endpoint:
    return Endpoint("POST", path, Scope.OPERATE, handler, summary, answer, None, body)


# The first that fits answers. Uids are whatever the sender made them, slashes included; other ids are ours.
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    _get("/groups", reading.list_groups, "List groups.", models.Groups, models.GroupsQuery),
    _get("/groups/{id}", reading.show_group, "Show a group.", models.GroupBrief),
    _get("/groups/{id}/members", reading.list_members, "List why events are in it.", models.Members, models.Page),
    _get("/groups/{id}/drafts", reading.list_drafts, "Write its drafts.", models.Drafts, models.DraftsQuery),
    _get("/groups/{id}/history", reading.show_history, "Show who changed it.", models.History, models.Page),
    _post("/groups/merge", changing.merge, "Say that groups are one.", models.Changed, models.MergeBody),
    _post("/groups/{id}/ack", changing.acknowledge, "Mark it as acknowledged.", models.StatusChanged),
    _post("/groups/{id}/resolve", changing.resolve, "Mark it as resolved.", models.StatusChanged),
    _post("/groups/{id}/reopen", changing.reopen, "Mark it as open again.", models.StatusChanged),
    _post(
        "/groups/{id}/split", changing.split, "Say that events are not of it.", models.Changed, models.SplitBody
    ),
    _post(f"/events/{{uid:{ANY}}}/move", changing.move, "Move an event.", models.Changed, models.MoveBody),
    _post(f"/events/{{uid:{ANY}}}/pin", changing.pin, "Make an event the exemplar.", models.Changed),
    _get(f"/events/{{uid:{ANY}}}/explain", reading.explain_event, "Explain its place.", models.Explanation),
    _get("/feedback", reading.list_feedback, "List what people said.", models.FeedbackPage, models.Page),
    _post("/feedback/{id}/undo", changing.undo, "Take it back.", models.Undone),
    _get("/audit", reading.list_audit, "List who changed what.", models.Audit, models.Page),
)

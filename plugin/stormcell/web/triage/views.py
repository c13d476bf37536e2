"""The list of groups, and setting the status of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stormcell.errors import ConflictError
from stormcell.groups.lifecycle import Status
from stormcell.operate.find import group_of
from stormcell.operate.history import history_of
from stormcell.operate.status import set_status
from stormcell.store import SqliteStore
from stormcell.times import readable
from stormcell.types import Group
from stormcell.web.answers import Answer, Page, Redirect, Toast, Undo
from stormcell.web.call import PageCall, View, changes, shows
from stormcell.web.paths import group_path
from stormcell.web.triage import asking
from stormcell.web.triage.rows import listed

VERBS: Final = {Status.OPEN: "reopen", Status.ACKNOWLEDGED: "ack", Status.RESOLVED: "resolve"}
"""The last part of the path of each change."""
_DONE: Final = {Status.OPEN: "open again", Status.ACKNOWLEDGED: "acknowledged", Status.RESOLVED: "resolved"}


def show(call: PageCall) -> Page:
    """Show the list."""
    asked = asking.asked(call)
    page = listed(call.store, asked, call.context.now())
    data = {
        "asked": asked,
        "list": page,
        "severities": tuple(asking.SEVERITIES),
        "signals": asking.SIGNALS,
        "spans": tuple(asking.SPANS),
        "statuses": tuple(asking.STATUSES),
    }
    return Page("triage/list.html", data)


def to(status: Status) -> Callable[[PageCall], Answer]:
    """Return a handler that sets the status of a group, and offers to set it back.

    The form says in ``status`` what the person saw; "" sets it whatever it is.
    """

    def handler(call: PageCall) -> Answer:
        with call.store.changing():
            found = group_of(call.store, call.params["id"])
            if call.sent("status") not in ("", found.status) and found.status != status:
                raise ConflictError(_otherwise(call.store, found))
            done = set_status(call.store, found.id, status, call.person)
        back = call.back(group_path(found.id))
        if not done.changed:
            return Redirect(back, Toast(f"{found.id} was {_DONE[status]} already"))
        undo = Undo(f"{group_path(found.id)}/{VERBS[Status(done.before)]}", {"status": status.value})
        return Redirect(back, Toast(f"{found.id} is {_DONE[status]}", undo))

    return handler


def _otherwise(store: SqliteStore, group: Group) -> str:
    _, entries = history_of(store, group.id)
    told = f"nothing was changed: {group.id} is {group.status} meanwhile"
    last = next((entry for entry in reversed(entries) if entry.action in VERBS.values()), None)
    return f"{told}, by {last.person} at {readable(last.time)}" if last else told


VIEWS: Final[tuple[View, ...]] = (
    shows("/", show),
    shows("/groups", lambda call: Redirect("/")),
    *(changes(f"/groups/{{id}}/{verb}", to(status)) for status, verb in VERBS.items()),
)

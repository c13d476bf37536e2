"""The pages of one group, of one event, and of the audit trail."""

from __future__ import annotations

from typing import Final

from stormcell.errors import NotFoundError
from stormcell.operate.find import group_of
from stormcell.types import Group
from stormcell.web.answers import Answer, Download, Fragment, Page, Redirect
from stormcell.web.call import PageCall, View, changes, shows
from stormcell.web.group import actions
from stormcell.web.group.around import Gone, around, gone
from stormcell.web.group.audit import trail
from stormcell.web.group.downloads import as_csv, as_ndjson
from stormcell.web.group.members import asked, members
from stormcell.web.group.page import group_page
from stormcell.web.group.why import why
from stormcell.web.paths import group_path


def show(call: PageCall) -> Answer:
    """Show a group; of one that is no more, what became of it."""
    id = call.params["id"]
    group = call.store.head_of(id)
    if group is None:
        ended = gone(call.store, id)
        if ended is None and call.scripted:
            ended = Gone(id)  # it was there when the page was opened, on which this is to be told
        if ended is not None:
            return Page("group/gone.html", {"gone": ended})
        # The start of an id is good, too; what is none raises.
        return Redirect(group_path(group_of(call.store, id).id))
    wanted = asked(call.asked, call.query.get("why", ()))
    with call.store.looking():
        found = members(call.store, group, wanted)
        shown = {member.event.uid for member in found.page}
        whys = {uid: why(call.store, uid) for uid in wanted.open if uid in shown}
        view = group_page(call.store, group, call.settings, call.asked("others"))
    return Page("group/page.html", {"view": view, "found": found, "whys": whys})


def similar(call: PageCall) -> Answer:
    """Show the groups that are like one, and who calls whom in it."""
    group = _group(call)
    data = {"group": group, "around": around(call.store, group, call.settings)}
    return Fragment("group/around.html", data) if call.scripted else Page("group/similar.html", data)


def event(call: PageCall) -> Answer:
    """Show why an event is where it is."""
    return Page("group/event.html", {"why": why(call.store, call.asked("uid"))})


def members_csv(call: PageCall) -> Download:
    """Return the members of a group as CSV."""
    group = _group(call)
    return Download(as_csv(call.store, group.id), _name(group, "csv"), "text/csv; charset=utf-8")


def members_ndjson(call: PageCall) -> Download:
    """Return the members of a group as NDJSON."""
    group = _group(call)
    return Download(as_ndjson(call.store, group.id), _name(group, "ndjson"), "application/x-ndjson")


def audit(call: PageCall) -> Page:
    """Show the audit trail."""
    return Page("group/audit.html", {"trail": trail(call.store, call.asked)})


def _group(call: PageCall) -> Group:
    found = call.store.head_of(call.params["id"])
    if found is None:
        raise NotFoundError(f"no group {call.params['id']!r} in the store; the list of groups shows them all")
    return found


def _name(group: Group, ending: str) -> str:
    plain = "".join(letter for letter in group.id if letter.isascii() and (letter.isalnum() or letter in "-_"))
    return f"{plain or 'group'}-members.{ending}"


VIEWS: Final[tuple[View, ...]] = (
    shows("/audit", audit),
    shows("/groups/event", event),
    shows("/groups/{id}", show),
    shows("/groups/{id}/similar", similar),
    shows("/groups/{id}/members.csv", members_csv),
    shows("/groups/{id}/members.ndjson", members_ndjson),
    changes("/groups/{id}/merge", actions.merge),
    changes("/groups/{id}/split", actions.split),
    changes("/groups/{id}/move", actions.move),
    changes("/groups/{id}/pin", actions.pin),
    changes("/groups/{id}/undo", actions.undo),
)

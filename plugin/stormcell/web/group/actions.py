"""What people do to groups on a group's page: each answers with where to go on, and how to take it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Final

from stormcell.errors import ConflictError, InputError, NotFoundError
from stormcell.groups.lifecycle import Status
from stormcell.operate import feedback
from stormcell.operate.people import Said
from stormcell.operate.status import set_status
from stormcell.types import Group
from stormcell.web.answers import Redirect, Toast, Undo
from stormcell.web.call import PageCall
from stormcell.web.group.events import cut
from stormcell.web.group.members import path_of

_DONE: Final = {
    Status.OPEN: "Reopened",
    Status.ACKNOWLEDGED: "Acknowledged",
    Status.RESOLVED: "Resolved",
}
_NAMED: Final = 60


def explained_in_place(change: Callable[[PageCall], Redirect]) -> Callable[[PageCall], Redirect]:
    """Return a change that says on the page that it was made from why it could not be done."""

    @wraps(change)
    def tried(call: PageCall) -> Redirect:
        try:
            return change(call)
        except (ConflictError, InputError, NotFoundError) as error:
            told = str(error).replace(str(call.context.store_path), "the store")
            path = path_of(call.params["id"]) if "id" in call.params else "/"
            return Redirect(call.back(path), Toast(f"Nothing was changed: {told}.", bad=True))

    return tried


@explained_in_place
def acknowledge(call: PageCall) -> Redirect:
    """Mark the group as acknowledged."""
    return _set(call, Status.ACKNOWLEDGED)


@explained_in_place
def resolve(call: PageCall) -> Redirect:
    """Mark the group as resolved."""
    return _set(call, Status.RESOLVED)


@explained_in_place
def reopen(call: PageCall) -> Redirect:
    """Mark the group as open again."""
    return _set(call, Status.OPEN)


@explained_in_place
def merge(call: PageCall) -> Redirect:
    """Say that the group and others are one incident."""
    id = call.params["id"]
    chosen = _chosen(call)
    done = feedback.merge(call.store, [id, *chosen], call.person, call.settings)
    [kept, *_] = done.groups
    told = f"Merged into “{_short(kept)}”, which has {kept.count:,} events now"
    return Redirect(path_of(kept.id), _told(call, told, done, path_of(id)))


@explained_in_place
def split(call: PageCall) -> Redirect:
    """Say that the events that are selected are a group of their own."""
    id = call.params["id"]
    events = call.form.get("event", ())
    if not events:
        raise InputError("no member is selected; tick those that are another incident, then split")
    done = feedback.split(call.store, id, events, call.person, call.settings)
    new = [group for group in done.groups if group.id != id]
    named = ", ".join(f"“{_short(group)}” with {group.count:,}" for group in new) or "a group of its own"
    return Redirect(call.back(path_of(id)), _told(call, f"Split off: {named}", done, path_of(id), links=new))


@explained_in_place
def move(call: PageCall) -> Redirect:
    """Say that the event that is selected is of another group."""
    id = call.params["id"]
    events = call.form.get("event", ())
    if len(events) != 1:
        raise InputError(
            f"{len(events) or 'no'} members are selected; moving takes one at a time: all that say the same go with it"
        )
    chosen = _chosen(call)
    if len(chosen) > 1:
        raise InputError(f"{len(chosen)} groups are chosen; an event is moved to one")
    done = feedback.move(call.store, events[0], chosen[0], call.person, call.settings)
    into = next((group for group in done.groups if group.id == chosen[0]), done.groups[-1])
    told = f"Moved to “{_short(into)}”, which has {into.count:,} events now"
    return Redirect(call.back(path_of(id)), _told(call, told, done, path_of(id)))


@explained_in_place
def pin(call: PageCall) -> Redirect:
    """Say that an event is the exemplar of the group that holds it."""
    id = call.params["id"]
    done = feedback.pin(call.store, call.sent("event"), call.person, call.settings)
    return Redirect(call.back(path_of(id)), _told(call, "Pinned as the exemplar", done, path_of(id)))


@explained_in_place
def undo(call: PageCall) -> Redirect:
    """Take back what was said."""
    done = feedback.undo(call.store, call.params["id"], call.person, call.settings)
    if not done.changed:
        told = "It had been taken back before; nothing was changed"
    elif done.restored:
        told = "Taken back: the groups are as they were"
    else:
        told = "Taken back: the next grouping will do without it, as the groups were made anew since"
    if done.lost:
        told += f". What was said later does not hold without it: {'; '.join(why for _, why in done.lost)}"
    return Redirect(call.back("/"), Toast(f"{told}.", bad=bool(done.lost)))


def _set(call: PageCall, status: Status) -> Redirect:
    done = set_status(call.store, call.params["id"], status, call.person)
    back = call.back(path_of(done.group.id))
    if not done.changed:
        return Redirect(back, Toast(f"It is {status.value} already; nothing was changed."))
    before = {Status.OPEN: "reopen", Status.ACKNOWLEDGED: "ack", Status.RESOLVED: "resolve"}[Status(done.before)]
    taken_back = Undo(f"{path_of(done.group.id)}/{before}", {"back": back})
    return Redirect(back, Toast(f"{_DONE[status]}: {_short(done.group)}", taken_back))


def _chosen(call: PageCall) -> Sequence[str]:
    chosen = [id for id in call.form.get("other", ()) if id]
    if not chosen:
        raise InputError("no other group is chosen; choose one of the list")
    return chosen


def _told(call: PageCall, text: str, done: Said, back: str, links: Sequence[Group] = ()) -> Toast:
    if not done.changed:
        return Toast("It was so already; nothing was changed.")
    if done.contradicted:
        text += f". Said before, and no longer true: {', '.join(done.contradicted)}"
    assert done.feedback is not None  # something was said, for it changed
    return Toast(f"{text}.", Undo(f"/feedback/{done.feedback.id}/undo", {"back": back}))


def _short(group: Group) -> str:
    return cut(" ".join(group.title.split()), _NAMED) or group.id

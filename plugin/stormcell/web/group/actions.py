"""What people do to groups on a group's page: each answers with where to go on, and how to take it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Final
from urllib.parse import unquote

from stormcell.errors import ConflictError, InputError, NotFoundError
from stormcell.operate import feedback
from stormcell.operate.people import Said
from stormcell.types import Group
from stormcell.web.answers import Redirect, Toast, Undo
from stormcell.web.call import PageCall
from stormcell.web.group.events import cut
from stormcell.web.paths import group_path

_NAMED: Final = 60


def explained_in_place(change: Callable[[PageCall], Redirect]) -> Callable[[PageCall], Redirect]:
    """Return a change that says on the page that it was made from why it could not be done."""

    @wraps(change)
    def tried(call: PageCall) -> Redirect:
        try:
            return change(call)
        except (ConflictError, InputError, NotFoundError) as error:
            told = str(error).replace(str(call.context.store_path), "the store")
            return Redirect(
                call.back(group_path(call.params["id"])), Toast(f"Nothing was changed: {told}.", bad=True)
            )

    return tried


@explained_in_place
def merge(call: PageCall) -> Redirect:
    """Say that the group and others are one incident."""
    id = call.params["id"]
    chosen = _chosen(call)
    done = feedback.merge(call.store, [id, *chosen], call.person, call.settings)
    kept = next(group for group in done.groups if group.id not in done.gone)
    told = f"Merged into “{_short(kept)}”, which has {kept.count:,} events now"
    here = group_path(kept.id)
    return Redirect(call.back(here) if kept.id == id else here, _told(told, done, kept.id))


@explained_in_place
def split(call: PageCall) -> Redirect:
    """Say that the events that are selected are a group of their own."""
    id = call.params["id"]
    events = _events(call)
    if not events:
        raise InputError("no member is selected; tick those that are another incident, then split")
    done = feedback.split(call.store, id, events, call.person, call.settings)
    new = [group for group in done.groups if group.id != id]
    named = ", ".join(f"{group.id} “{_short(group)}” with {group.count:,} events" for group in new)
    return Redirect(call.back(group_path(id)), _told(f"Split off: {named}", done, id))


@explained_in_place
def move(call: PageCall) -> Redirect:
    """Say that the event that is selected is of another group."""
    id = call.params["id"]
    events = _events(call)
    if len(events) != 1:
        raise InputError(
            f"{len(events) or 'no'} members are selected; move one at a time: all that say the same go along"
        )
    chosen = _chosen(call)
    if len(chosen) > 1:
        raise InputError(f"{len(chosen)} groups are chosen; an event is moved to one")
    done = feedback.move(call.store, events[0], chosen[0], call.person, call.settings)
    into = next((group for group in done.groups if group.id == chosen[0]), done.groups[-1])
    told = f"Moved to “{_short(into)}”, which has {into.count:,} events now"
    return Redirect(call.back(group_path(id)), _told(told, done, id))


@explained_in_place
def pin(call: PageCall) -> Redirect:
    """Say that an event is the exemplar of the group that holds it."""
    id = call.params["id"]
    [event, *_] = _events(call) or [""]
    done = feedback.pin(call.store, event, call.person, call.settings)
    return Redirect(call.back(group_path(id)), _told("Pinned as the exemplar", done, id))


@explained_in_place
def undo(call: PageCall) -> Redirect:
    """Take back what was said."""
    done = feedback.undo(call.store, call.sent("feedback"), call.person, call.settings)
    if not done.changed:
        told = "It had been taken back before; nothing was changed"
    elif done.restored:
        told = "Taken back: the groups are as they were"
    else:
        told = "Taken back: the next grouping will do without it, as the groups were made anew since"
    if done.lost:
        told += f". What was said later does not hold without it: {'; '.join(why for _, why in done.lost)}"
    return Redirect(call.back(group_path(call.params["id"])), Toast(f"{told}.", bad=bool(done.lost)))


def _events(call: PageCall) -> Sequence[str]:
    """Return the uids that were sent: quoted, as pages show no hidden characters, nor would forms keep them."""
    return [unquote(uid, errors="surrogatepass") for uid in call.form.get("event", ())]


def _chosen(call: PageCall) -> Sequence[str]:
    chosen = [id for id in call.form.get("other", ()) if id]
    if not chosen:
        raise InputError("no other group is chosen; choose one of the list")
    return chosen


def _told(text: str, done: Said, group: str) -> Toast:
    """Return what was done, and how to take it back on the page of a group."""
    if not done.changed or done.feedback is None:
        return Toast("It was so already; nothing was changed.")
    if done.contradicted:
        text += f". Said before, and no longer true: {', '.join(done.contradicted)}"
    return Toast(f"{text}.", Undo(f"{group_path(group)}/undo", {"feedback": done.feedback.id}))


def _short(group: Group) -> str:
    return cut(" ".join(group.title.split()), _NAMED) or group.id

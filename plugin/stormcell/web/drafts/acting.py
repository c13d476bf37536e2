"""The buttons on the page of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.operate import reviews
from stormcell.operate.people import Person
from stormcell.types import Review, ReviewState
from stormcell.web.answers import Toast
from stormcell.web.call import PageCall
from stormcell.web.drafts.editing import seen_of

Done = tuple[Review, Toast]


def done(call: PageCall, person: Person) -> Done:
    """Do what the field ``do`` of a form says; return the draft as it is now, and what was done.

    Raises
    ------
    StormcellError
        Whatever the change raises.
    """
    found = _ACTS.get(call.sent("do"))
    if found is None:
        raise InputError("this form says of no button that it was pressed; load the page again")
    return found(call, person)


def templates(settings: Settings, kind: str) -> Sequence[str]:
    """Return the names of the templates of a kind.

    Raises
    ------
    TemplateError
        If one is broken.
    """
    from stormcell.render.templates import load

    return sorted(one.name for one in load(settings.drafts.templates, kind).templates)


def _submit(call: PageCall, person: Person) -> Done:
    reviewer = call.sent("reviewer").strip()
    review = reviews.submit(call.store, call.params["id"], person, seen=seen_of(call), reviewer=reviewer)
    return review, Toast(f"{reviewer or 'Whoever comes'} is to review it")


def _comment(call: PageCall, person: Person) -> Done:
    return reviews.comment(call.store, call.params["id"], person, call.sent("text")), Toast("Your comment is kept")


def _send_back(call: PageCall, person: Person) -> Done:
    review = reviews.send_back(call.store, call.params["id"], person, seen=seen_of(call), text=call.sent("text"))
    return review, Toast("It is a draft again")


def _withdraw(call: PageCall, person: Person) -> Done:
    review = reviews.withdraw(call.store, call.params["id"], person, seen=seen_of(call), text=call.sent("text"))
    return review, Toast("It is given up")


def _approve(call: PageCall, person: Person) -> Done:
    text = call.sent("text").strip()
    review = reviews.approve(call.store, call.params["id"], person, call.settings, seen=seen_of(call), text=text)
    return review, Toast(f"Revision {review.latest.number} is approved")


def _redraft(call: PageCall, person: Person) -> Done:
    review = reviews.redraft(call.store, call.params["id"], person, call.settings, seen=seen_of(call))
    return review, Toast(f"Revision {review.latest.number} is made of the group as it is now")


def _publish(call: PageCall, person: Person) -> Done:
    places = call.form.get("to", ())
    if not places and call.settings.drafts.publish:
        raise InputError("no place is chosen; choose where it is to be published")
    review = reviews.publish(
        call.store,
        call.params["id"],
        person,
        call.settings,
        seen=seen_of(call),
        destinations=places,
        unmasked=bool(call.sent("unmasked")),
        stale=bool(call.sent("stale")),
    )
    told = [one for one in review.publications if one.time == person.now]
    refused = [one.destination for one in told if one.problem]
    if refused:
        return review, Toast(f"Not taken by {', '.join(refused)}; the history says why", bad=True)
    taken = ", ".join(one.destination for one in told)
    if review.state is not ReviewState.PUBLISHED:
        return review, Toast(f"Taken by {taken}")
    return review, Toast(f"Published: {taken}" if taken else "It was published already")


_ACTS: Final[Mapping[str, Callable[[PageCall, Person], Done]]] = {
    "approve": _approve,
    "comment": _comment,
    "publish": _publish,
    "redraft": _redraft,
    "send-back": _send_back,
    "submit": _submit,
    "withdraw": _withdraw,
}

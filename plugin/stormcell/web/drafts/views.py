"""What is asked of the pages of drafts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from stormcell.access import Scope
from stormcell.errors import ConflictError, InputError, SettingsError, TemplateError
from stormcell.operate import drafting, reviews
from stormcell.operate.find import group_of
from stormcell.operate.reviewing import review_of
from stormcell.render import POSTMORTEM, RUNBOOK
from stormcell.review.states import LIVING, MOVES, Move
from stormcell.types import Review, ReviewState
from stormcell.web.answers import Answer, Download, Fragment, Page, Redirect, Toast
from stormcell.web.call import PageCall, View, changes, shows, whole
from stormcell.web.drafts import acting, editing
from stormcell.web.drafts.listing import EVERY, STATES, listed
from stormcell.web.drafts.page import review_page
from stormcell.web.drafts.sources import sources
from stormcell.web.markdown import blanks, html
from stormcell.web.problems import Problem

WRONG: Final = (ConflictError, InputError, SettingsError, TemplateError)
"""What people can mend on the page where they did it."""


def show_list(call: PageCall) -> Page:
    """Show all drafts in review."""
    state = call.asked("state", EVERY)
    state = state if state in STATES else EVERY
    found = listed(call.store, call.settings, state, call.asked("after"))
    return Page(
        "drafts/list.html", {"list": found, "state": state, "states": STATES, "after": call.asked("after")}
    )


def show(call: PageCall) -> Answer:
    """Show a draft, or its text as a file."""
    review = review_of(call.store, call.params["id"])
    if call.asked("as") == "markdown":
        text = review.latest.markdown.encode("utf-8", "replace")
        return Download(text, f"{review.kind}-{review.id}.md", "text/markdown; charset=utf-8")
    return _page(call, review)


def act(call: PageCall) -> Answer:
    """Do to a draft what a button says; what goes wrong is told on its page, with all that was written."""
    person = call.person
    try:
        review, toast = acting.done(call, person)
    except WRONG as error:
        return _page(call, review_of(call.store, call.params["id"]), str(error))
    return Redirect(f"/drafts/{review.id}", toast)


def start(call: PageCall) -> Answer:
    """Show the draft of a group as it is made now; one that is in review already is shown itself."""
    return _start(call)


def begin(call: PageCall) -> Answer:
    """Take a draft up for review."""
    group, kind = call.params["id"], _kind(call)
    try:
        review = reviews.begin(call.store, group, kind, call.person, call.settings, call.sent("template"))
    except WRONG as error:
        return _start(call, str(error))
    return Redirect(
        f"/drafts/{review.id}", Toast(f"This {kind} is yours to edit; ask for a review when it is done")
    )


def edit(call: PageCall) -> Answer:
    """Show the editor."""
    review = review_of(call.store, call.params["id"])
    if review.state not in MOVES[Move.EDIT]:
        raise ConflictError(f"draft {review.id} is {review.state.value} and cannot be edited any more")
    return _editor(editing.editor(review))


def save(call: PageCall) -> Answer:
    """Keep a text, or show how it looks; nothing that was written is lost to what goes wrong."""
    review = review_of(call.store, call.params["id"])
    if call.sent("do") == "preview":
        return _editor(editing.again(call, review))
    try:
        kept = editing.saved(call)
    except WRONG as error:
        return _editor(editing.again(call, review_of(call.store, review.id), str(error)))
    told = f"saved as revision {kept.latest.number}"
    if kept.id != review.id:
        told = "saved as a new draft, which is to follow the published one"
    elif kept.version == review.version:
        told = "nothing was changed"
    return Redirect(f"/drafts/{kept.id}", Toast(told[0].upper() + told[1:]))


def preview(call: PageCall) -> Answer:
    """Show how a text looks."""
    text = editing.checked(call.sent("text"))
    return Fragment("drafts/preview.html", {"html": html(text), "blanks": blanks(text)})


def _page(call: PageCall, review: Review, problem: str = "") -> Page:
    found = review_page(
        call.store,
        review,
        call.settings,
        revision=_number(call, "revision"),
        old=_number(call, "old"),
        new=_number(call, "new"),
    )
    checked = sources(call.store, found.shown.markdown, call.settings) if call.asked("check") else None
    data = {
        "checked": checked,
        "four_eyes": call.settings.drafts.four_eyes,
        "page": found,
        "problem": problem,
        "review": review,
        "said": call.sent("text") if problem else "",
        "reviewer": call.sent("reviewer") if problem else review.reviewer,
        "chosen": call.form.get("to", ()) if problem else found.wanting,
    }
    return Page("drafts/page.html", data, HTTPStatus.CONFLICT if problem else HTTPStatus.OK)


def _editor(model: editing.Editor) -> Page:
    return Page("drafts/edit.html", {"edit": model}, HTTPStatus.CONFLICT if model.problem else HTTPStatus.OK)


def _start(call: PageCall, problem: str = "") -> Answer:
    kind = _kind(call)
    with call.store.looking():
        group = group_of(call.store, call.params["id"])
        known = [one for one in call.store.reviews(group.id) if one.kind == kind]
        living = next((one for one in known if one.state in LIVING), None)
        if living is not None and not problem:
            return Redirect(f"/drafts/{living.id}")
        template = call.asked("template") or call.sent("template")
        try:
            made = drafting.draft(call.store, group.id, kind, call.settings, template)
        except TemplateError as error:
            if not template:
                raise
            problem = problem or str(error)
            made = drafting.draft(call.store, group.id, kind, call.settings)
    published = next((one.id for one in known if one.state is ReviewState.PUBLISHED), "")
    data = {
        "blanks": blanks(made.markdown),
        "group": group,
        "html": html(made.markdown),
        "kind": kind,
        "problem": problem,
        "published": published,
        "template": made.template,
        "templates": acting.templates(call.settings, kind),
    }
    return Page("drafts/start.html", data, HTTPStatus.CONFLICT if problem else HTTPStatus.OK)


def _kind(call: PageCall) -> str:
    kind = call.params["kind"]
    if kind not in (RUNBOOK, POSTMORTEM):
        raise Problem(
            HTTPStatus.NOT_FOUND, f"there are no drafts of this kind; there are {RUNBOOK} and {POSTMORTEM}"
        )
    return kind


def _number(call: PageCall, name: str) -> int:
    return whole(call.asked(name)) or 0


VIEWS: Final[tuple[View, ...]] = (
    shows("/drafts", show_list),
    changes("/drafts/preview", preview),
    shows("/drafts/{id}", show),
    changes("/drafts/{id}", act),
    View("GET", "/drafts/{id}/edit", edit, Scope.OPERATE),
    changes("/drafts/{id}/edit", save),
    shows("/groups/{id}/draft/{kind}", start),
    changes("/groups/{id}/draft/{kind}", begin),
)

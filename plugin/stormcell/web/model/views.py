"""The pages of codebooks."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from stormcell.errors import CodebookError
from stormcell.operate.codebooks import opened
from stormcell.store.model import CANARY, DRIFT
from stormcell.web.answers import Answer, Download, Page, Redirect, Toast
from stormcell.web.call import PageCall, View, administers, shows, whole
from stormcell.web.model import acting
from stormcell.web.model.listing import listed
from stormcell.web.model.noted import NOTES, noted
from stormcell.web.model.page import shown
from stormcell.web.model.trying import trying
from stormcell.web.model.watching import WINDOWS, Watching, watching


def show_list(call: PageCall) -> Answer:
    """Show all codebooks, and what the live one makes of what comes."""
    return _list(call)


def show(call: PageCall) -> Answer:
    """Show a codebook, or its document as a file."""
    stored = call.store.codebook(call.params["version"])
    if stored.version != call.params["version"]:
        return Redirect(f"/codebooks/{stored.version}")
    if call.asked("as") == "document":
        document = call.store.codebook_document(stored.version)
        return Download(document, f"{stored.version}.json", "application/json")
    page = shown(call.store, stored, whole(call.asked("from"), 10**6) or 0)
    notes = noted(call.store.notes(version=stored.version, limit=NOTES))
    return Page("model/codebook.html", {"page": page, "notes": notes})


def act(done: Callable[[PageCall], Toast]) -> Callable[[PageCall], Answer]:
    """Return a handler that does something; what goes wrong is told on the list."""

    def handler(call: PageCall) -> Answer:
        try:
            toast = done(call)
        except acting.WRONG as error:
            return _list(call, str(error))
        return Redirect("/codebooks", toast)

    return handler


def _list(call: PageCall, problem: str = "") -> Page:
    with call.store.looking():
        found = listed(call.store)
        watched, damage = _watched(call, found.live.version if found.live is not None else "")
        data: dict[str, Any] = {
            "damage": damage,
            "list": found,
            "notes": noted(call.store.notes(limit=NOTES)),
            "problem": problem,
            "settings": call.settings,
            "trying": trying(found.canary.version, call.store.model_state(CANARY)) if found.canary else None,
            "watched": watched,
        }
    return Page("model/list.html", data, HTTPStatus.CONFLICT if problem else HTTPStatus.OK)


def _watched(call: PageCall, live: str) -> tuple[Watching, str]:
    """Return what the live codebook made of the last windows, and why it cannot be used, "" where it can."""
    windows = call.store.windows(live, limit=WINDOWS) if live else []
    if not live:
        return Watching((), ()), ""
    try:
        codebook = opened(call.store, live)
    except CodebookError as error:
        return Watching((), ()), str(error).replace(f"{call.store.codebook_folder}/", "")
    state = (call.store.model_state(DRIFT) or {}).get("state") or {}
    return watching(codebook, windows, state, call.settings.drift), ""


VIEWS: Final[tuple[View, ...]] = (
    shows("/codebooks", show_list),
    administers("/codebooks/rollback", act(acting.roll_back)),
    administers("/codebooks/canary/stop", act(acting.stop)),
    administers("/codebooks/retrain", act(acting.retrain)),
    shows("/codebooks/{version}", show),
    administers("/codebooks/{version}/canary", act(acting.try_out)),
    administers("/codebooks/{version}/promote", act(acting.promote)),
    administers("/codebooks/{version}/reject", act(acting.reject)),
)

"""What can be asked of groups, events and the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from stormcell.operate.drafting import draft
from stormcell.operate.explain import explained, explanation_json
from stormcell.operate.find import group_of
from stormcell.operate.history import entry_json, history_of
from stormcell.sidecar.api import documents
from stormcell.sidecar.api.answer import finite
from stormcell.sidecar.api.call import Call
from stormcell.sidecar.api.cursors import cursor, parts
from stormcell.sidecar.api.models import DraftsQuery, GroupsQuery, Page
from stormcell.store.listing import By, Order, Wanted, position
from stormcell.times import rfc3339
from stormcell.types import AuditEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def list_groups(call: Call[GroupsQuery, None]) -> dict[str, Any]:
    """Return a page of groups."""
    asked = call.query
    order = Order(By(asked.sort.removeprefix("-")), descending=asked.sort.startswith("-"))
    wanted = Wanted(
        status=asked.status or "",
        service=asked.service,
        signal=asked.signal or "",
        severity=asked.severity,
        since=_ns(asked.since),
        until=_ns(asked.until),
        text=asked.text,
    )
    kind = f"groups {asked.sort}"
    after = cast("tuple[int, str]", tuple(parts(asked.cursor, kind, int, str))) if asked.cursor else None
    # One more than asked for tells whether there is another page.
    found = call.store.page_of_groups(wanted, order, limit=asked.limit + 1, after=after)
    page = found[: asked.limit]
    more = len(found) > len(page)
    return {
        "groups": [documents.group_brief(group) for group in page],
        "next": cursor(kind, *position(page[-1], order)) if more else None,
    }


def show_group(call: Call[None, None]) -> dict[str, Any]:
    """Return one group."""
    return documents.group_brief(group_of(call.store, call.named))


def list_members(call: Call[Page, None]) -> dict[str, Any]:
    """Return a page of a group's members."""
    asked = call.query
    group = group_of(call.store, call.named)
    after = str(parts(asked.cursor, "members", str)[0]) if asked.cursor else None
    found = call.store.page_of_members(group.id, limit=asked.limit + 1, after=after)
    page = found[: asked.limit]
    return {
        "group": group.id,
        "members": [documents.member(uid, atom) for uid, atom in page],
        "next": cursor("members", page[-1][0]) if len(found) > len(page) else None,
    }


def list_drafts(call: Call[DraftsQuery, None]) -> dict[str, Any]:
    """Return the drafts of a group, written now."""
    made = draft(call.store, call.named, call.query.kind, call.settings, call.query.template)
    return {"group": made.group, "drafts": [documents.draft(made)]}


def show_history(call: Call[Page, None]) -> dict[str, Any]:
    """Return a page of what happened to a group."""
    asked = call.query
    id, found = history_of(call.store, call.named, limit=asked.limit + 1, after=_number(asked))
    return {"group": id, **_entries(found, asked.limit)}


def list_audit(call: Call[Page, None]) -> dict[str, Any]:
    """Return a page of the audit log."""
    asked = call.query
    return _entries(call.store.audit_log(limit=asked.limit + 1, after=_number(asked)), asked.limit)


def show_seal(call: Call[None, None]) -> dict[str, Any]:
    """Return the seal of the newest entry of the audit log."""
    found = call.store.audit_seal()
    return {"number": found.number, "seal": found.seal}


def list_feedback(call: Call[Page, None]) -> dict[str, Any]:
    """Return a page of what people said."""
    asked = call.query
    known = call.store.feedback()
    after = int(parts(asked.cursor, "feedback", int)[0]) if asked.cursor else 0
    page = known[max(after, 0) :][: asked.limit]
    end = max(after, 0) + len(page)
    return {
        "feedback": [documents.feedback(one) for one in page],
        "next": cursor("feedback", end) if end < len(known) else None,
    }


def explain_event(call: Call[None, None]) -> dict[str, Any]:
    """Return why an event is where it is."""
    found = explained(call.store, call.named)
    atom = replace(
        found.atom,
        surprise=cast("float", finite(found.atom.surprise)),
        runner_up_dissimilarity=finite(found.atom.runner_up_dissimilarity),
    )
    return explanation_json(replace(found, atom=atom))


def show_outbox(call: Call[None, None]) -> dict[str, Any]:
    """Return what waits to go out, and what was given up."""
    return {
        "exporters": [
            {
                "name": name,
                "pending": count.pending,
                "dead": count.dead,
                "oldest": None if count.oldest is None else rfc3339(count.oldest),
            }
            for name, count in call.store.outbox_counts().items()
        ]
    }


def _entries(found: list[AuditEntry], limit: int) -> dict[str, Any]:
    page = found[:limit]
    return {
        "entries": [entry_json(entry) for entry in page],
        "next": cursor("audit", page[-1].number) if len(found) > len(page) else None,
    }


def _number(asked: Page) -> int:
    return int(parts(asked.cursor, "audit", int)[0]) if asked.cursor else 0


def _ns(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1) * 1000

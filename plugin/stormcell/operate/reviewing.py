"""What every change of a draft in review does: find it, see that it is as it was seen, keep it, and log it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from stormcell.config import Settings
from stormcell.errors import ConflictError, InputError, NotFoundError
from stormcell.operate.people import Person
from stormcell.review.stale import why_stale
from stormcell.store import SqliteStore
from stormcell.times import readable
from stormcell.types import AuditEntry, Group, Kind, Review, Value

MAX_TEXT: Final = 1024 * 1024
"""Bytes of a draft in UTF-8."""
MAX_COMMENT: Final = 64 * 1024
"""Bytes of a comment or a note in UTF-8."""
MAX_KEPT: Final = 32 * 1024 * 1024
"""Characters of all texts and comments of a draft: each change reads and writes all of them."""
MAX_NAME: Final = 1024
"""Bytes of a person's name in UTF-8."""


def review_of(store: SqliteStore, id: str) -> Review:
    """Return the draft in review of an id, of the one id that starts so, or of GROUP/KIND.

    Raises
    ------
    NotFoundError
        If there is none.
    ConflictError
        If several start so.
    """
    found = store.review(id)
    if found is None:
        raise NotFoundError(
            f"no draft {id!r} in the store; `stormcell drafts list` shows them all,"
            " and `stormcell drafts start GROUP` begins one"
        )
    return found


def log_of(store: SqliteStore, review: Review) -> list[AuditEntry]:
    """Return what the audit log says of a draft in review, oldest first; retention may have taken the oldest."""
    return [entry for entry in store.audit_log(review.group) if entry.target == review.id]


def check_seen(store: SqliteStore, review: Review, seen: int) -> None:
    """Make sure that a review is of the version that somebody saw.

    Raises
    ------
    ConflictError
        If it is not, with who changed it, and when.
    """
    if review.version == seen:
        return
    told = f"it is of version {review.version} now and you saw {seen}; look at it again, then do it anew"
    if seen > review.version:
        raise ConflictError(f"draft {review.id} was never of version {seen}: {told}")
    last = _last(store, review)
    who = f"{last.action} by {last.person}, " if last else ""
    raise ConflictError(
        f"draft {review.id} was changed since you saw it ({who}{readable(review.changed)}): {told}"
    )


def is_repeated(store: SqliteStore, review: Review, seen: int, person: Person, action: str) -> bool:
    """Whether the last change is the one that is asked for: its answer was not heard, and it is sent again."""
    if review.version != seen + 1:
        return False
    last = _last(store, review)
    return last is not None and (last.action, last.who, last.by) == (
        action,
        person.name,
        person.by,
    )


def keep(
    store: SqliteStore, review: Review, person: Person, action: str, detail: Mapping[str, Value] | None = None
) -> Review:
    """Store a review and what was done to it, and return it; the store is changing.

    Raises
    ------
    ConflictError
        If its texts and comments are too large together.
    """
    kept = sum(len(one.markdown) for one in review.revisions) + sum(len(one.text) for one in review.comments)
    if kept > MAX_KEPT:
        raise ConflictError(
            f"draft {review.id} would have {kept:,} characters in all its texts and comments, and at most"
            f" {MAX_KEPT:,} are kept; publish it, then go on in the one that follows it"
        )
    store.save_review(review)
    told: dict[str, Value] = {"version": review.version, "revision": review.latest.number}
    store.audit(person.did(action, review.id, [review.group], told | dict(detail or {})))
    return review


def new_id(store: SqliteStore, group: str, kind: str) -> str:
    """Return the id of the next review of a group and kind; the store is changing."""
    text = repr((group, kind, store.count_reviews(group, kind)))
    return "d-" + hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()


def checked(text: str, what: str, most: int) -> str:
    """Return a text as it is kept, its lines ending in line feeds.

    Raises
    ------
    InputError
        If it is empty, or larger than ``most`` bytes.
    """
    if not text.strip():
        raise InputError(f"the {what} is empty; write something")
    kept = text.replace("\r\n", "\n")
    size = len(kept.encode("utf-8", "surrogatepass"))
    if size > most:
        raise InputError(f"the {what} is of {size:,} bytes, and at most {most:,} are kept; make it shorter")
    return kept


def group_reviewed(store: SqliteStore, review: Review) -> Group | None:
    """Return the group of a review; None where it is no more."""
    found = store.group(review.group)
    return found if found is not None and found.id == review.group else None


def staleness(store: SqliteStore, review: Review, settings: Settings) -> str:
    """Return why a review's text does not fit its group any more, as a clause; "" where it does."""
    group = group_reviewed(store, review)
    into = "" if group else _merged_into(store, review.group)
    return why_stale(review.basis, group, settings.drafts.stale_share, into)


def _last(store: SqliteStore, review: Review) -> AuditEntry | None:
    log = log_of(store, review)
    return log[-1] if log else None


def _merged_into(store: SqliteStore, group: str) -> str:
    """Return the id of the group that a person or the sidecar merged one into last, or ""."""
    for entry in reversed(store.audit_log(group)):
        if entry.target == group and entry.detail.get("into"):
            return str(entry.detail["into"])
        gone = entry.detail.get("gone")
        if entry.action == Kind.MERGE.value and isinstance(gone, list) and group in gone:
            return entry.target
    return ""

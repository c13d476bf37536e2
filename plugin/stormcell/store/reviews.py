"""Drafts in the hands of people: what became of each, and every text that it ever had.

They are no part of their groups: they stay when a group is merged into another, grouped anew or forgotten.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode, b64encode
from dataclasses import astuple
from typing import Final

from stormcell.errors import ConflictError
from stormcell.store import codec, reading
from stormcell.store.codec import from_key, to_key
from stormcell.store.transactions import Connected
from stormcell.types import Basis, Comment, Publication, Review, ReviewState, Revision

_COLUMNS: Final = "id, group_id, kind, state, version, changed, document"


class Reviews(Connected):
    """The part of a store that keeps drafts in review; see the module."""

    def reviews(
        self,
        group: str | None = None,
        state: ReviewState | None = None,
        *,
        limit: int | None = None,
        after: tuple[int, str] | None = None,
    ) -> list[Review]:
        """Return drafts in review, those that were changed last first.

        Parameters
        ----------
        group : str, optional
            Only those of this group, by its whole id; it may be gone.
        state : ReviewState, optional
            Only those in this state.
        limit : int, optional
            At most so many.
        after : (int, str), optional
            Only those after the one that was changed at this time, ns, and has this id.
        """
        with self._reading() as connection:
            if connection is None:
                return []
            time, id = after or (None, "")
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM reviews WHERE (:group IS NULL OR group_id = :group)"  # noqa: S608  ours
                " AND (:state IS NULL OR state = :state) AND (:time IS NULL OR (changed, id) < (:time, :id))"
                " ORDER BY changed DESC, id DESC LIMIT :limit",
                {
                    "group": None if group is None else to_key(group),
                    "state": None if state is None else state.value,
                    "time": time,
                    "id": to_key(id),
                    "limit": -1 if limit is None else limit,
                },
            )
            return [_review(*columns) for columns in found.fetchall()]

    def review(self, id: str) -> Review | None:
        """Return a draft in review; None if there is none.

        Parameters
        ----------
        id : str
            Its id, or the start of it; or GROUP/KIND, the id of its group, or the start of it, and its kind: of
            several that of those the one begun last.

        Raises
        ------
        ConflictError
            If several ids start so.
        """
        with self._reading() as connection:
            if connection is None or not id:
                return None
            whole = _whole(connection, id)
            if whole is None:
                return None
            query = f"SELECT {_COLUMNS} FROM reviews WHERE id = ?"  # noqa: S608  ours
            return _review(*connection.execute(query, (whole,)).fetchone())

    def count_reviews(self, group: str, kind: str) -> int:
        """Return how many drafts of a group and kind were ever begun."""
        with self._reading() as connection:
            if connection is None:
                return 0
            query = "SELECT count(*) FROM reviews WHERE group_id = ? AND kind = ?"
            [count] = connection.execute(query, (to_key(group), to_key(kind))).fetchone()
            return int(count)

    def save_review(self, review: Review) -> None:
        """Store a draft in review: a new one of version 1, or the next version of one that is stored.

        Raises
        ------
        ConflictError
            If the one that is stored is not of the version before, or has other revisions: these never change.
        """
        document = _dump(review)
        with self._writing() as connection:
            found = connection.execute(
                "SELECT version, document FROM reviews WHERE id = ?", (to_key(review.id),)
            ).fetchone()
            version, before = found or (0, None)
            if version != review.version - 1:
                raise ConflictError(
                    f"draft {review.id} is of version {version} in the store and cannot become version"
                    f" {review.version}; read it again"
                )
            _check_kept(review, before, document)
            kept = (review.state.value, review.version, review.changed, document, to_key(review.id))
            if before is not None:
                connection.execute(
                    "UPDATE reviews SET state = ?, version = ?, changed = ?, document = ? WHERE id = ?", kept
                )
                return
            connection.execute(
                "INSERT INTO reviews (state, version, changed, document, id, group_id, kind)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*kept, to_key(review.group), to_key(review.kind)),
            )


def _whole(connection: sqlite3.Connection, asked: str) -> str | bytes | None:
    """Return the key of the review that is meant."""
    query = "SELECT id FROM reviews WHERE id = ?"
    if connection.execute(query, (to_key(asked),)).fetchone() is not None:
        return to_key(asked)
    group, slash, kind = asked.rpartition("/")
    if slash:
        query = "SELECT group_id, id FROM reviews WHERE kind = ? ORDER BY number"
        last = {from_key(group_id): id for group_id, id in connection.execute(query, (to_key(kind),))}
        if group in last:
            return str(last[group])
        found = {name: id for name, id in last.items() if group and name.startswith(group)}
    else:
        ids = [from_key(id) for (id,) in connection.execute("SELECT id FROM reviews")]
        found = {id: id for id in ids if id.startswith(asked)}
    if len(found) > 1:
        what = f"groups with a {kind} start with {group}" if slash else f"drafts start with {asked}"
        raise ConflictError(f"{len(found)} {what}: {reading.listed(sorted(found))}; write more")
    return next(iter(found.values()), None)


def _check_kept(review: Review, before: str | None, document: str) -> None:
    known = [] if before is None else json.loads(before)["revisions"]
    if json.loads(document)["revisions"][: len(known)] != known:
        raise ConflictError(f"draft {review.id} has other revisions in the store, and these never change")


def _dump(review: Review) -> str:
    """Return a review as JSON, but for what has a column of its own."""
    return codec.dump_learned(
        {
            "title": review.title,
            "template": review.template,
            "author": review.author,
            "reviewer": review.reviewer,
            "exemplar": review.basis.exemplar,
            "count": review.basis.count,
            "sketch": b64encode(review.basis.sketch).decode("ascii"),
            "revisions": [
                [each.number, each.markdown, codec.facts(each.sources), each.author, each.time, each.note]
                for each in review.revisions
            ],
            "comments": [astuple(each) for each in review.comments],
            "publications": [astuple(each) for each in review.publications],
        }
    )


def _review(
    id: str | bytes,
    group: str | bytes,
    kind: str | bytes,
    state: str,
    version: int,
    changed: int,
    document: str,
) -> Review:
    stored = codec.load_learned(document)
    return Review(
        id=from_key(id),
        group=from_key(group),
        kind=from_key(kind),
        title=stored["title"],
        template=stored["template"],
        state=ReviewState(state),
        author=stored["author"],
        reviewer=stored["reviewer"],
        basis=Basis(stored["exemplar"], stored["count"], b64decode(stored["sketch"])),
        revisions=tuple(
            Revision(number, markdown, codec.as_facts(sources), author, time, note)
            for number, markdown, sources, author, time, note in stored["revisions"]
        ),
        comments=tuple(Comment(*each) for each in stored["comments"]),
        publications=tuple(Publication(*each) for each in stored["publications"]),
        changed=changed,
        version=version,
    )

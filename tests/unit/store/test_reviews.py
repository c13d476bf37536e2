"""Drafts in review: kept as they are, changed one version at a time, and never lost with their groups."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.errors import ConflictError
from stormcell.review import states
from stormcell.store import SqliteStore
from stormcell.store.migrations import MIGRATIONS
from stormcell.types import (
    Basis,
    Comment,
    Draft,
    Fact,
    Publication,
    Review,
    ReviewState,
    Revision,
    Source,
)
from tests.unit.review.samples import begun
from tests.unit.store.older import take_back
from tests.unit.store.strategies import atom_of, draft_of, grouping_of, row_of, texts, times

facts = st.builds(Fact, texts, texts, texts, texts, st.sampled_from(Source))
ids = st.text("0123456789abcdef", min_size=12, max_size=12).map("d-{}".format)
revisions = st.builds(
    Revision,
    number=st.integers(1, 9),
    markdown=texts,
    sources=st.lists(facts, max_size=2).map(tuple),
    author=texts,
    time=times,
    note=texts,
)
reviews = st.builds(
    Review,
    id=ids,
    group=texts.filter(bool),
    kind=texts,
    title=texts,
    template=texts,
    state=st.sampled_from(ReviewState),
    author=texts,
    reviewer=texts,
    basis=st.builds(Basis, texts, st.integers(0, 9), st.binary()),
    revisions=st.lists(revisions, min_size=1, max_size=3).map(tuple),
    comments=st.lists(st.builds(Comment, texts, times, texts, st.integers(1, 9)), max_size=2).map(tuple),
    publications=st.lists(st.builds(Publication, texts, st.integers(1, 9), times, texts, texts), max_size=2).map(
        tuple
    ),
    changed=times,
    version=st.just(1),
)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    store = SqliteStore(tmp_path / "s.db", create=True)
    store.save(grouping_of(atom_of("g-1", row_of("a", "b"))), [])
    return store


def named(id: str, **other: object) -> Review:
    return replace(begun(), id=id, **other)  # type: ignore[arg-type]  # the caller names real fields


@settings(deadline=None, max_examples=50)
@given(st.lists(reviews, max_size=4, unique_by=lambda one: one.id))
def test_any_review_comes_back_as_it_was(found: list[Review]) -> None:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder, "s.db"), create=True) as store:
        store.save(grouping_of(atom_of("g-1", row_of("a"))), [])
        for one in found:
            store.save_review(one)
        for one in found:
            assert store.review(one.id) == one
            of_group = store.reviews(one.group, one.state)
            assert one in of_group
            assert {(each.group, each.state) for each in of_group} == {(one.group, one.state)}
        newest_first = sorted(found, key=lambda one: (one.changed, one.id), reverse=True)
        assert store.reviews() == newest_first
        # Page by page it is the same.
        pages: list[Review] = []
        while page := store.reviews(limit=2, after=(pages[-1].changed, pages[-1].id) if pages else None):
            pages += page
        assert pages == newest_first


def test_what_drafts_come_from_is_kept(store: SqliteStore) -> None:
    draft = Draft("g-1", "runbook", "t", "# x", (Fact("ann", "7", "who", "", Source.AUDIT), Fact("a", "a", "uid")))
    store.save_drafts([draft])
    assert store.drafts("g-1") == [draft]


def test_of_drafts_of_before_it_is_events(store: SqliteStore) -> None:
    store.save_drafts([draft_of("g-1")])
    with closing(sqlite3.connect(store.path)) as connection:
        sources = '[["cart","u","service",""],["2","u","uid","counted"]]'
        old = f'{{"template":"default","markdown":"# Meaning","sources":{sources}}}'
        connection.execute("UPDATE drafts SET document = ?", (old,))
        connection.commit()
    assert store.drafts("g-1") == [draft_of("g-1")]


def test_found_by_the_start_of_its_id_or_by_group_and_kind(store: SqliteStore) -> None:
    first, second = named("d-aa01"), named("d-ab02", state=ReviewState.PUBLISHED, changed=9)
    other, post = named("d-b", group="g-12"), named("d-c", kind="postmortem")
    for one in (first, second, other, post):
        store.save_review(one)
    assert store.review("d-aa") == store.review("d-aa01") == first
    # Of several the one begun last, whichever was changed last.
    assert store.review("g-1/runbook") == second
    assert store.review("g-12/runbook") == other
    assert store.review("g-1/postmortem") == store.review("g/postmortem") == post
    for unknown in ("", "x", "d-z", "g-3/runbook", "g-12/postmortem", "/runbook", "g-1/"):
        assert store.review(unknown) is None
    with pytest.raises(ConflictError, match="2 drafts start with d-a: d-aa01, d-ab02; write more"):
        store.review("d-a")
    with pytest.raises(ConflictError, match="2 groups with a runbook start with g: g-1, g-12"):
        store.review("g/runbook")
    assert [store.count_reviews("g-1", kind) for kind in ("runbook", "postmortem", "other")] == [2, 1, 0]


def test_versions_go_up_by_one(store: SqliteStore) -> None:
    review = begun()
    with pytest.raises(ConflictError, match="is of version 0"):
        store.save_review(replace(review, version=2))
    store.save_review(review)
    with pytest.raises(ConflictError, match="is of version 1 in the store and cannot become version 1"):
        store.save_review(review)
    after = states.commented(review, "hm", "bob", 2)
    store.save_review(after)
    for stale in (states.submitted(review, 3), replace(after, version=4)):
        with pytest.raises(ConflictError, match="is of version 2"):
            store.save_review(stale)
    assert store.review(review.id) == after


def test_revisions_never_change(store: SqliteStore) -> None:
    review = begun()
    store.save_review(review)
    for others in (
        (),
        (replace(review.latest, markdown="other"),),
        (replace(review.latest, time=9), replace(review.latest, number=2)),
    ):
        with pytest.raises(ConflictError, match="never change"):
            store.save_review(replace(review, revisions=others, version=2))
    assert store.review(review.id) == review


def test_it_outlives_its_group(store: SqliteStore) -> None:
    review = begun()
    store.save_review(review)
    store.save(grouping_of(atom_of("g-2", row_of("a", "b"))), [])
    assert store.group("g-1") is None
    assert store.reviews("g-1") == [review]
    store.set_status("g-2", "resolved")
    forgotten = store.forget(background=2**62, groups=2**62, audit=2**62, most=100)
    assert (forgotten.groups, store.groups()) == (1, [])
    assert store.review(review.id) == review


def test_a_store_of_before_has_none_and_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g-1", row_of("a", "b"))), [])
    with closing(sqlite3.connect(path)) as connection:
        take_back(connection, 7)
    with SqliteStore(path, create=False) as store:
        assert (store.reviews(), store.review("d-1")) == ([], None)
        store.save_review(begun())
        assert store.reviews() == [begun()]
        assert [group.id for group in store.groups()] == ["g-1"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "none.db", create=True) as store:
        assert (store.reviews(), store.review("d-1"), store.count_reviews("g", "runbook")) == ([], None, 0)

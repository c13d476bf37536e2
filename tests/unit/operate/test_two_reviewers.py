"""Two people at the same draft at the same time: of two who saw the same, exactly one changes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from stormcell.config import Settings
from stormcell.errors import ConflictError
from stormcell.operate import reviews
from stormcell.operate.people import Person
from stormcell.operate.reviewing import log_of
from stormcell.store import SqliteStore
from stormcell.types import Review
from tests.unit.render.samples import grouping

GROUP = grouping().groups[0].id
SETTINGS = Settings()
PEOPLE = ("ann", "bob", "eve", "joe")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping(), [])
    return path


def together(path: Path, act: Callable[[SqliteStore, Person], Review]) -> dict[str, Review | str]:
    """Let all do something at once, and return what each has of it: the review, or what they are told."""
    outcome: dict[str, Review | str] = {}
    barrier = threading.Barrier(len(PEOPLE))

    def one(name: str) -> None:
        with SqliteStore(path, create=False, busy_timeout=60) as store:
            store.reviews()
            barrier.wait(60)
            try:
                outcome[name] = act(store, Person("cli", name, 1_700_000_000 * 10**9))
            except ConflictError as error:
                outcome[name] = str(error)

    threads = [threading.Thread(target=one, args=(name,)) for name in PEOPLE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


@pytest.mark.parametrize("act", ["edit", "redraft", "submit"])
def test_of_those_who_saw_the_same_one_wins(path: Path, act: str) -> None:
    with SqliteStore(path, create=False) as store:
        review = reviews.begin(store, GROUP, "runbook", Person("cli", "ann", 1), SETTINGS)
    acts: dict[str, Callable[[SqliteStore, Person], Review]] = {
        "edit": lambda store, person: reviews.edit(store, review.id, f"# By {person.by}", person, seen=1),
        "redraft": lambda store, person: reviews.redraft(store, review.id, person, SETTINGS, seen=1),
        "submit": lambda store, person: reviews.submit(store, review.id, person, seen=1),
    }
    outcome = together(path, acts[act])
    [(winner, after)] = [(name, got) for name, got in outcome.items() if isinstance(got, Review)]
    told = [got for got in outcome.values() if isinstance(got, str)]
    assert len(told) == len(PEOPLE) - 1
    for one in told:
        assert f"by {winner}, 2023-11-14T22:13:20.000Z" in one
        assert "version 2 now and you saw 1" in one
    with SqliteStore(path, create=False) as store:
        assert store.review(review.id) == after
        assert [entry.detail["by"] for entry in log_of(store, after)] == ["ann", winner]


def test_of_those_who_begin_at_once_all_have_the_same(path: Path) -> None:
    outcome = together(path, lambda store, person: reviews.begin(store, GROUP, "runbook", person, SETTINGS))
    first, *others = outcome.values()
    assert isinstance(first, Review)
    assert others == [first] * (len(PEOPLE) - 1)
    with SqliteStore(path, create=False) as store:
        assert store.reviews() == [first]


def test_comments_of_all_are_kept(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        review = reviews.begin(store, GROUP, "runbook", Person("cli", "ann", 1), SETTINGS)
    together(path, lambda store, person: reviews.comment(store, review.id, person, f"of {person.by}"))
    with SqliteStore(path, create=False) as store:
        after = store.review(review.id)
    assert after is not None
    assert sorted(one.text for one in after.comments) == [f"of {name}" for name in PEOPLE]
    assert after.version == 1 + len(PEOPLE)

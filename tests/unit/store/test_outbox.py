from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.errors import StoreError
from stormcell.store import SqliteStore, codec
from stormcell.types import Group, Grouping
from tests.unit.store.strategies import atom_of, grouping_of, groupings, row_of

GROUPING = grouping_of(atom_of("g", row_of("a", "b")), atom_of("h", row_of("c")))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [])
        yield store


def revision(number: int, group: int = 0, status: str = "open") -> Group:
    return replace(GROUPING.groups[group], revision=number, status=status)


def due(store: SqliteStore, now: int = 10**6, exporter: str | None = None) -> list[tuple[str, str, int]]:
    return [
        (letter.exporter, letter.group.id, letter.group.revision)
        for letter in store.outbox_due(now, 100, exporter)
    ]


@given(groupings())
@settings(max_examples=30)
def test_a_group_goes_out_as_it_was(grouping: Grouping) -> None:
    for group in grouping.groups:
        assert codec.load_whole_group(codec.dump_whole_group(group)) == group


def test_a_grouping_and_what_goes_out_are_saved_together(tmp_path: Path) -> None:
    broken = replace(GROUPING, groups=GROUPING.groups[:1])
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(GROUPING, [], outbox=[("hook", GROUPING.groups[0])], now=5)
        with pytest.raises(ValueError, match="an atom is of group"):
            store.save(broken, [], outbox=[("hook", GROUPING.groups[1])])
        [letter] = store.outbox_pending()
        assert (letter.group, letter.put, letter.due, letter.attempts) == (GROUPING.groups[0], 5, 5, 0)


def test_what_is_put_is_as_it_was_then(store: SqliteStore) -> None:
    store.put_outbox([("hook", revision(1))], 1)
    store.save(grouping_of(atom_of("g", row_of("a", "b", "new"))), [])
    [letter] = store.outbox_due(1, 9)
    assert letter.group.members == ("a", "b")


def test_one_of_each_group_goes_at_a_time_and_in_order(store: SqliteStore) -> None:
    store.put_outbox(
        [("hook", revision(1)), ("hook", revision(2, status="resolved")), ("hook", revision(1, 1))], 1
    )
    store.put_outbox([("otlp", revision(2))], 1)
    assert due(store) == [("hook", "g", 1), ("hook", "h", 1), ("otlp", "g", 2)]
    assert due(store, exporter="otlp") == [("otlp", "g", 2)]
    first, second, _ = store.outbox_due(9, 9)
    store.outbox_done([first.number, second.number])
    assert due(store, exporter="hook") == [("hook", "g", 2)]


def test_nothing_goes_before_it_is_due(store: SqliteStore) -> None:
    store.put_outbox(
        [("hook", revision(1)), ("hook", revision(2, status="resolved")), ("hook", revision(1, 1))], 1
    )
    [first, _] = store.outbox_due(9, 9)
    store.outbox_failed(first.number, "503", 50, dead=False)
    assert due(store, 49) == [("hook", "h", 1)]  # and not the second revision of g
    assert due(store, 50) == [("hook", "h", 1), ("hook", "g", 1)]  # what was tried less often first
    assert store.outbox_next("hook") == 1
    store.outbox_done([letter.number for letter in store.outbox_due(49, 9)])
    assert store.outbox_next("hook") == 50
    assert store.outbox_next("other") is None
    [again] = store.outbox_due(50, 9)
    assert (again.attempts, again.problem) == (1, "503")


def test_a_revision_gives_way_to_the_next_unless_a_status_would_be_lost(store: SqliteStore) -> None:
    for number, status in enumerate(["open", "open", "acknowledged", "acknowledged", "open", "open"], 1):
        store.put_outbox([("hook", revision(number, status=status))], number)
    assert [letter.group.revision for letter in store.outbox_pending()] == [2, 4, 6]
    assert store.outbox_counts()["hook"].oldest == 1  # what was told first still waits


def test_a_revision_that_was_tried_stays(store: SqliteStore) -> None:
    store.put_outbox([("hook", revision(1))], 1)
    store.outbox_failed(store.outbox_pending()[0].number, "503", 9, dead=False)
    store.put_outbox([("hook", revision(2))], 2)
    store.put_outbox([("hook", revision(3))], 3)
    assert [letter.group.revision for letter in store.outbox_pending()] == [1, 3]


def test_what_comes_while_the_one_before_is_handed_over_is_not_lost(store: SqliteStore) -> None:
    store.put_outbox([("hook", revision(1))], 1)
    [under_way] = store.outbox_due(1, 9)
    store.put_outbox([("hook", revision(2))], 2)
    store.outbox_done([under_way.number])
    assert due(store) == [("hook", "g", 2)]


def test_dead_letters_wait_for_people(store: SqliteStore) -> None:
    store.put_outbox([("hook", revision(1)), ("hook", revision(1, 1)), ("otlp", revision(1))], 1)
    for letter in store.outbox_due(1, 9, "hook"):
        store.outbox_failed(letter.number, "400 bad \ud800 request", 0, dead=True)
    store.put_outbox([("hook", revision(2))], 2)
    assert due(store) == [("otlp", "g", 1), ("hook", "g", 2)]
    counts = store.outbox_counts()
    assert (counts["hook"].pending, counts["hook"].dead, counts["hook"].oldest) == (1, 2, 2)
    assert (counts["otlp"].pending, counts["otlp"].dead, counts["otlp"].oldest) == (1, 0, 1)
    dead = store.dead_letters()
    assert [(letter.group.id, letter.problem) for letter in dead] == [
        ("g", "400 bad \ud800 request"),
        ("h", "400 bad \ud800 request"),
    ]
    pending = store.outbox_pending()[0]
    assert store.drop_dead([dead[1].number, pending.number, 999]) == 1  # what is not dead is not dropped
    assert store.retry_dead(now=0) == 1
    assert due(store, 0) == [("hook", "g", 1)]  # before the later revision
    assert store.dead_letters() == []
    assert store.drop_dead() == 0


def test_dead_letters_are_bounded(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stormcell.store.outbox.MOST_DEAD", 2)
    for exporter in ("hook", "otlp"):
        for number in range(1, 5):
            store.put_outbox([(exporter, revision(number))], number)
            store.outbox_failed(store.outbox_due(9, 1)[0].number, "400", 0, dead=True)
    assert [(one.exporter, one.group.revision) for one in store.dead_letters()] == [
        ("hook", 3),
        ("hook", 4),
        ("otlp", 3),
        ("otlp", 4),
    ]


def test_what_waits_for_nobody_is_given_up(store: SqliteStore) -> None:
    store.put_outbox([("hook", revision(1)), ("was", revision(1)), ("was", revision(1, 1))], 1)
    assert store.outbox_abandoned(["hook", "other"]) == 2
    assert due(store) == [("hook", "g", 1)]
    assert {(one.exporter, one.problem) for one in store.dead_letters()} == {
        ("was", "nothing of this name is set up any more")
    }


def test_a_store_that_is_not_there_has_an_empty_outbox(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        assert (store.outbox_due(1, 1), store.outbox_counts(), store.outbox_next("x")) == ([], {}, None)
        with pytest.raises(StoreError):
            store.put_outbox([("hook", GROUPING.groups[0])])


@given(
    st.lists(
        st.tuples(
            st.sampled_from("gh"), st.sampled_from(["open", "resolved"]), st.sampled_from(["", "ok", "no", "dead"])
        ),
        max_size=12,
    )
)
@settings(max_examples=40)
def test_revisions_leave_in_order_and_no_status_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]]
) -> None:
    """Whatever is put, handed over, fails and is given up."""
    put: dict[str, list[tuple[int, str]]] = {"g": [], "h": []}
    left: dict[str, list[tuple[int, str]]] = {"g": [], "h": []}
    with SqliteStore(tmp_path_factory.mktemp("outbox") / "s.db", create=True) as store:
        store.save(GROUPING, [])

        def send(outcome: str) -> None:
            for letter in store.outbox_due(10**6, 1):
                if outcome == "no":
                    store.outbox_failed(letter.number, "no", 0, dead=False)
                    continue
                left[letter.group.id].append((letter.group.revision, letter.group.status))
                if outcome == "dead":
                    store.outbox_failed(letter.number, "no", 0, dead=True)
                else:
                    store.outbox_done([letter.number])

        for number, (name, status, outcome) in enumerate(steps, 1):
            store.put_outbox([("hook", revision(number, "gh".index(name), status))], number)
            put[name].append((number, status))
            if outcome:
                send(outcome)
        while store.outbox_pending():
            send("ok")
    for name in "gh":
        assert left[name] == sorted(left[name])
        assert left[name][-1:] == put[name][-1:]
        assert _runs(left[name]) == _runs(put[name])


def _runs(revisions: list[tuple[int, str]]) -> list[str]:
    statuses = [status for _, status in revisions]
    return [status for at, status in enumerate(statuses) if at == 0 or statuses[at - 1] != status]

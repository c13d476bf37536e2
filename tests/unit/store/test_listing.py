"""Groups and members page by page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.store import SqliteStore, codec
from stormcell.store.listing import FOLDED, By, Order, Wanted, position
from stormcell.types import Blame, Event, Group, Grouping, GroupTemplate, Signal
from tests.unit.store.strategies import atom_of, grouping_of, row_of

orders = st.builds(Order, st.sampled_from([By.FIRST_SEEN, By.LAST_SEEN, By.COUNT]), st.booleans())
# Few different values, so that many groups stand at the same place but for their ids.
kinds = st.tuples(st.integers(-2, 2), st.integers(0, 3), st.integers(1, 3))


def grouping(named: dict[str, tuple[int, int, int]]) -> Grouping:
    """Groups with the given beginnings, durations and counts of events."""
    atoms = [atom_of(name, row_of(*(f"{name}-{at}" for at in range(kind[2])))) for name, kind in named.items()]
    made = grouping_of(*atoms)
    groups = [
        replace(group, first_seen=named[group.id][0], last_seen=named[group.id][0] + named[group.id][1])
        for group in made.groups
    ]
    return replace(made, groups=tuple(sorted(groups, key=lambda group: (group.first_seen, group.id))))


def pages(store: SqliteStore, order: Order, limit: int) -> list[list[Group]]:
    found: list[list[Group]] = []
    after = None
    while page := store.page_of_groups(Wanted(), order, limit=limit, after=after):
        found.append(page)
        after = position(page[-1], order)
    return found


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), kinds, max_size=12), orders, st.integers(1, 5))
@settings(max_examples=40)
def test_pages_together_are_the_whole_list(
    tmp_path_factory: pytest.TempPathFactory,
    named: dict[str, tuple[int, int, int]],
    order: Order,
    limit: int,
) -> None:
    with SqliteStore(tmp_path_factory.mktemp("pages") / "s.db", create=True) as store:
        store.save(grouping(named), [])
        found = pages(store, order, limit)
        key = {By.FIRST_SEEN: lambda k: k[0], By.LAST_SEEN: lambda k: k[0] + k[1], By.COUNT: lambda k: k[2]}
        expected = sorted(named, key=lambda name: (key[order.by](named[name]), name), reverse=order.descending)
        assert [group.id for page in found for group in page] == expected
        assert all(len(page) == limit for page in found[:-1])


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), kinds, min_size=2, max_size=10),
    st.dictionaries(st.text("xyz", min_size=1, max_size=3), kinds, max_size=5),
    st.dictionaries(st.text("xyz", min_size=1, max_size=3), kinds, max_size=5),
    orders,
    st.integers(1, 3),
)
@settings(max_examples=40)
def test_what_comes_and_goes_meanwhile_neither_hides_nor_repeats_the_rest(
    tmp_path_factory: pytest.TempPathFactory,
    staying: dict[str, tuple[int, int, int]],
    going: dict[str, tuple[int, int, int]],
    coming: dict[str, tuple[int, int, int]],
    order: Order,
    limit: int,
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    before, later = folder / "before.db", folder / "later.db"
    for path, named in ((before, staying | going), (later, staying | coming)):
        with SqliteStore(path, create=True) as store:
            store.save(grouping(named), [])
    with SqliteStore(before, create=False) as old, SqliteStore(later, create=False) as new:
        first = old.page_of_groups(Wanted(), order, limit=limit)
        rest = new.page_of_groups(Wanted(), order, limit=100, after=position(first[-1], order))
    seen = [group.id for group in (*first, *rest) if group.id in staying]
    assert len(seen) == len(set(seen))
    assert set(seen) == set(staying)


@given(st.sets(st.text(min_size=1, max_size=3), min_size=1, max_size=12), st.integers(1, 5))
@settings(max_examples=40)
def test_pages_of_members_are_all_of_them_once(
    tmp_path_factory: pytest.TempPathFactory, uids: set[str], limit: int
) -> None:
    [*listed] = sorted(uids)
    half = len(listed) // 2
    rows = [row_of(*part) for part in (listed[:half], listed[half:]) if part]
    with SqliteStore(tmp_path_factory.mktemp("members") / "s.db", create=True) as store:
        store.save(grouping_of(atom_of("g", *rows), atom_of("h", row_of("other than any"))), [])
        found: list[str] = []
        after = None
        while page := store.page_of_members("g", limit=limit, after=after):
            for uid, atom in page:
                whole = store.membership_of(uid)
                assert whole is not None
                [row] = atom.rows
                assert row.members == (uid,)
                assert replace(row, members=()) in [replace(r, members=()) for r in whole.rows]
                assert replace(atom, rows=()) == replace(whole, rows=())
            found += [uid for uid, _ in page]
            after = found[-1]
    assert found == listed


EVENT = Event("u", Signal.SPAN, 5, "cart", 17, "GET /Cart")


def one() -> Group:
    [group] = grouping({"g": (100, 50, 1)}).groups
    template = GroupTemplate("no <num> Widgets", "log", "cart", 1, "u", ())
    return replace(
        group,
        title="Timeout",
        medoid=EVENT,
        most_severe=EVENT,
        templates=(template,),
        services=(Blame("db", 1.0),),
        signals={"span": 2, "log": 0},
    )


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (Wanted(), True),
        (Wanted(status="open"), True),
        (Wanted(status="resolved"), False),
        (Wanted(statuses=("open", "acknowledged")), True),
        (Wanted(statuses=("resolved",)), False),
        (Wanted(service="cart"), True),
        (Wanted(service="db"), True),
        (Wanted(service="car"), False),
        (Wanted(signal="span"), True),
        (Wanted(signal="log"), False),
        (Wanted(severity=17), True),
        (Wanted(severity=18), False),
        (Wanted(since=150), True),
        (Wanted(since=151), False),
        (Wanted(until=100), True),
        (Wanted(until=99), False),
        (Wanted(text="TIMEOUT"), True),
        (Wanted(text="widgets"), True),
        (Wanted(text="get /cart"), True),
        (Wanted(text="nothing"), False),
        (Wanted(status="open", text="nothing"), False),
    ],
    ids=str,
)
def test_what_is_wanted(wanted: Wanted, matches: bool) -> None:
    assert wanted.matches(one()) is matches


def test_an_empty_store_has_no_pages(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        assert store.page_of_groups(Wanted(), Order(), limit=5) == []
        assert store.page_of_members("g", limit=5) == []


def test_all_letters_are_known_that_are_ascii_in_another_case() -> None:
    letters = [chr(point) for point in range(128, 0x110000)]
    folded = [letter for letter in letters if any(part.isascii() for part in letter.casefold())]
    assert folded == [letter for letter in letters if FOLDED.search(json.dumps(letter))]


@given(
    st.text('aks\u017f\u212a\u00df"\\\n\U0001f600\ud800 ', max_size=4),
    st.text(max_size=6),
    st.text('aks"\u00df', max_size=2),
)
@settings(max_examples=150)
def test_no_group_is_missed_that_has_the_text(
    tmp_path_factory: pytest.TempPathFactory, text: str, around: str, service: str
) -> None:
    event = replace(row_of("e").event, text=f"{around}{text}{around}", service=service)
    group = replace(grouping({"g": (0, 0, 1)}).groups[0], medoid=event)
    document = codec.dump_group(group)
    for wanted in (Wanted(text=text), Wanted(text=text.upper()), Wanted(service=service)):
        assert wanted.may_be(document) or not wanted.matches(group)


@pytest.mark.parametrize("by", [By.LAST_SEEN, By.FIRST_SEEN, By.COUNT, By.SEVERITY])
def test_what_is_wanted_does_not_depend_on_the_order(tmp_path: Path, by: By) -> None:
    kinds = {"a": (0, 5, 1), "b": (10, 5, 2), "c": (20, 5, 3)}
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(grouping(kinds), [])
        store.set_status("b", "resolved")
        for wanted, expected in (
            (Wanted(statuses=("open", "acknowledged")), {"a", "c"}),
            (Wanted(since=15), {"b", "c"}),
            (Wanted(until=10), {"a", "b"}),
            (Wanted(severity=24), set()),
            (Wanted(text="nothing like it"), set()),
        ):
            found = store.page_of_groups(wanted, Order(by), limit=5)
            assert {group.id for group in found} == expected
        assert store.status_counts() == {"open": 2, "resolved": 1}


@pytest.mark.parametrize("by", list(By))
def test_a_group_whose_numbers_json_does_not_know_is_listed(tmp_path: Path, by: By) -> None:
    made = grouping({"a": (0, 1, 1), "b": (1, 3, 2)})
    odd = replace(made.groups[0], margin=float("inf"), radius=float("nan"))
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(replace(made, groups=(odd, made.groups[1])), [])
        assert [group.id for group in store.page_of_groups(Wanted(), Order(by), limit=9)] == ["b", "a"]

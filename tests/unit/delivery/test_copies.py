"""Groups from the outbox to an exporter that keeps copies of all that is stored of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.delivery import Courier, Destination
from stormcell.delivery.courier import NOTED, SECOND
from stormcell.errors import DeliveryError
from stormcell.protocols import Projection
from stormcell.store import SqliteStore
from stormcell.testing import FakeClock
from stormcell.types import Difference, Dossier, Draft, Group, Projected, Step, Totals
from tests.unit.render.samples import START, grouping

GROUPING = grouping()
FIRST, SECOND_GROUP, THIRD = GROUPING.groups


class FakeProjection:
    """Remembers what it was handed."""

    def __init__(self) -> None:
        self.came: list[Dossier] = []
        self.gone: list[str] = []
        self.noted: list[Totals] = []
        self.refused: tuple[str, ...] = ()
        self.failure: DeliveryError | None = None

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        raise AssertionError("it keeps copies")

    def setup(self, target: str | Path, *, dry_run: bool = False) -> Sequence[Step]:
        return ()

    def project(
        self,
        dossiers: Iterable[Dossier],
        target: str | Path,
        *,
        gone: Collection[str] = (),
        whole: bool = False,
        told: Callable[[int], None] = lambda done: None,
    ) -> Projected:
        assert (target, whole) == ("there", False)
        self.came += dossiers
        self.gone += gone
        return Projected(refused=self.refused)

    def rebuild(
        self, dossiers: Iterable[Dossier], target: str | Path, *, told: Callable[[int], None] = lambda done: None
    ) -> Projected:
        return Projected()

    def compare(self, dossiers: Iterable[Dossier], target: str | Path) -> Iterator[Difference]:
        return iter(())

    def note(self, totals: Totals, target: str | Path) -> None:
        self.noted.append(totals)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], SqliteStore]:
    return lambda: SqliteStore(tmp_path / "stormcell.db", create=True)


@pytest.fixture
def store(open_store: Callable[[], SqliteStore]) -> Iterator[SqliteStore]:
    with open_store() as store:
        store.save(GROUPING, [Draft(FIRST.id, "runbook", "error-log", "# What to do", ())])
        yield store


def step(exporter: FakeProjection, open_store: Callable[[], SqliteStore], clock: FakeClock) -> Courier:
    assert isinstance(exporter, Projection)
    courier = Courier(Destination("copies", exporter, "there"), open_store, clock, b"seed")
    courier.step()
    courier.close()
    return courier


def put(store: SqliteStore, clock: FakeClock, *groups: Group) -> None:
    store.put_outbox([("copies", group) for group in groups], clock.now())


def test_it_gets_all_that_is_stored_as_it_is_now(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    exporter, clock = FakeProjection(), FakeClock(START)
    put(store, clock, replace(FIRST, title="as it was"))
    step(exporter, open_store, clock)
    [found] = exporter.came
    assert found.group.title == FIRST.title
    assert [draft.markdown for draft in found.drafts] == ["# What to do"]
    assert list(found.atoms) == store.memberships(FIRST.id)
    assert exporter.gone == []


def test_it_is_told_of_a_group_that_is_no_more(store: SqliteStore, open_store: Callable[[], SqliteStore]) -> None:
    exporter, clock = FakeProjection(), FakeClock(START)
    put(store, clock, replace(FIRST, id="g-merged"))
    courier = step(exporter, open_store, clock)
    assert (exporter.came, exporter.gone, courier.progress.delivered) == ([], ["g-merged"], 1)


def test_what_is_refused_is_given_up_and_named(store: SqliteStore, open_store: Callable[[], SqliteStore]) -> None:
    exporter, clock = FakeProjection(), FakeClock(START)
    exporter.refused = ("members/1: too long", "members/2: too long")
    put(store, clock, FIRST)
    courier = step(exporter, open_store, clock)
    assert (courier.progress.delivered, courier.progress.dead) == (0, 1)
    [letter] = store.dead_letters()
    assert letter.problem == "refused: members/1: too long, and 1 more"


def test_how_the_store_stands_is_noted_now_and_then(
    store: SqliteStore, open_store: Callable[[], SqliteStore]
) -> None:
    exporter, clock = FakeProjection(), FakeClock(START)
    exporter.failure = DeliveryError("503", retryable=True)  # it hinders nothing
    courier = Courier(Destination("copies", exporter, "there"), open_store, clock, b"seed")
    for seconds in (0, 1, NOTED / SECOND, 1):
        clock.advance(seconds)
        put(store, clock, *GROUPING.groups)
        assert courier.step() is None
    courier.close()
    assert (courier.progress.delivered, courier.progress.dead) == (12, 0)
    first, second = exporter.noted
    assert second.time - first.time >= NOTED
    assert first == Totals(START, events=10, background=1, open=3, acknowledged=0, resolved=0)

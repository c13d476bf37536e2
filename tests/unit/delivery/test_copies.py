"""Groups from the outbox to an exporter that keeps copies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.delivery import Courier, Destination
from stormcell.delivery.courier import RECORD_EVERY
from stormcell.errors import DeliveryError
from stormcell.protocols import Projection
from stormcell.store import SqliteStore
from stormcell.testing import FakeClock
from stormcell.types import Difference, Dossier, Group, Projected, Step, Totals
from tests.unit.render.samples import START, grouping

GROUPING = grouping()
FIRST, _, THIRD = GROUPING.groups


class FakeProjection:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.copies: dict[str, Dossier] = {}
        self.gone: list[str] = []
        self.recorded: list[Totals] = []
        self.refused: Sequence[str] = ()

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
        self.copies.update((one.group.id, one) for one in dossiers)
        self.gone += gone
        return Projected(refused=self.refused)

    def record(self, totals: Totals, target: str | Path) -> None:
        self.recorded.append(totals)

    def rebuild(
        self, dossiers: Iterable[Dossier], target: str | Path, *, told: Callable[[int], None] = lambda done: None
    ) -> Projected:
        return Projected()

    def compare(self, dossiers: Iterable[Dossier], target: str | Path) -> Iterator[Difference]:
        return iter(())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [])
        yield store


def carrier(store: SqliteStore, exporter: Projection, clock: FakeClock) -> Courier:
    return Courier(Destination("es", exporter, "there"), lambda: SqliteStore(store.path, create=True), clock, b"")


def test_a_copy_is_of_the_group_as_it_is_now_with_its_members(store: SqliteStore) -> None:
    clock, exporter = FakeClock(START), FakeProjection()
    store.put_outbox([("es", replace(FIRST, revision=1))], clock.now())
    store.set_status(FIRST.id, "acknowledged")
    courier = carrier(store, exporter, clock)
    courier.step()
    copy = exporter.copies[FIRST.id]
    assert copy.group == replace(FIRST, status="acknowledged")
    assert copy.atoms == store.memberships(FIRST.id)
    assert store.outbox_pending() == []
    courier.close()


def test_a_group_that_is_no_more_is_taken_out(store: SqliteStore) -> None:
    clock, exporter = FakeClock(START), FakeProjection()
    store.put_outbox([("es", replace(FIRST, id="g-merged-away"))], clock.now())
    courier = carrier(store, exporter, clock)
    courier.step()
    assert (exporter.copies, exporter.gone) == ({}, ["g-merged-away"])
    courier.close()


def test_what_is_refused_is_given_up_with_the_reason(store: SqliteStore) -> None:
    clock, exporter = FakeClock(START), FakeProjection()
    exporter.refused = ["members/a: no date", "members/b: no date"]
    store.put_outbox([("es", FIRST)], clock.now())
    courier = carrier(store, exporter, clock)
    courier.step()
    [letter] = store.dead_letters()
    assert letter.problem == "refused: members/a: no date, and 1 more"
    courier.close()


def test_how_the_store_stands_is_recorded_now_and_then(store: SqliteStore) -> None:
    clock, exporter = FakeClock(START), FakeProjection()
    courier = carrier(store, exporter, clock)
    for wait in (0, 1, RECORD_EVERY):
        clock.advance(wait / 1e9)
        store.put_outbox([("es", FIRST), ("es", THIRD)], clock.now())
        courier.step()
    assert [one.time for one in exporter.recorded] == [START, clock.now()]
    courier.close()


def test_one_that_fails_to_record_is_asked_again(store: SqliteStore) -> None:
    clock, exporter = FakeClock(START), FakeProjection()
    kept, failures = exporter.record, [DeliveryError("503", retryable=True)]

    def record(totals: Totals, target: str | Path) -> None:
        if failures:
            raise failures.pop()
        kept(totals, target)

    exporter.record = record  # type: ignore[method-assign]
    store.put_outbox([("es", FIRST)], clock.now())
    courier = carrier(store, exporter, clock)
    courier.step()
    assert courier.progress.problem == "503"
    clock.advance(3600)
    courier.step()
    assert (len(exporter.recorded), store.outbox_pending()) == (1, [])
    courier.close()


def test_totals_count_events_and_groups(store: SqliteStore, tmp_path: Path) -> None:
    store.set_status(FIRST.id, "resolved")
    inside = sum(group.count for group in GROUPING.groups)
    apart = len(GROUPING.background)
    assert store.totals(START) == Totals(START, inside + apart, apart, len(GROUPING.groups) - 1, 0, 1)
    with SqliteStore(tmp_path / "none.db", create=True) as empty:
        assert empty.totals(START) == Totals(START, 0, 0, 0, 0, 0)

"""A stream that does not end: rows are handed out and old ones forgotten, while more events come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.features import shelf
from stormcell.features.rows import RowBuilder
from stormcell.text.mining import TemplateMiner
from stormcell.types import Event, Packed, Record, Rows, record_of
from tests.unit.features.build import SECOND, START, alert, log, span
from tests.unit.features.test_rows import UUID, assert_equal, events

AT = [0, 0.2, 0.9, 1.5, 3, 60]


class Sealed:
    """An origin whose bytes are the number of an event, and something to fill blocks with."""

    def __init__(self, made: Sequence[Event]) -> None:
        self._made = made
        self.read = 0

    def pack(self, number: int) -> Record:
        data = number.to_bytes(4, "big") + bytes(100)
        return record_of(self._made[number])._replace(whole=Packed(self, data))

    def event(self, packed: bytes) -> Event:
        self.read += 1
        return self._made[int.from_bytes(packed[:4], "big")]


def added(made: Sequence[Event | Record]) -> RowBuilder:
    builder = RowBuilder(Settings())
    for event in made:
        builder.add(event)
    return builder


def said(rows: Rows) -> Rows:
    """Return rows as they are but for the duplicates, which nobody forgets."""
    return dataclasses.replace(rows, duplicates=0)


def plain(rows: Rows) -> dict[str, Any]:
    """Spell everything out, so that it can be compared with what is there later."""
    made = {field.name: getattr(rows, field.name) for field in dataclasses.fields(rows)}
    made["spans"] = dataclasses.asdict(rows.spans)
    return {
        name: str(held)
        if isinstance(held, dict)
        else np.asarray(held).tolist()
        if name == "weight"
        else repr(held)
        for name, held in made.items()
    }


@given(events(), events(), st.sampled_from(AT), st.booleans())
def test_what_is_released_was_never_there(made: list[Event], later: list[Event], at: float, packed: bool) -> None:
    before = START + round(at * SECOND)
    everything = [*made, *later]
    given_so: list[Event | Record] = list(everything)
    if packed:
        sealed = Sealed(everything)
        given_so = [sealed.pack(number) for number in range(len(everything))]
    with mock.patch.object(shelf, "_BLOCK", 500):
        builder = added(given_so[: len(made)])
        builder.release(before)
        kept = [event for event in made if event.time // SECOND >= before // SECOND]
        assert_equal(said(builder.finish()), said(added(kept).finish()))
        for event in given_so[len(made) :]:
            builder.add(event)
        assert_equal(said(builder.counted().rows(TemplateMiner())), said(added([*kept, *later]).finish()))


def test_what_varies_in_a_row_is_known_where_it_is_counted_as_two() -> None:
    builder = added([alert(0), log(10, text="hello 1")])
    builder.release(START + 5 * SECOND)
    for text in ("hello 1", "hello 2"):
        builder.add(log(10, text=text))
    assert builder.finish().varied == (1,)


@given(events(), st.sampled_from(AT))
def test_what_comes_later_is_not_counted_before_it(made: list[Event], at: float) -> None:
    before = START + round(at) * SECOND
    earlier = [event for event in made if event.time < before]
    found = added(made).counted().before(before).rows(TemplateMiner())
    assert_equal(said(found), said(added(earlier).finish()))


def test_a_released_event_is_new_when_it_comes_again() -> None:
    old, new = log(0), log(10)
    builder = added([old, new])
    builder.release(new.time)
    builder.add(old)
    builder.add(new)
    assert builder.finish().members == ((old.uid,), (new.uid,))
    assert builder.duplicates == 1


def test_a_bucket_that_goes_on_is_kept_whole() -> None:
    builder = added([log(0.1), log(0.8, text="another"), log(1.2)])
    builder.release(START + SECOND // 2)
    assert len(builder.finish()) == 3
    builder.release(START + SECOND)
    assert len(builder.finish()) == 1


@given(events(), events(), st.sampled_from([None, *AT]))
def test_rows_stay_as_they_were_handed_out(made: list[Event], later: list[Event], at: float | None) -> None:
    builder = added(made)
    counted = builder.counted()
    rows = builder.finish()
    # Of packed events nothing is kept at hand.
    was = plain(rows)
    rows = counted.rows(TemplateMiner())
    if at is not None:
        builder.release(START + round(at * SECOND))
    for event in later:
        builder.add(event)
    builder.finish()
    assert plain(rows) == was
    assert_equal(counted.rows(TemplateMiner()), rows)


def test_another_thread_may_read_rows_meanwhile() -> None:
    made = [log(at / 10, text=f"{'abcdefgh'[at % 8]} failed after {at} ms") for at in range(2000)]
    sealed = Sealed(made)
    builder = added([sealed.pack(number) for number in range(200)])
    rows = builder.finish()
    expected = added(made[:200]).finish()
    # Read anew each time: nothing that was read is kept at hand.
    small = mock.patch.multiple(shelf, _BLOCK=500, _KEPT_EVENTS=0)
    with small, ThreadPoolExecutor(1) as pool:
        read = pool.submit(lambda: [said_by(rows) for _ in range(50)])
        for number in range(200, 2000):
            builder.add(sealed.pack(number))
            if number % 100 == 0:
                builder.finish()
                builder.release(made[number - 50].time)
        assert read.result() == [said_by(expected)] * 50


def said_by(rows: Rows) -> tuple[list[Event], list[tuple[str, ...]]]:
    return list(rows.events), list(map(tuple, rows.members))


def test_events_that_are_asked_for_again_and_again_are_read_once() -> None:
    made = [log(at, text=f"{'abcdefgh'[at % 8]} failed") for at in range(20)]
    sealed = Sealed(made)
    builder = added([sealed.pack(number) for number in range(20)])
    assert list(builder.finish().events) == made
    builder.release(made[5].time)
    rows = builder.finish()
    assert list(rows.events) == list(rows.events) == made[5:]
    assert sealed.read == 20
    assert builder.finish().events[14] is made[19]
    again = builder.finish().events
    assert again[14] is made[19]
    assert sealed.read == 20
    # Of the others none was asked for the last time.
    assert again[0] is made[5]
    assert sealed.read == 21


def test_rows_can_be_had_again_and_again() -> None:
    made = [log(0, text=f"order {UUID}"), span(1, at=1), alert(2)]
    builder = RowBuilder(Settings())
    assert len(builder.finish()) == 0
    for number, event in enumerate(made, 1):
        builder.add(event)
        assert_equal(builder.finish(), added(made[:number]).finish())


@pytest.mark.parametrize("resolved", [True, False])
def test_an_alert_that_is_repeated_takes_no_more_room(resolved: bool) -> None:
    known = alert(0, uid="a", status="resolved", duration=5) if resolved else alert(0, uid="a")
    builder = added([known])
    with mock.patch.object(shelf.Shelf, "put", side_effect=AssertionError("kept once more")):
        builder.add(alert(0, uid="a"))
    assert builder.finish().events == (known,)


def test_what_was_released_is_held_no_more() -> None:
    """Templates, keys and events would pile up for ever."""
    builder = RowBuilder(Settings())
    sizes = []
    for minute in range(6):
        for at in range(50):
            key = f"{minute * 50 + at:032x}"
            builder.add(log(minute * 60 + at, text=f"word{'abcdefgh'[minute] * (at + 1)} failed", trace_id=key))
        builder.release(START + minute * 60 * SECOND)
        sizes.append(held(builder))
    assert len(set(sizes)) == 1


def held(builder: RowBuilder) -> tuple[int, ...]:
    """Count what a builder holds, by what it hands out and by what is inside."""
    counted = builder.counted()
    parts: list[Callable[[], int]] = [
        lambda: len(counted.templates),
        lambda: len(counted.kinds),
        lambda: len(counted.uids),
        lambda: len(counted.row_of),
        lambda: len(counted.first),
        lambda: len(counted.keys),
        lambda: len(counted.shelf),
    ]
    return tuple(part() for part in parts)

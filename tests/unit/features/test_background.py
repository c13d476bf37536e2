"""What the background model keeps, for how long, and what it looks at."""

from __future__ import annotations

from math import log as ln

import pytest

from stormcell.config import BackgroundSettings
from stormcell.features.surprise import Background
from stormcell.types import Rows
from tests.unit.features.build import log, rows_of, span
from tests.unit.features.test_surprise import WIDTH, background, counted, judged

DAY = 86_400


def model(**settings: float) -> Background:
    return Background(BackgroundSettings.model_validate({"bucket_seconds": WIDTH, **settings}))


def test_what_is_learned_again_counts_once() -> None:
    rows = counted(usual=[1, 2, 3, 4, 5], rare=[0, 7, 0, 0, 0])
    once, twice = background(rows), background(rows)
    twice.learn(rows)
    assert once.surprise(rows).value.tolist() == twice.surprise(rows).value.tolist()


def test_without_hindsight_the_past_alone_counts() -> None:
    rows = counted(usual=[1, 1, 1, 1, 1], late=[0, 0, 0, 1, 1])
    known = model(hindsight=False)
    known.learn(rows)
    surprise = known.surprise(rows)
    assert judged(rows, surprise, "late", 3)[1] == pytest.approx(1 - 0.5 / 4)
    assert judged(rows, surprise, "late", 4)[1] == pytest.approx(1 - 1.5 / 5)
    assert judged(rows, surprise, "usual", 0)[1] == 0.5
    # In the first three stretches less than four had been seen.
    assert [bool(known.surprise(rows).learning[row]) for row in range(len(rows))] == [
        event.time // (WIDTH * 10**9) - rows.events[0].time // (WIDTH * 10**9) < 3 for event in rows.events
    ]


def test_what_comes_later_does_not_change_how_the_past_was_judged() -> None:
    before, after = counted(usual=[1, 3, 1, 2]), counted(usual=[0, 0, 0, 0, 9, 9], other=[0, 0, 0, 0, 1])
    known = model(hindsight=False)
    known.learn(before)
    judged_then = known.surprise(before).value.tolist()
    known.learn(after)
    assert known.surprise(before).value.tolist() == judged_then


def days(*texts: str) -> Rows:
    """Make a log of each text, one a day."""
    return rows_of(log(day * DAY, text=text) for day, text in enumerate(texts) if text)


def test_what_is_long_past_weighs_less() -> None:
    known = model(half_life_days=1)
    rows = days("old", "", "new", "now")
    known.learn(rows)
    surprise = known.surprise(rows_of([log(3 * DAY, text=text) for text in ("old", "new")]))
    # The others weigh 1/8, 1/2; none of them is of the same day.
    old, new = sorted(surprise.novelty.tolist(), reverse=True)
    assert old == pytest.approx(1 - (1 / 8 + 0.5) / (5 / 8 + 1))
    assert new == pytest.approx(1 - (1 / 2 + 0.5) / (5 / 8 + 1))


def test_after_four_half_lives_nothing_is_left() -> None:
    known = model(half_life_days=1)
    known.learn(days("old", "new"))
    known.learn(days(*[""] * 5, "now"))
    assert (known.buckets, known.templates) == (2, 2)


def test_of_too_many_templates_those_seen_least_recently_go() -> None:
    known = model(max_templates=100)
    known.learn(
        rows_of(
            log(number, text=f"kind{'abcdefghij'[number % 10]}{chr(97 + number // 10)}") for number in range(90)
        )
    )
    known.learn(
        rows_of(
            log(WIDTH + number, text=f"other{'abcdefghij'[number % 10]}{chr(97 + number // 10)}")
            for number in range(60)
        )
    )
    assert known.templates == 100
    assert sum(line[2].startswith("other") for line in known.snapshot()["templates"]) == 60


def test_goes_on_from_a_snapshot() -> None:
    rows = counted(usual=[1, 2, 3, 4, 5], rare=[0, 7, 0, 0, 0])
    known, again = background(rows), model()
    again.restore(known.snapshot())
    assert again.surprise(rows).value.tolist() == known.surprise(rows).value.tolist()
    assert again.idf(rows.templates).tolist() == known.idf(rows.templates).tolist()
    assert again.snapshot() == known.snapshot()
    assert ln(again.buckets) == ln(5)


def failing() -> Rows:
    """Make a span that went well in each of five buckets, and failed in one of them, too."""
    well = [span(number + 1, at=number * WIDTH) for number in range(5)]
    return rows_of([*well, span(9, at=2 * WIDTH, failed=True)])


def test_a_snapshot_knows_what_failed() -> None:
    rows = failing()
    known, again = background(rows), model()
    again.restore(known.snapshot())
    assert again.surprise(rows).failure.tolist() == known.surprise(rows).failure.tolist()
    assert again.snapshot() == known.snapshot()


def test_without_knowing_what_failed_a_failure_is_as_usual_as_its_operation() -> None:
    rows = failing()
    older = background(rows).snapshot()
    del older["failures"]
    known = model()
    known.restore(older)
    surprise = known.surprise(rows)
    assert surprise.failure.tolist() == surprise.value.tolist()


def test_failures_are_forgotten_with_their_templates() -> None:
    known = model(half_life_days=1, max_templates=100)
    known.learn(rows_of([span(1, failed=True, text="old"), span(2, at=2 * DAY, failed=True, text="rare")]))
    known.learn(rows_of([log(5 * DAY)]))
    assert [line[2] for line in known.snapshot()["failures"]] == ["rare"]
    known.learn(
        rows_of(log(5 * DAY + at, text=f"k{'abcdefghij'[at % 10]}{chr(97 + at // 10)}") for at in range(99))
    )
    assert known.snapshot()["failures"] == []


def test_what_a_copy_learns_of_failures_is_its_own() -> None:
    known = background(failing())
    before = known.snapshot()
    copy = known.copy()
    copy.learn(rows_of([span(20, at=9 * WIDTH, failed=True)]))
    assert known.snapshot() == before
    assert copy.snapshot()["failures"] != before["failures"]


def test_a_snapshot_of_other_buckets_is_refused() -> None:
    snapshot = background(counted(usual=[1])).snapshot()
    with pytest.raises(ValueError, match=r"learned with background\.bucket_seconds at 900\.0"):
        model(bucket_seconds=60).restore(snapshot)


@pytest.mark.parametrize(
    "broken", [{}, {"format": "other"}, {"templates": [1]}, {"failures": 1}, {"buckets": None}]
)
def test_what_is_no_snapshot_is_refused(broken: dict[str, object]) -> None:
    snapshot = background(counted(usual=[1])).snapshot() | broken if broken else {}
    with pytest.raises(ValueError, match="snapshot"):
        model().restore(snapshot)

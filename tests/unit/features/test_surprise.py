from __future__ import annotations

from itertools import count
from math import log as ln
from math import sqrt

import pytest

from stormcell.config import BackgroundSettings
from stormcell.features.surprise import Background, Surprise
from stormcell.types import Rows
from tests.unit.features.build import log, rows_of, span

WIDTH = 900


def background(rows: Rows, learning_buckets: int = 4) -> Background:
    made = Background(BackgroundSettings(bucket_seconds=WIDTH, learning_buckets=learning_buckets))
    made.learn(rows)
    return made


def counted(**counts: list[int]) -> Rows:
    """Make rows with so many logs of each text in each bucket."""
    return rows_of(
        log(bucket * WIDTH, text=text)
        for text, numbers in counts.items()
        for bucket, number in enumerate(numbers)
        for _ in range(number)
    )


def judged(rows: Rows, surprise: Surprise, text: str, bucket: int) -> tuple[float, float]:
    start = rows.first[0] // (WIDTH * 10**9)
    for row, event in enumerate(rows.events):
        if event.text == text and rows.first[row] // (WIDTH * 10**9) - start == bucket:
            return float(surprise.value[row]), float(surprise.novelty[row])
    raise LookupError(text)


def test_a_template_of_one_bucket_is_new_and_bursts() -> None:
    rows = counted(usual=[1, 1, 1, 1, 1], rare=[0, 0, 3, 0, 0])
    value, novelty = judged(rows, background(rows).surprise(rows), "rare", 2)
    # None of the four other buckets holds it; of their counts (all 0) the median is 0 and so is the deviation.
    assert novelty == pytest.approx(1 - 0.5 / 5)
    assert value == pytest.approx(-ln(1 / 6) + ln(1 + 3 / 1))


def test_an_ever_present_template_is_no_surprise() -> None:
    rows = counted(usual=[2, 2, 2, 2, 2])
    value, novelty = judged(rows, background(rows).surprise(rows), "usual", 0)
    assert novelty == pytest.approx(1 - 4.5 / 5)
    assert value == pytest.approx(-ln(4.5 / 5))


def test_a_burst_is_measured_against_the_other_buckets() -> None:
    rows = counted(usual=[1, 2, 40, 4, 5])
    value, _ = judged(rows, background(rows).surprise(rows), "usual", 2)
    # The others are 1, 2, 4, 5: median 3, absolute deviations 2, 1, 1, 2 with the median 1.5.
    burst = (40 - 3) / (1.4826 * 1.5 + sqrt(3 + 1))
    assert value == pytest.approx(-ln(4.5 / 5) + ln(1 + burst))


def test_fewer_than_usual_is_no_burst() -> None:
    rows = counted(usual=[9, 9, 1, 9, 9])
    value, _ = judged(rows, background(rows).surprise(rows), "usual", 2)
    assert value == pytest.approx(-ln(4.5 / 5))


def test_an_unseen_template() -> None:
    known = background(counted(usual=[1, 1, 1, 1]))
    rows = counted(unseen=[1])
    surprise = known.surprise(rows)
    # Its bucket is one of the four; three others do not hold it.
    assert surprise.novelty[0] == pytest.approx(1 - 0.5 / 4)
    assert surprise.value[0] == pytest.approx(-ln(1 / 5))


def test_a_bucket_not_learned_counts_as_one_more() -> None:
    known = background(counted(usual=[1, 1, 1, 1]))
    surprise = known.surprise(rows_of([log(6 * WIDTH, text="usual")]))
    assert surprise.novelty[0] == pytest.approx(1 - 4.5 / 5)


def test_one_bucket_only() -> None:
    rows = counted(a=[1], b=[7])
    surprise = background(rows).surprise(rows)
    assert surprise.novelty.tolist() == [0.5, 0.5]
    assert surprise.value == pytest.approx([ln(2), ln(2)])


def test_all_rows_of_a_template_in_a_bucket_are_judged_alike() -> None:
    rows = rows_of([log(0), log(5), log(10)])
    assert len(set(background(rows).surprise(rows).value.tolist())) == 1


def test_services_are_judged_apart() -> None:
    rows = rows_of([*(log(bucket * WIDTH) for bucket in range(5)), log(0, service="cart")])
    value = background(rows).surprise(rows).value
    by_service = {event.service: value[row] for row, event in enumerate(rows.events)}
    assert by_service["cart"] > by_service["shop"]


def test_learns_from_several_calls() -> None:
    parts = [counted(usual=[1, 1]), counted(usual=[0, 0, 1, 1])]
    known = background(parts[0])
    known.learn(parts[1])
    whole = counted(usual=[1, 1, 1, 1])
    assert known.surprise(whole).value.tolist() == background(whole).surprise(whole).value.tolist()


@pytest.mark.parametrize(("buckets", "learning"), [(0, True), (3, True), (4, False), (5, False)])
def test_is_learning_until_enough_buckets_are_seen(buckets: int, learning: bool) -> None:
    rows = counted(usual=[1] * buckets)
    known = background(rows)
    assert known.buckets == buckets
    assert known.surprise(rows).learning.tolist() == [learning] * buckets


def test_rare_templates_have_a_high_idf() -> None:
    rows = counted(usual=[1, 1, 1, 1], rare=[1])
    idf = dict(zip((t.text for t in rows.templates), background(rows).idf(rows.templates), strict=True))
    assert idf["usual"] == pytest.approx(ln(5 / 4.5))
    assert idf["rare"] == pytest.approx(ln(5 / 1.5))


def test_nothing() -> None:
    rows = rows_of([])
    assert background(rows).surprise(rows).value.shape == (0,)


def test_a_failed_span_is_judged_by_the_failures_of_its_template_too() -> None:
    number = count(1)
    rows = rows_of(
        span(next(number), at=bucket * WIDTH, failed=failed)
        for bucket, (well, wrong) in enumerate([(9, 0), (9, 0), (9, 1), (9, 0), (0, 9)])
        for failed, many in ((False, well), (True, wrong))
        for _ in range(many)
    )
    surprise = background(rows).surprise(rows)
    start = rows.first[0] // (WIDTH * 10**9)
    at = {
        (int(rows.first[row] // (WIDTH * 10**9) - start), bool(rows.failed[row])): row for row in range(len(rows))
    }
    usual = -ln(4.5 / 5)
    assert [surprise.value[at[4, True]], surprise.value[at[0, False]]] == pytest.approx([usual, usual])
    assert surprise.failure[at[0, False]] == surprise.value[at[0, False]]
    # One of the four other buckets holds a failure; of 9, 0, 0, 0 and of 1, 0, 0, 0 median and deviation are 0.
    assert surprise.failure[at[2, True]] == pytest.approx(-ln(1.5 / 5) + ln(1 + 1))
    assert surprise.failure[at[4, True]] == pytest.approx(-ln(1.5 / 5) + ln(1 + 9))


def test_a_log_that_reports_a_failure_is_judged_by_its_text() -> None:
    rows = rows_of(log(bucket * WIDTH, severity=severity) for bucket, severity in enumerate([9, 9, 9, 9, 17]))
    surprise = background(rows).surprise(rows)
    assert surprise.failure.tolist() == surprise.value.tolist()

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.times import duration, parse, rfc3339, spoken

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (1_500_000_000, "1970-01-01T00:00:01.500Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_699_999_904_898_999_808, "2023-11-14T22:11:44.898999808Z"),
        (2**63 - 1, "2262-04-11T23:47:16.854775807Z"),
        (-(2**63), "1677-09-21T00:12:43.145224192Z"),
    ],
)
def test_rfc3339_is_exact_and_no_longer_than_needed(time: int, text: str) -> None:
    assert rfc3339(time) == text


@given(st.integers(-(2**63), 2**63 - 1))
def test_rfc3339_reads_back(time: int) -> None:
    seconds, fraction = rfc3339(time)[:-1].split(".")
    whole = int((datetime.fromisoformat(seconds) - datetime(1970, 1, 1)).total_seconds())
    assert whole * SECOND + int(fraction.ljust(9, "0")) == time
    assert parse(rfc3339(time)) == time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-02", 86_400 * SECOND),
        ("1970-01-01 00:00:01", SECOND),
        ("1970-01-01T01:00:01.5+01:00", 1_500_000_000),
        ("1970-01-01T00:00:00.0000000019Z", 1),
        ("1969-12-31T23:59:59.9Z", -100_000_000),
    ],
)
def test_other_ways_to_write_a_time_are_read(text: str, time: int) -> None:
    assert parse(text) == time


@pytest.mark.parametrize("text", ["", "yesterday", "12:30", "2023-02-30T00:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|range|month|time"):
        parse(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_500, "1.5 µs"),
        (35_000_000, "35 ms"),
        (1_534_000_000, "1.53 s"),
        (999_600_000, "999 ms"),
        (59_999_000_000, "59.9 s"),
        (60 * SECOND, "1 min"),
        (252 * SECOND, "4 min 12 s"),
        (3_600 * SECOND, "1 h"),
        (7_500 * SECOND, "2 h 5 min"),
        (90_000 * SECOND, "1 d 1 h"),
        (31_536_000 * SECOND, "365 d"),
    ],
)
def test_spoken(duration: int, text: str) -> None:
    assert spoken(duration) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90d", 7_776_000), ("24h", 86_400), (" 5 min ", 300), ("0s", 0), ("0", 0), ("1d", 86_400)],
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert duration(text) == seconds * SECOND


@pytest.mark.parametrize("text", ["", "5", "d", "-1d", "1.5h", "1 week", "1d 2h", "1D", "\u0661d", "1" * 10 + "d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90d or 24h"):
        duration(text)

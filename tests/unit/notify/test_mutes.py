"""Silences and maintenance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import MaintenanceSettings
from stormcell.notify import Mute, active, group_view, muted
from tests.unit.notify.build import group, settings


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 10**9


def weekly(**changes: Any) -> MaintenanceSettings:
    made = {"name": "m", "days": ["sat"], "from": "22:00", "to": "04:00", **changes}
    return MaintenanceSettings.model_validate(made)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-01-10T21:59:59+00:00", None),  # a Saturday
        ("2026-01-10T22:00:00+00:00", "2026-01-11T04:00:00+00:00"),
        ("2026-01-11T03:59:59+00:00", "2026-01-11T04:00:00+00:00"),
        ("2026-01-11T04:00:00+00:00", None),
        ("2026-01-11T22:30:00+00:00", None),
    ],
)
def test_over_midnight(now: str, ends: str | None) -> None:
    assert active(weekly(), ns(now)) == (None if ends is None else ns(ends))


def test_a_whole_day() -> None:
    day = weekly(**{"from": "00:00", "to": "24:00"})
    assert active(day, ns("2026-01-10T23:59:59+00:00")) == ns("2026-01-11T00:00:00+00:00")
    assert active(day, ns("2026-01-11T00:00:00+00:00")) is None


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        # The night in which clocks go forward has an hour less, that in which they go back one more.
        ("2026-03-28T21:00:00+00:00", "2026-03-29T02:00:00+00:00"),
        ("2026-10-24T20:00:00+00:00", "2026-10-25T03:00:00+00:00"),
        ("2026-06-06T20:00:00+00:00", "2026-06-07T02:00:00+00:00"),
    ],
)
def test_by_the_clock_of_its_zone(now: str, ends: str) -> None:
    berlin = weekly(timezone="Europe/Berlin")
    assert active(berlin, ns(now)) == ns(ends)
    assert active(berlin, ns(now) - 1) is None


def test_the_day_is_that_of_the_zone() -> None:
    tokyo = weekly(**{"from": "00:00", "to": "01:00", "timezone": "Asia/Tokyo"})
    assert active(tokyo, ns("2026-01-09T15:30:00+00:00")) is not None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_weekly_in_utc_is_plain_arithmetic(when: datetime) -> None:
    now = int(when.replace(tzinfo=UTC).timestamp()) * 10**9
    into_week = (now // 10**9 - ns("2026-01-10T22:00:00+00:00") // 10**9) % (7 * 86_400)
    assert (active(weekly(), now) is not None) is (into_week < 6 * 3600)


SILENCE = {"name": "s", "starts": "2026-01-01T00:00:00Z", "ends": "2026-01-02T00:00:00Z"}


def test_what_lasts_longest_is_named() -> None:
    told = settings(
        silences=[
            {**SILENCE, "when": {"service": "cart"}},
            {**SILENCE, "name": "other", "when": {"service": "nobody"}, "ends": "2027-01-01T00:00:00Z"},
        ],
        maintenance=[{"name": "m", "starts": "2026-01-01T00:00:00Z", "ends": "2026-01-03T00:00:00Z"}],
    )
    look = group_view(group(), told)
    assert muted(look, told, ns("2025-12-31T23:59:59+00:00")) is None
    assert muted(look, told, ns("2026-01-01T00:00:00+00:00")) == Mute("m", ns("2026-01-03T00:00:00+00:00"))
    assert (
        muted(look, settings(silences=[{**SILENCE, "when": {"service": "cart"}}]), ns("2026-01-02T00:00:00+00:00"))
        is None
    )


@pytest.mark.parametrize(
    ("section", "wrong", "message"),
    [
        ("silences", {**SILENCE, "when": {}}, "expected at least one field"),
        (
            "silences",
            {**SILENCE, "when": {"service": "a"}, "ends": "2025-01-01T00:00:00Z"},
            "`ends` after `starts`",
        ),
        ("silences", {**SILENCE, "when": {"service": "a"}, "ends": "2027-01-01T00:00:00"}, "timezone"),
        ("silences", {**SILENCE, "when": {"severity": "loud"}}, "expected one of critical, error, info, warning"),
        ("maintenance", {"name": "m"}, "expected either `days`, `from` and `to`"),
        ("maintenance", {"name": "m", "days": ["sat"], "from": "22:00"}, "expected either"),
        ("maintenance", {"name": "m", "days": ["sat"], "from": "9", "to": "10:00"}, "expected a time of the day"),
        ("maintenance", {"name": "m", "days": ["sat"], "from": "24:00", "to": "10:00"}, "from 00:00 to 23:59"),
        ("maintenance", {"name": "m", "days": ["someday"], "from": "09:00", "to": "10:00"}, "'mon', 'tue'"),
        (
            "maintenance",
            {"name": "m", "days": ["sat"], "from": "09:00", "to": "10:00", "timezone": "Mars/Base"},
            "no time zone 'Mars/Base'",
        ),
        ("exporters", {"name": "e", "kind": "k", "target": "t", "wait": "soon"}, "expected seconds or a span"),
        ("exporters", {"name": "e", "kind": "k", "target": "t", "wait": -1}, "greater than or equal to 0"),
        ("exporters", {"name": "e", "kind": "k", "target": "t", "when": {"labels": "x"}}, "labels: no such field"),
    ],
)
def test_wrong_settings_say_why(section: str, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        settings(**{section: [wrong]})


def test_names_come_once() -> None:
    silence = {**SILENCE, "when": {"service": "a"}}
    with pytest.raises(ValueError, match="'s' comes twice"):
        settings(silences=[silence, silence])

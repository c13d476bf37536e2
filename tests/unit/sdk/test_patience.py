"""How long something is tried again, in time that goes on when told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import DeliveryError, RefusedError
from stormcell.sdk import patience
from stormcell.sdk.patience import Patience

REFUSED = RefusedError("full", retry_after=0.0)
BUSY = DeliveryError("503", retryable=True)
NEVER = DeliveryError("400", retryable=False)


class Time:
    """Stands in for `time` and for an event: each wait takes just as long as was asked for."""

    def __init__(self, closing_at: float = float("inf")) -> None:
        self.now, self.closing_at = 1000.0, closing_at
        self.waits: list[float] = []
        self.last_waits: list[float] = []
        """Those that began when it was to close."""

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        (self.last_waits if self.is_set() else self.waits).append(seconds)
        self.now += seconds

    def is_set(self) -> bool:
        return self.now >= self.closing_at

    def wait(self, seconds: float) -> bool:
        if self.is_set():
            return True
        self.waits.append(min(seconds, self.closing_at - self.now))
        self.now += self.waits[-1]
        return self.is_set()


class Calls:
    """Fails with these, one after the other; None is a success."""

    def __init__(self, errors: Iterator[Exception | None]) -> None:
        self.errors, self.count = errors, 0

    def __call__(self) -> None:
        self.count += 1
        if (error := next(self.errors)) is not None:
            raise error


def tried(
    errors: Iterator[Exception | None], seconds: float, closing_at: float = float("inf"), left: float = 0
) -> tuple[Time, Calls, Exception | None]:
    """Try for some seconds; it is to close at a time, and has some left then."""
    time, calls = Time(closing_at), Calls(errors)
    closing: Any = time

    def until() -> float:
        return closing_at + left if time.is_set() else float("inf")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patience, "time", time)
        try:
            Patience(seconds, closing, until).tried(calls)
        except (RefusedError, DeliveryError) as error:
            return time, calls, error
    return time, calls, None


def test_what_succeeds_is_called_once() -> None:
    time, calls, error = tried(iter([None]), 0)
    assert (calls.count, time.waits, error) == (1, [], None)


@pytest.mark.parametrize("failure", [REFUSED, BUSY])
def test_it_waits_longer_each_time_and_five_seconds_at_most(failure: Exception) -> None:
    time, calls, error = tried(iter([failure] * 12 + [None]), 1000)
    assert (calls.count, error) == (13, None)
    longest = [min(0.1 * 2**number, 5.0) for number in range(12)]
    assert all(most / 2 <= wait <= most for wait, most in zip(time.waits, longest, strict=True))


def test_what_will_never_do_is_not_tried_again() -> None:
    _, calls, error = tried(iter([REFUSED, NEVER]), 1000)
    assert (calls.count, error) == (2, NEVER)


def test_it_waits_as_long_as_it_is_asked_to_and_not_in_vain() -> None:
    slow = DeliveryError("429", retryable=True, retry_after=20.0)
    time, calls, error = tried(iter([slow, None]), 30)
    assert (calls.count, time.waits, error) == (2, [20.0], None)
    time, calls, error = tried(iter([slow, None]), 19)
    assert (calls.count, time.waits, error) == (1, [], slow)


def test_one_that_cannot_keep_it_is_asked_again_within_five_seconds() -> None:
    time, _, error = tried(iter([RefusedError("full", retry_after=3600), None]), 30)
    assert (time.waits, error) == ([5.0], None)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_it_is_over_when_its_time_is_and_says_what_was_wrong_last(
    seconds: float, closing: float, left: float
) -> None:
    time, _, error = tried(repeat(BUSY), seconds, 1000 + closing, left)
    assert error is BUSY
    assert time.now <= 1000 + min(seconds, closing + left) + 1e-9


def test_once_it_is_to_close_it_tries_at_once_and_then_as_at_first() -> None:
    time, calls, error = tried(repeat(BUSY), 1000, closing_at=1098, left=5)
    assert time.waits[-2] > 2  # it waited for long by then
    assert all(0.1 * 2**number / 2 <= wait <= 0.1 * 2**number for number, wait in enumerate(time.last_waits))
    assert len(time.last_waits) >= 4
    assert calls.count == len(time.waits) + len(time.last_waits) + 1
    assert error is BUSY


def test_a_wait_ends_when_it_is_to_close_and_is_not_begun_again() -> None:
    slow = DeliveryError("429", retryable=True, retry_after=50.0)
    time, calls, error = tried(repeat(slow), 1000, closing_at=1010, left=5)
    assert (calls.count, time.waits, time.last_waits, error) == (2, [10.0], [], slow)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stormcell.wire.backoff import LONGEST_ASKED, Backoff


@given(st.binary(), st.lists(st.none() | st.floats(0, 10 * LONGEST_ASKED), min_size=1, max_size=100))
def test_waits_double_up_to_a_limit_and_never_fall_short_of_what_was_asked(
    seed: bytes, asked: list[float | None]
) -> None:
    backoff = Backoff(seed, first=2, longest=60)
    for failures, seconds in enumerate(asked):
        assert backoff.failures == failures
        most = min(60.0, 2.0 * 2**failures)
        wait = backoff.failed(seconds)
        floor = 0.0 if seconds is None else min(seconds, LONGEST_ASKED)
        assert max(most / 2, floor) <= wait <= max(most, floor)


def test_after_a_success_it_begins_anew() -> None:
    backoff = Backoff(b"seed", first=1, longest=1000)
    waits = [backoff.failed() for _ in range(8)]
    backoff.succeeded()
    assert backoff.failed() <= 1 < waits[-1]


def test_chance_follows_from_the_seed() -> None:
    def waits(backoff: Backoff) -> list[float]:
        return [backoff.failed() for _ in range(5)]

    assert waits(Backoff(b"a")) == waits(Backoff(b"a"))
    assert waits(Backoff(b"a")) != waits(Backoff(b"b"))
    assert waits(Backoff()) != waits(Backoff())

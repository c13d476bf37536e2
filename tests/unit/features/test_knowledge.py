"""Copies of what is known: they learn on their own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.features.knowledge import Knowledge
from stormcell.types import Event
from tests.unit.features.build import log, span

words = st.sampled_from(["cart", "user", "order", "pay"])
events = st.lists(
    st.builds(
        lambda at, name, number, error: log(
            at, text=f"{name} failed: code {number} for {name}", severity=17 if error else 9
        ),
        st.integers(0, 600),
        words,
        st.integers(0, 9),
        st.booleans(),
    ),
    max_size=20,
)


def calls() -> list[Event]:
    return [span(1, service="front", text="GET /"), span(2, 1, service="cart", text="add")]


@given(events, events)
def test_a_copy_learns_as_the_original_would_and_leaves_it_alone(first: list[Event], second: list[Event]) -> None:
    known, alone = Knowledge(Settings()), Knowledge(Settings())
    for one in (known, alone):
        one.learn([*first, *calls()])
    before = known.snapshot()
    copy = known.copy()
    copy.learn(second)
    assert known.snapshot() == before
    alone.learn(second)
    assert copy.snapshot() == alone.snapshot()
    texts = ["cart failed: code 7 for cart"]
    assert (copy.background.lexicon.embed(texts) == alone.background.lexicon.embed(texts)).all()

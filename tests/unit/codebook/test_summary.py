from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import MOST_VALUES, added, summarise
from stormcell.types import OTHER, Event, WindowSummary
from tests.unit.codebook.made import SETTINGS, shop, trained
from tests.unit.features.build import log, rows_of

ASSIGNING = Assigning(trained(), SETTINGS)


def summary(events: list[Event], start: int = 0, end: int = 1) -> WindowSummary:
    return summarise(ASSIGNING, rows_of(events), start, end)


def test_it_counts_events_by_value() -> None:
    events = [
        log(0, uid="a", service="cart", text="cannot reach the database", severity=17),
        log(0.1, uid="b", service="cart", text="cannot reach the database", severity=17),
        log(9, uid="c", service="", text="what a strange thing to say", resource={"k8s.namespace.name": "prod"}),
    ]
    found = summary(events, 5, 7)
    assert (found.codebook, found.start, found.end, found.events, found.new) == (
        ASSIGNING.codebook.version, 5, 7, 3.0, 1.0,
    )  # fmt: skip
    assert found.fields["service"].counts == {"cart": 2.0, "": 1.0}
    assert found.fields["severity"].counts == {"17": 2.0, "9": 1.0}
    assert found.fields["label:namespace"].counts == {"prod": 1.0, "": 2.0}
    assert found.fields["service"].examples == {"cart": "a"}
    assert found.fields["distance"].counts["0.00"] == 2.0
    assert found.fields["duration"].counts == {"": 3.0}
    assert sum(found.codewords.values()) == 2.0


def test_all_fields_count_every_event() -> None:
    found = summary(shop())
    for field in found.fields.values():
        assert sum(field.counts.values()) == pytest.approx(found.events)


def test_only_the_most_frequent_values_are_named() -> None:
    events = [log(at, uid=f"u{at}", service=f"s{at}") for at in range(MOST_VALUES + 50)]
    events += [log(at, uid=f"v{at}", service="often") for at in range(300)]
    found = summary(events).fields["service"]
    assert len(found.counts) == MOST_VALUES + 1
    assert found.counts["often"] == 300
    assert found.counts[OTHER] == 51
    assert OTHER not in found.examples


@examples(max_examples=25)
@given(st.lists(st.integers(0, 59), max_size=4, unique=True))
def test_summaries_of_parts_add_up_to_that_of_the_whole(cuts: list[int]) -> None:
    events = shop(60)
    edges = [0, *sorted(cuts), 60]
    parts = [summary(events[start:end], start, end) for start, end in pairwise(edges)]
    whole, together = summary(events, 0, 60), added(parts)
    assert (together.start, together.end, together.events) == (0, 60, whole.events)
    assert together.distance == pytest.approx(whole.distance)
    assert together.new == whole.new
    assert together.codewords == pytest.approx(whole.codewords)
    assert together.silhouette == pytest.approx(whole.silhouette)
    for name, field in whole.fields.items():
        assert together.fields[name].counts == pytest.approx(field.counts)


def test_a_label_that_a_window_does_not_know_was_missing_there() -> None:
    one = summary([log(0, uid="a", resource={"k8s.namespace.name": "prod"})])
    two = summary([log(9, uid="b"), log(10, uid="c")])
    assert added([one, two]).fields["label:namespace"].counts == {"prod": 1.0, "": 2.0}
    assert added([two, one]).fields["label:namespace"].counts == {"prod": 1.0, "": 2.0}


def test_nothing_happens_in_an_empty_window() -> None:
    found = summary([])
    assert (found.events, found.new, found.distance, found.silhouette) == (0.0, 0.0, 0.0, None)
    assert added([found, summary(shop(9))]).events == 9


def test_only_summaries_of_one_codebook_are_added() -> None:
    other = summarise(Assigning(trained(seed=1), SETTINGS), rows_of(shop(9)), 0, 1)
    with pytest.raises(ValueError, match="summaries of one codebook"):
        added([summary(shop(9)), other])
    with pytest.raises(ValueError, match="no summary"):
        added([])

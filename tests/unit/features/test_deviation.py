from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.features.deviation import Counts, deviations, weighted_median

tables = st.integers(1, 6).flatmap(
    lambda width: st.lists(
        st.tuples(
            st.lists(st.integers(0, 9), min_size=width, max_size=width),
            st.lists(st.integers(0, 3), min_size=width, max_size=width),
        ),
        min_size=1,
        max_size=5,
    )
)


@given(tables)
def test_the_weighted_median_is_that_of_repeated_values(rows: list[tuple[list[int], list[int]]]) -> None:
    values = np.array([row[0] for row in rows], dtype=np.float64)
    weights = np.array([row[1] for row in rows], dtype=np.float64)
    for found, value, weight in zip(weighted_median(values, weights), values, weights, strict=True):
        repeated = np.repeat(value, weight.astype(int))
        assert found == (np.median(repeated) if len(repeated) else 0)


@given(st.data())
def test_every_template_is_judged_as_it_would_be_alone(data: st.DataObject) -> None:
    buckets = data.draw(st.integers(1, 6))
    held = data.draw(
        st.lists(st.dictionaries(st.integers(0, buckets - 1), st.integers(1, 50)), min_size=1, max_size=6)
    )
    pairs = [(number, at) for number in range(len(held)) for at in range(buckets)]
    own = np.array([held[number].get(at, 0) for number, at in pairs], dtype=np.float64)
    counts = Counts(
        start=np.cumsum([0, *map(len, held)]),
        bucket=np.array([at for entries in held for at in entries], dtype=np.int64),
        count=np.array([count for entries in held for count in entries.values()], dtype=np.float64),
    )
    weights = 1.0 - np.eye(buckets)
    template, owner = np.array(pairs).T
    shares, bursts = deviations(counts, template, owner, own, weights)
    for (number, at), share, burst, count in zip(pairs, shares, bursts, own, strict=True):
        others = np.array([held[number].get(other, 0) for other in range(buckets) if other != at])
        assert share == (others > 0).sum()
        if len(others) == 0:
            assert burst == 0
            continue
        median = np.median(others)
        spread = 1.4826 * np.median(np.abs(others - median)) + np.sqrt(median + 1)
        assert burst == pytest.approx(max((count - median) / spread, 0))

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from stormcell.codebook.drift import measures
from stormcell.codebook.drift.measures import LARGEST_PSI, MIXED, js, kl, ks, psi, psi_parts

Measure = Callable[[list[int], list[int]], float]
Pair = tuple[list[int], list[int]]

EVERY: tuple[Measure, ...] = (psi, kl, js, ks)
LARGEST = {psi: LARGEST_PSI, kl: LARGEST_PSI / 2, js: 1.0, ks: 1.0}

every = pytest.mark.parametrize("measure", EVERY, ids=lambda measure: measure.__name__)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Two counts of the same values, with zeros among them."""
    values = draw(st.integers(1, 12))
    counts = st.lists(st.integers(0, 1000), min_size=values, max_size=values).filter(any)
    return draw(counts), draw(counts)


def same_shares(before: list[int], after: list[int]) -> bool:
    return all(one * sum(after) == two * sum(before) for one, two in zip(before, after, strict=True))


@every
@given(pairs())
def test_it_is_0_for_equal_shares_only_and_bounded(measure: Measure, pair: Pair) -> None:
    far = measure(*pair)
    if same_shares(*pair):
        assert far == pytest.approx(0, abs=1e-7)
    else:
        assert 0 < far <= LARGEST[measure] * (1 + 1e-12)


@pytest.mark.parametrize("measure", [psi, js, ks])
@given(pairs())
def test_it_is_symmetric(measure: Measure, pair: Pair) -> None:
    before, after = pair
    assert measure(before, after) == pytest.approx(measure(after, before), abs=1e-12)


def test_kl_is_not() -> None:
    assert kl([1, 99], [50, 50]) != pytest.approx(kl([50, 50], [1, 99]), rel=0.1)


@every
@given(pairs(), st.integers(1, 1000), st.integers(1, 1000))
def test_the_volume_does_not_matter(measure: Measure, pair: Pair, one: int, two: int) -> None:
    before, after = pair
    scaled = measure([one * count for count in before], [two * count for count in after])
    assert scaled == pytest.approx(measure(before, after), abs=1e-6)


@every
@given(pairs())
def test_a_value_that_nobody_has_does_not_matter(measure: Measure, pair: Pair) -> None:
    before, after = pair
    assert measure([*before, 0], [*after, 0]) == pytest.approx(measure(before, after), abs=1e-12)


@pytest.mark.parametrize("measure", [psi, kl, js])
@given(pairs())
def test_the_order_of_the_values_does_not_matter(measure: Measure, pair: Pair) -> None:
    order = np.random.default_rng(len(pair[0])).permutation(len(pair[0]))
    before, after = ([counts[at] for at in order] for counts in pair)
    assert measure(before, after) == pytest.approx(measure(*pair), abs=1e-12)


@every
def test_what_shares_no_value_is_as_far_as_can_be(measure: Measure) -> None:
    assert measure([3, 0], [0, 5]) == pytest.approx(LARGEST[measure])


@given(pairs(), pairs())
def test_js_is_a_metric(one: Pair, other: Pair) -> None:
    size = min(len(one[0]), len(other[0]))
    a, b, c = ([*one[0][:size], 1], [*one[1][:size], 1], [*other[0][:size], 1])
    assert js(a, c) <= js(a, b) + js(b, c) + 1e-9


@given(pairs())
def test_psi_is_both_divergences_and_the_sum_of_its_parts(pair: Pair) -> None:
    before, after = pair
    assert psi(before, after) == pytest.approx(kl(before, after) + kl(after, before), abs=1e-9)
    parts = psi_parts(before, after)
    assert parts.sum() == pytest.approx(psi(before, after))
    assert (parts >= 0).all()


@given(pairs())
def test_js_is_that_of_scipy(pair: Pair) -> None:
    assert js(*pair) == pytest.approx(float(np.nan_to_num(jensenshannon(*pair, base=2))), abs=1e-6)


@given(pairs())
def test_kl_is_that_of_scipy(pair: Pair) -> None:
    p, q = (np.array(counts) / sum(counts) for counts in pair)
    middle = (p + q) / 2
    p, q = (1 - MIXED) * p + MIXED * middle, (1 - MIXED) * q + MIXED * middle
    assert kl(*pair) == pytest.approx(float(stats.entropy(q, p)), abs=1e-9)


@given(pairs())
def test_ks_is_that_of_scipy(pair: Pair) -> None:
    samples = [np.repeat(np.arange(len(counts)), 4 * np.array(counts)) for counts in pair]
    assert ks(*pair) == pytest.approx(float(stats.ks_2samp(*samples, method="asymp").statistic), abs=1e-9)


@pytest.mark.parametrize("bad", [([1], [1, 2]), ([0, 0], [1, 1]), ([-1, 2], [1, 1]), ([float("inf"), 1], [1, 1])])
@every
def test_counts_that_are_none_are_refused(measure: Callable[..., float], bad: tuple[list[float], ...]) -> None:
    with pytest.raises(ValueError, match="counts"):
        measure(*bad)


@pytest.mark.parametrize(("values", "before", "after"), [(2, 10_000, 300), (10, 5000, 500), (40, 20_000, 2000)])
def test_what_chance_brings_about_is_as_was_worked_out(values: int, before: int, after: int) -> None:
    rng = np.random.default_rng(values)
    shares = rng.dirichlet(np.full(values, 5.0))
    found = [psi(rng.multinomial(before, shares), rng.multinomial(after, shares)) for _ in range(2000)]
    seldom = float(stats.norm.sf(2.0))
    limit = measures.chance_psi(values, before, after, 2.0)
    assert limit / (1 / before + 1 / after) == pytest.approx(float(stats.chi2.isf(seldom, values - 1)), rel=0.03)
    assert np.mean(np.array(found) > limit) == pytest.approx(seldom, abs=0.015)


def test_what_chance_brings_about_for_ks() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(20, 5.0))
    found = [ks(rng.multinomial(9000, shares), rng.multinomial(400, shares)) for _ in range(2000)]
    assert np.mean(np.array(found) > measures.chance_ks(9000, 400, 0.05)) <= 0.05
    assert measures.chance_ks(9000, 400, 0.05) == pytest.approx(
        float(stats.kstwobign.isf(0.05)) * (1 / 9000 + 1 / 400) ** 0.5, rel=0.01
    )


@given(st.integers(1, 100_000), st.data())
def test_the_lower_bound_of_a_share_is_that_of_scipy(events: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, events))
    # Both sides together are left out as often as three standard deviations are.
    expected = stats.binomtest(hits, events).proportion_ci(1 - 2 * float(stats.norm.sf(3.0)), method="wilson")
    share = hits / events
    assert share - measures.chance_share(share, events, 3.0) == pytest.approx(float(expected.low), abs=1e-9)

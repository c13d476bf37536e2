from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, completeness_score, homogeneity_score, rand_score
from sklearn.metrics.cluster import contingency_matrix, pair_confusion_matrix

from stormcell.cluster.quality.agreement import agreement, contingency

labelled = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)


@given(labelled)
def test_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    found = agreement(truth, predicted)
    assert found.rand == pytest.approx(rand_score(truth, predicted))
    assert found.ari == pytest.approx(adjusted_rand_score(truth, predicted))
    assert found.homogeneity == pytest.approx(homogeneity_score(truth, predicted), abs=1e-9)
    assert found.completeness == pytest.approx(completeness_score(truth, predicted), abs=1e-9)
    assert found.purity == pytest.approx(contingency_matrix(truth, predicted).max(axis=0).sum() / len(truth))
    (_, false_positive), (false_negative, together) = pair_confusion_matrix(truth, predicted)
    precision = together / (together + false_positive) if together + false_positive else 1.0
    recall = together / (together + false_negative) if together + false_negative else 1.0
    assert (found.precision, found.recall) == pytest.approx((precision, recall))
    both = precision + recall
    assert found.f1 == pytest.approx(2 * precision * recall / both if both else 0.0)


@given(labelled)
def test_contingency_counts_the_pairs_of_labels_that_occur(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    found = contingency(truth, predicted)
    names, groups = list(dict.fromkeys(truth)), list(dict.fromkeys(predicted))
    counted = {
        (names[row], groups[column]): count
        for row, column, count in zip(
            found.truth.tolist(), found.predicted.tolist(), found.counts.tolist(), strict=True
        )
    }
    assert counted == {pair: pairs.count(pair) for pair in pairs}
    assert found.by_truth.tolist() == [truth.count(name) for name in names]
    assert found.by_predicted.tolist() == [predicted.count(group) for group in groups]


@given(labelled)
def test_names_of_labels_do_not_matter(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    renamed = [f"group {label}" for label in predicted]
    assert agreement(truth, renamed) == agreement(truth, predicted)


@given(labelled)
def test_a_partition_agrees_with_itself(pairs: list[tuple[int, int]]) -> None:
    truth = [first for first, _ in pairs]
    found = agreement(truth, truth)
    assert (found.rand, found.ari, found.f1, found.purity) == (1, 1, 1, 1)
    assert (found.homogeneity, found.completeness) == pytest.approx((1, 1))


def test_many_labels_take_no_dense_table() -> None:
    rng = np.random.default_rng(0)
    # As a table, 50,000 x 50,000 numbers would take 20 GB.
    truth = rng.permutation(np.repeat(np.arange(50_000), 2)).tolist()
    predicted = rng.permutation(np.repeat(np.arange(50_000), 2)).tolist()
    found = agreement(truth, predicted)
    assert found.ari == pytest.approx(adjusted_rand_score(truth, predicted))
    assert found.homogeneity == pytest.approx(homogeneity_score(truth, predicted))


def test_no_items() -> None:
    found = agreement([], [])
    assert found.ari == adjusted_rand_score([], []) == 1
    assert (found.rand, found.purity, found.f1) == (1, 1, 1)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 true labels but 1 predicted ones"):
        agreement([1, 2], [1])

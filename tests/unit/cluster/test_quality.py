from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, completeness_score, homogeneity_score
from sklearn.metrics.cluster import contingency_matrix, pair_confusion_matrix

from stormcell.cluster.quality import agreement, contingency

labelled = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)


@given(labelled)
def test_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    found = agreement(truth, predicted)
    assert found.ari == pytest.approx(adjusted_rand_score(truth, predicted))
    assert found.homogeneity == pytest.approx(homogeneity_score(truth, predicted), abs=1e-9)
    assert found.completeness == pytest.approx(completeness_score(truth, predicted), abs=1e-9)
    (_, false_positive), (false_negative, together) = pair_confusion_matrix(truth, predicted)
    precision = together / (together + false_positive) if together + false_positive else 1.0
    recall = together / (together + false_negative) if together + false_negative else 1.0
    assert (found.precision, found.recall) == pytest.approx((precision, recall))
    both = precision + recall
    assert found.f1 == pytest.approx(2 * precision * recall / both if both else 0.0)


@given(labelled)
def test_contingency_counts_pairs_of_labels(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    ours = sorted(map(sorted, contingency(truth, predicted).tolist()))
    assert ours == sorted(map(sorted, contingency_matrix(truth, predicted).tolist()))


@given(labelled)
def test_names_of_labels_do_not_matter(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    renamed = [f"group {label}" for label in predicted]
    assert agreement(truth, renamed) == agreement(truth, predicted)
    assert agreement(truth, truth).ari == agreement(truth, truth).f1 == 1


def test_no_items() -> None:
    assert agreement([], []).ari == adjusted_rand_score([], []) == 1


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 true labels but 1 predicted ones"):
        agreement([1, 2], [1])

"""How well a grouping agrees with the truth, by scikit-learn's definitions, from the contingency table alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.types import DoubleArray, IntArray


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of predicted labels with true ones.

    Attributes
    ----------
    rand : float
        Share of the pairs of items that both put together or both keep apart (Rand 1971).
    ari : float
        Adjusted Rand index (Hubert & Arabie 1985): 1 for equal partitions, 0 for chance.
    precision, recall, f1 : float
        Over pairs of items: of those put together, the share that belongs together, and the reverse.
    homogeneity, completeness : float
        Conditional entropies (Rosenberg & Hirschberg 2007).
    purity : float
        Share of the items whose true label is the commonest one of their group. It is 1 where every item is a
        group of its own, so it says little alone.
    """

    rand: float
    ari: float
    precision: float
    recall: float
    f1: float
    homogeneity: float
    completeness: float
    purity: float


@dataclass(frozen=True, slots=True, eq=False)
class Contingency:
    """How many items have each pair of labels that occurs.

    Only those pairs are kept: a table of many labels is nearly all zeros. Labels are numbered in the order in
    which they come.

    Attributes
    ----------
    truth, predicted : IntArray, shape (pairs,)
        Numbers of the two labels, ascending by ``truth``, then ``predicted``.
    counts : IntArray, shape (pairs,)
        Items with both, at least 1.
    by_truth, by_predicted : IntArray, shape (true labels,) and (predicted labels,)
        Items with each label.
    """

    truth: IntArray
    predicted: IntArray
    counts: IntArray
    by_truth: IntArray
    by_predicted: IntArray


def contingency(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> Contingency:
    """Count the pairs of labels; see `agreement`."""
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} true labels but {len(predicted)} predicted ones")
    rows, columns = _codes(truth), _codes(predicted)
    by_truth, by_predicted = np.bincount(rows), np.bincount(columns)
    pairs, counts = np.unique(rows * max(len(by_predicted), 1) + columns, return_counts=True)
    found_rows, found_columns = np.divmod(pairs, max(len(by_predicted), 1))
    return Contingency(found_rows, found_columns, counts, by_truth, by_predicted)


def agreement(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> Agreement:
    """Score predicted labels.

    Parameters
    ----------
    truth, predicted : sequence of hashable, length n
        A label an item.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    table = contingency(truth, predicted)
    n = len(truth)
    pairs = n * (n - 1) // 2
    together, in_truth, in_groups = (_pairs(held) for held in (table.counts, table.by_truth, table.by_predicted))
    precision = together / in_groups if in_groups else 1.0
    recall = together / in_truth if in_truth else 1.0
    commonest = np.zeros_like(table.by_predicted)
    np.maximum.at(commonest, table.predicted, table.counts)
    return Agreement(
        rand=(pairs + 2 * together - in_truth - in_groups) / pairs if pairs else 1.0,
        ari=_ari(pairs, together, in_truth, in_groups),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        homogeneity=_explained(table.by_truth, table.counts, table.by_predicted[table.predicted]),
        completeness=_explained(table.by_predicted, table.counts, table.by_truth[table.truth]),
        purity=int(commonest.sum()) / n if n else 1.0,
    )


def _codes(labels: Sequence[Hashable]) -> IntArray:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _pairs(counts: IntArray) -> int:
    """Return how many pairs of items lie within one of the counted sets."""
    return int((counts * (counts - 1)).sum()) // 2


def _ari(pairs: int, together: int, in_truth: int, in_groups: int) -> float:
    if pairs == 0:
        return 1.0
    expected = in_truth * in_groups / pairs
    most = (in_truth + in_groups) / 2
    # Both partitions trivial in the same way: they are equal.
    return 1.0 if most == expected else (together - expected) / (most - expected)


def _explained(labels: IntArray, counts: IntArray, given: IntArray) -> float:
    """Return the share of the entropy of labels that knowing the other label takes away.

    Parameters
    ----------
    labels : IntArray
        Items with each label.
    counts, given : IntArray, shape (pairs,)
        Items with each pair of labels, and with the other label of the pair.
    """
    n = max(int(labels.sum()), 1)
    shares: DoubleArray = labels / n
    entropy = float(-(shares * np.log(shares)).sum())
    if entropy == 0:
        return 1.0
    return 1.0 + float((counts / n * np.log(counts / given)).sum()) / entropy

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
    ari : float
        Adjusted Rand index (Hubert & Arabie 1985): 1 for equal partitions, 0 for chance.
    precision, recall, f1 : float
        Over pairs of items: of those put together, the share that belongs together, and the reverse.
    homogeneity, completeness : float
        Conditional entropies (Rosenberg & Hirschberg 2007).
    """

    ari: float
    precision: float
    recall: float
    f1: float
    homogeneity: float
    completeness: float


def contingency(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> IntArray:
    """Return how many items have each pair of labels, shape (true labels, predicted labels)."""
    table = np.zeros((len(set(truth)), len(set(predicted))), dtype=np.int64)
    np.add.at(table, (_codes(truth), _codes(predicted)), 1)
    return table


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
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} true labels but {len(predicted)} predicted ones")
    table = contingency(truth, predicted)
    by_truth, by_group = table.sum(axis=1), table.sum(axis=0)
    together = int((table * (table - 1)).sum()) // 2
    in_truth = int((by_truth * (by_truth - 1)).sum()) // 2
    in_groups = int((by_group * (by_group - 1)).sum()) // 2
    precision = together / in_groups if in_groups else 1.0
    recall = together / in_truth if in_truth else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Agreement(
        ari=_ari(len(truth), together, in_truth, in_groups),
        precision=precision,
        recall=recall,
        f1=f1,
        homogeneity=_explained(table, by_truth, by_group),
        completeness=_explained(table.T, by_group, by_truth),
    )


def _codes(labels: Sequence[Hashable]) -> IntArray:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def _ari(n: int, together: int, in_truth: int, in_groups: int) -> float:
    pairs = n * (n - 1) // 2
    if pairs == 0:
        return 1.0
    expected = in_truth * in_groups / pairs
    most = (in_truth + in_groups) / 2
    # Both partitions trivial in the same way: they are equal.
    return 1.0 if most == expected else (together - expected) / (most - expected)


def _entropy(counts: IntArray) -> float:
    shares: DoubleArray = counts[counts > 0] / max(int(counts.sum()), 1)
    return float(-(shares * np.log(shares)).sum())


def _explained(table: IntArray, rows: IntArray, columns: IntArray) -> float:
    """Return the share of the rows' entropy that knowing the column takes away."""
    entropy = _entropy(rows)
    if entropy == 0:
        return 1.0
    n = int(rows.sum())
    filled = table[table > 0] / n
    conditional = float(
        -(filled * np.log(table[table > 0] / np.broadcast_to(columns, table.shape)[table > 0])).sum()
    )
    return 1.0 - conditional / entropy

"""The data of the benchmarks, by seed, and the loss that every solution is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stormcell.types import DoubleArray, FloatArray, IntArray

K = 50
NUMERIC, CATEGORICAL = 6, 8
_TRAINTICKET = Path(__file__).parent / "data" / "trainticket"
_BLOCK = 20_000


def clustered(n: int, d: int = 384, seed: int = 0) -> FloatArray:
    """Return rows around ``K`` centres, shape (n, d)."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(K, d)).astype(np.float32)
    return centres[rng.integers(K, size=n)] + rng.standard_normal((n, d), dtype=np.float32)


def zipf(n: int, d: int = 64, seed: int = 0, centres: int = 200) -> FloatArray:
    """Return rows around more centres than ``K``, of which a few hold most rows, shape (n, d)."""
    rng = np.random.default_rng(seed)
    at = rng.normal(size=(centres, d)) * rng.uniform(0.5, 2, size=(centres, 1))
    share = 1 / np.arange(1, centres + 1)
    chosen = rng.choice(centres, n, p=share / share.sum())
    return at.astype(np.float32)[chosen] + 0.7 * rng.standard_normal((n, d), dtype=np.float32)


def structureless(n: int, d: int = 8, seed: int = 0) -> FloatArray:
    """Return normal rows, in which there is nothing to be found, shape (n, d)."""
    return np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)


def digits() -> FloatArray:
    """Return scikit-learn's handwritten digits, shape (1797, 64)."""
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().data, dtype=np.float32)


def log_lines(n: int, seed: int = 0) -> FloatArray:
    """Return the TF-IDF vectors of log lines drawn from the trainticket data, shape (n, 512) or less rows."""
    from stormcell import read
    from stormcell.text.lexical import Lexicon

    texts = [event.text for event in read([_TRAINTICKET / "logs.otlp.jsonl.gz"])]
    drawn = np.random.default_rng(seed).permutation(len(texts))[:n]
    lexicon = Lexicon()
    lexicon.learn(sorted(set(texts)))
    return lexicon.embed([texts[row] for row in drawn])


def five(n: int) -> dict[str, FloatArray]:
    """Return five data sets of at most n rows: three made, two real."""
    return {
        "clustered": clustered(n),
        "zipf": zipf(n),
        "structureless": structureless(n),
        "digits": digits()[:n],
        "log lines": log_lines(n),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Rows of mixed fields.

    Attributes
    ----------
    numeric : DoubleArray, shape (n, 6)
        NaN where missing.
    codes : IntArray, shape (n, 8)
        0 to 7; -1 where missing.
    """

    numeric: DoubleArray
    codes: IntArray

    def __len__(self) -> int:
        return len(self.codes)


def records(n: int, seed: int = 0, missing: float = 0.0) -> Records:
    """Return rows of six numeric and eight categorical fields around ``K`` profiles.

    Parameters
    ----------
    n : int
    seed : int
    missing : float
        The share of cells that are missing.
    """
    rng = np.random.default_rng(seed)
    profile = rng.integers(K, size=n)
    numeric = rng.normal(size=(K, NUMERIC))[profile] + 0.5 * rng.normal(size=(n, NUMERIC))
    numeric[:, ::3] = np.exp(numeric[:, ::3])  # some are skewed, as durations and sizes are
    codes = rng.integers(8, size=(K, CATEGORICAL))[profile]
    codes = np.where(rng.random((n, CATEGORICAL)) < 0.3, rng.integers(8, size=(n, CATEGORICAL)), codes)
    numeric[rng.random(numeric.shape) < missing] = np.nan
    codes[rng.random(codes.shape) < missing] = -1
    return Records(numeric, codes)


def start_of(n: int, seed: int, k: int = K) -> IntArray:
    """Return k random rows to start from: those that scikit-learn-extra draws from the same seed."""
    return np.random.RandomState(seed).choice(n, k, replace=False).astype(np.int64)


def euclidean(X: FloatArray) -> FloatArray:
    """Return all Euclidean distances in one matrix, exactly symmetric, shape (n, n)."""
    squares = np.einsum("ij,ij->i", X, X)
    far = X @ X.T
    far *= -2
    far += squares[:, None] + squares
    np.maximum(far, 0, out=far)
    np.sqrt(far, out=far)
    np.fill_diagonal(far, 0)
    return far


def matrix_loss(D: FloatArray, medoids: IntArray) -> float:
    """Return the sum of the distances to the nearest medoid, from a matrix."""
    return float(D[medoids].min(axis=0).sum(dtype=np.float64))


def vector_loss(X: FloatArray, medoids: IntArray, weights: DoubleArray | None = None) -> float:
    """Return the (weighted) sum of the Euclidean distances to the nearest medoid, in double precision."""
    centres = X[medoids].astype(np.float64)
    total = 0.0
    for at in range(0, len(X), _BLOCK):
        block = X[at : at + _BLOCK].astype(np.float64)
        squares = (block**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * block @ centres.T
        near = np.sqrt(np.maximum(squares.min(axis=1), 0))
        total += float(near.sum() if weights is None else near @ weights[at : at + _BLOCK])
    return total


def gower_reference(rows: Records, medoids: IntArray) -> tuple[DoubleArray, IntArray]:
    """Return Gower's dissimilarity to some rows by its definition, in double precision, and over how many fields.

    A field that either row lacks counts for neither, as in R's ``cluster::daisy``. NaN where there is none.

    Returns
    -------
    tuple of two arrays, shape (n, medoids)
    """
    spread = np.nanmax(rows.numeric, axis=0) - np.nanmin(rows.numeric, axis=0)
    total = np.zeros((len(rows), len(medoids)))
    count = np.zeros(total.shape, dtype=np.int64)
    for at in range(NUMERIC):
        column = rows.numeric[:, at] / spread[at]
        apart = np.abs(column[:, None] - column[medoids])
        count += ~np.isnan(apart)
        total += np.nan_to_num(apart)
    for at in range(CATEGORICAL):
        code = rows.codes[:, at]
        both = (code[:, None] >= 0) & (code[medoids] >= 0)
        count += both
        total += both & (code[:, None] != code[medoids])
    with np.errstate(invalid="ignore"):
        return total / count, count

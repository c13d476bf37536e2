"""The gate: sets atoms apart that are background."""

from __future__ import annotations

from stormcell.types import BoolArray, DoubleArray


def passes(surprise: DoubleArray, threshold: float, learning: BoolArray) -> BoolArray:
    """Return which atoms are surprising enough to be grouped.

    While the background model is still learning nothing is known to be usual, so everything passes.

    Parameters
    ----------
    surprise : DoubleArray, shape (m,)
        Of each atom.
    threshold : float
        The least surprise.
    learning : BoolArray, shape (m,)
        Whether too little had been seen when it happened.

    Returns
    -------
    BoolArray, shape (m,)
    """
    chosen: BoolArray = (surprise >= threshold) | learning
    return chosen

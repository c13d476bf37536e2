"""The gate: sets atoms apart that are background."""

from __future__ import annotations

from stormcell.features.table import Table
from stormcell.types import BoolArray


def passes(atoms: Table, threshold: float, *, learning: bool) -> BoolArray:
    """Return which atoms are surprising enough to be grouped.

    While the background model is still learning nothing is known to be usual, so everything passes.

    Parameters
    ----------
    atoms : Table, m atoms
    threshold : float
        The least surprise.
    learning : bool

    Returns
    -------
    BoolArray, shape (m,)
    """
    surprise = atoms.surprise
    chosen: BoolArray = (surprise >= threshold) | learning
    return chosen

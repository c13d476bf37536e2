"""A run's atoms and clusters, before they are groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.distance.mixed import MixedPoints
from stormcell.features.outline import RowFeatures
from stormcell.features.table import Table
from stormcell.groups.feedback import Verdict
from stormcell.types import BoolArray, Clustering, DoubleArray, IntArray, Link, Outcome, Rows, RuleOutcome


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A run's atoms and clusters, before they are groups.

    Attributes
    ----------
    rows : Rows
    features : RowFeatures
    atom_of : IntArray, shape (n,)
        The atom of each row: 0 to p - 1 those that passed the gate, then to m - 1 background.
    surprise : DoubleArray, shape (m,)
        Of the atoms.
    table : Table, p atoms
    fields : MixedPoints
        The p atoms.
    weights : DoubleArray, shape (p,)
        Inside the objective.
    links : sequence of Link
    sessions : sequence of IntArray
        Atoms of each session.
    clusterings : sequence of Clustering
        One a session; points are positions in the session.
    voices : IntArray, shape (m,)
        The most surprising row of each atom.
    verdicts : mapping of int to Verdict
        What people want otherwise, by session.
    outcomes : tuple of Outcome
        What became of each feedback.
    ruled : sequence of mapping of int to tuple of str
        For each session the rules that put atoms where they are, by position.
    rules : tuple of RuleOutcome
        What became of each rule.
    """

    rows: Rows
    features: RowFeatures
    atom_of: IntArray
    surprise: DoubleArray
    table: Table
    fields: MixedPoints
    weights: DoubleArray
    links: Sequence[Link]
    sessions: Sequence[IntArray]
    clusterings: Sequence[Clustering]
    voices: IntArray
    verdicts: Mapping[int, Verdict]
    outcomes: tuple[Outcome, ...]
    ruled: Sequence[Mapping[int, tuple[str, ...]]]
    rules: tuple[RuleOutcome, ...]

    @property
    def grouped(self) -> BoolArray:
        """Which atoms are in a group, shape (m,)."""
        inside = np.zeros(len(self.surprise), dtype=bool)
        for session in self.sessions:
            inside[session] = True
        return inside

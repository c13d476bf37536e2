"""The sides of rules that atoms are on."""

from __future__ import annotations

from stormcell.types import IntArray, Rows

Marks = frozenset[tuple[int, str]]
"""Pairs of a rule, by its place in ``rules.named``, and a side of it."""


def marks_of(rows: Rows, atom_of: IntArray) -> dict[int, Marks]:
    """Return the sides of each atom that is on any.

    Parameters
    ----------
    rows : Rows, n rows
    atom_of : IntArray, shape (n,)
    """
    found: dict[int, Marks] = {}
    for sides, atom in zip(rows.sides, atom_of.tolist(), strict=False):
        own = frozenset((rule, side) for rule, held in enumerate(sides) for side in held)
        if own:
            found[atom] = found.get(atom, frozenset()) | own
    return found

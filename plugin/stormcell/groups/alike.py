"""Atoms of one session that say the same of the same service within a minute are one point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stormcell.features.outline import Outline
from stormcell.features.pairs import distinct_pairs
from stormcell.groups.units import Marks
from stormcell.types import IntArray, Link, Rows


def link_alike(
    rows: Rows,
    atom_of: IntArray,
    atoms: Outline,
    sessions: Sequence[IntArray],
    stretch: int,
    marks: Mapping[int, Marks],
) -> list[Link]:
    """Link the atoms of a session that agree in blamed service, templates, sides of rules and stretch of time.

    A storm repeats itself: this keeps the number of points that are clustered small, whatever their weight.

    Parameters
    ----------
    rows : Rows, n rows
    atom_of : IntArray, shape (n,)
    atoms : Outline, m atoms
    sessions : sequence of IntArray
        Atoms.
    stretch : int
        ns; 0 links nothing.
    marks : mapping of int to Marks
        The sides of rules that atoms are on.

    Returns
    -------
    list of Link
        Between the first rows of atoms, with the reason "alike".
    """
    if stretch == 0:
        return []
    owner, said_by, _ = distinct_pairs(atom_of, rows.template)
    templates, starts = said_by.tolist(), np.searchsorted(owner, np.arange(len(atoms.items) + 1)).tolist()
    first_row = np.unique(atom_of, return_index=True)[1].tolist()
    links = []
    for session in sessions:
        seen: dict[tuple[int, tuple[int, ...], int, Marks | None], int] = {}
        for atom in session.tolist():
            said = tuple(templates[starts[atom] : starts[atom + 1]])
            key = (int(atoms.accused[atom]), said, int(atoms.first[atom]) // stretch, marks.get(atom))
            other = seen.setdefault(key, atom)
            if other != atom:
                a, b = sorted((first_row[other], first_row[atom]))
                links.append(Link(a, b, "alike", rows.events[b].service))
    return links

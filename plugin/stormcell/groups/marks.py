"""The sides of rules that atoms are on."""

from __future__ import annotations

from collections.abc import Sequence

from stormcell.groups.units import Marks, Rules, parts
from stormcell.types import IntArray, Rows, Sides


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


def parting(rows: Rows, rules: Rules) -> Sequence[Sides]:
    """Return for each row the sides that are never in one group; empty where no rule parts.

    Parameters
    ----------
    rows : Rows, n rows
    rules : sequence of rules
        ``rules.named``.
    """
    chosen = [at for at, rule in enumerate(rules) if parts(rule)]
    return [tuple(sides[at] for at in chosen) for sides in rows.sides] if chosen else ()

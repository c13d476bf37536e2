from __future__ import annotations

import numpy as np
import pytest

from stormcell.groups.gate import passes
from tests.unit.features.build import log
from tests.unit.groups.build import atoms_of

SURPRISE = np.array([0.5, 1.2, 3.0])


@pytest.mark.parametrize(
    ("threshold", "passed"),
    [(0.0, [True, True, True]), (1.2, [False, True, True]), (1.21, [False, False, True]), (9, [False] * 3)],
)
def test_passes_from_the_threshold_on(threshold: float, passed: list[bool]) -> None:
    assert passes(SURPRISE, threshold, np.zeros(3, dtype=bool)).tolist() == passed


def test_what_came_while_learning_passes() -> None:
    learning = np.array([True, False, True])
    assert passes(SURPRISE, 9, learning).tolist() == [True, False, True]


def test_an_atom_without_an_error_is_half_as_surprising() -> None:
    atoms = atoms_of([log(0, text="calm", service="a"), log(0, text="bad", service="b", severity=17)])[2]
    assert max(atoms.surprise) == pytest.approx(2 * min(atoms.surprise))

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stormcell.groups.gate import passes
from tests.unit.features.build import log
from tests.unit.groups.build import atoms_of

ATOMS = dataclasses.replace(
    atoms_of([log(0), log(500, text="b"), log(900, text="c")])[2], surprise=np.array([0.5, 1.2, 3.0])
)


@pytest.mark.parametrize(
    ("threshold", "passed"),
    [(0.0, [True, True, True]), (1.2, [False, True, True]), (1.21, [False, False, True]), (9, [False] * 3)],
)
def test_passes_from_the_threshold_on(threshold: float, passed: list[bool]) -> None:
    assert passes(ATOMS, threshold, learning=False).tolist() == passed


def test_everything_passes_while_learning() -> None:
    assert passes(ATOMS, 9, learning=True).tolist() == [True] * 3


def test_an_atom_without_an_error_is_half_as_surprising() -> None:
    atoms = atoms_of([log(0, text="calm", service="a"), log(0, text="bad", service="b", severity=17)])[2]
    assert atoms.error.tolist() in ([True, False], [False, True])
    calm, bad = atoms.surprise[~atoms.error][0], atoms.surprise[atoms.error][0]
    assert bad == pytest.approx(2 * calm)

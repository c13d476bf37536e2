"""Classical scaling gives back what lies in a plane, and is honest about what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.render.report.scaling import scale
from stormcell.types import DoubleArray, FloatArray

COORDINATES = st.integers(-50, 50)
PLANE = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=12)


def between(points: DoubleArray) -> DoubleArray:
    return np.asarray(np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2)))


@st.composite
def dissimilarities(draw: st.DrawFn) -> FloatArray:
    n = draw(st.integers(0, 9))
    upper = draw(st.lists(st.integers(0, 100), min_size=n * n, max_size=n * n))
    far = np.triu(np.array(upper, dtype=np.float32).reshape(n, n) / 100, 1)
    return np.asarray(far + far.T, dtype=np.float32)


@given(PLANE)
def test_points_of_a_plane_come_back(points: list[tuple[int, int]]) -> None:
    far = between(np.array(points, dtype=np.float64))
    found = scale(far.astype(np.float32))
    np.testing.assert_allclose(between(found.at), far, atol=2e-3 * max(far.max(), 1))
    assert found.explained == pytest.approx(1, abs=1e-4)
    assert found.stress == pytest.approx(0, abs=1e-3)


@given(dissimilarities())
def test_the_figures_are_what_they_are_said_to_be(far: FloatArray) -> None:
    found = scale(far)
    assert found.at.shape == (len(far), 2)
    assert np.isfinite(found.at).all()
    assert 0 <= found.explained <= 1 + 1e-9
    if far.any():
        exact = far.astype(np.float64)
        stress = np.sqrt(((between(found.at) - exact) ** 2).sum() / (exact**2).sum())
        assert found.stress == pytest.approx(stress, abs=1e-6)
        np.testing.assert_allclose(found.at.mean(axis=0), 0, atol=1e-6)


def test_what_has_no_sign_of_its_own_is_always_drawn_the_same_way() -> None:
    far = between(np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 1.0], [7.0, 2.0]])).astype(np.float32)
    found = scale(far)
    assert found.at[np.abs(found.at[:, 0]).argmax(), 0] > 0
    assert found.at[np.abs(found.at[:, 1]).argmax(), 1] > 0


def test_corners_of_a_tetrahedron_do_not_fit() -> None:
    found = scale(np.asarray(1 - np.eye(4), dtype=np.float32))
    assert found.explained == pytest.approx(2 / 3)
    assert found.stress > 0.1

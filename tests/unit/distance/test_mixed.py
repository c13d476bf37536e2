from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from stormcell.distance.fields import AsymmetricBinary, Categorical, Numeric, Partial
from stormcell.distance.mixed import Field, explain, mixed
from tests.unit.distance.columns import Column, tables

DAISY = Path(__file__).parents[2] / "golden" / "daisy.json"

Table = tuple[int, list[Field], list[Column]]


def gower(fields: list[Field], a: int, b: int) -> float:
    """Gower's coefficient, field by field."""
    total = weights = 0.0
    for field in fields:
        part = float(field.partial.block(np.array([a]), np.array([b]))[0, 0])
        delta = 0.0 if math.isnan(part) else 1.0
        total += field.weight * delta * (part if delta else 0.0)
        weights += field.weight * delta
    return total / weights if weights else math.nan


@given(tables())
def test_mixed_is_gowers_coefficient(table: Table) -> None:
    n, fields, _ = table
    far = mixed(fields, np.arange(n), np.arange(n))
    slow = [[gower(fields, a, b) for b in range(n)] for a in range(n)]
    assert far.dtype == np.float32
    assert np.allclose(far, slow, atol=1e-6, equal_nan=True)
    assert (np.isnan(far) | (far >= 0) & (far <= 1)).all()


@given(tables(least=0))
def test_shares_sum_to_the_mixed_dissimilarity(table: Table) -> None:
    n, fields, _ = table
    a, b = (side.ravel() for side in np.indices((n, n)))
    far = mixed(fields, np.arange(n), np.arange(n)).ravel()
    for shares, whole in zip(explain(fields, a, b), far.tolist(), strict=True):
        assert sum(share.share for share in shares) == pytest.approx(0 if math.isnan(whole) else whole, abs=1e-6)
        assert [share.name for share in shares] == [field.name for field in fields if field.weight > 0]
        for share in shares:
            assert 0 <= share.share <= share.dissimilarity + 1e-12 <= 1 + 1e-9


@given(tables())
def test_a_missing_field_has_no_weight(table: Table) -> None:
    n, fields, columns = table
    used = [(field, column) for field, column in zip(fields, columns, strict=True) if field.weight > 0]
    a, b = (side.ravel() for side in np.indices((n, n)))
    for x, y, shares in zip(a.tolist(), b.tolist(), explain(fields, a, b), strict=True):
        for (field, column), share in zip(used, shares, strict=True):
            if column.missing[x] or column.missing[y]:
                assert (share.weight, share.share, share.dissimilarity) == (0, 0, 0)
            elif field.name != "binary":
                assert share.weight == field.weight


def test_a_field_of_weight_zero_is_left_out() -> None:
    fields = [Field("a", 1.0, Categorical(np.array([0, 1]))), Field("b", 0.0, Categorical(np.array([0, 0])))]
    assert mixed(fields, np.array([0]), np.array([1])).tolist() == [[1.0]]


def test_nothing_in_common_is_nan() -> None:
    fields = [
        Field("a", 1.0, Categorical(np.array([0, -1]))),
        Field("b", 1.0, Numeric(np.array([np.nan, 1]), 1.0)),
    ]
    assert np.isnan(mixed(fields, np.array([0]), np.array([1]))).all()


def test_agrees_with_daisy_of_r() -> None:
    golden = json.loads(DAISY.read_text())
    number, constant, flag = (np.array(golden[name], dtype=float) for name in ("number", "constant", "flag"))
    codes = np.array([-1 if code is None else code for code in golden["category"]])
    partials: tuple[Partial, ...] = (
        Numeric(number, float(np.nanmax(number) - np.nanmin(number))),
        Numeric(constant, 0.0),
        Categorical(codes),
        AsymmetricBinary(flag),
    )
    names = ("number", "constant", "category", "flag")
    fields = [Field(*field) for field in zip(names, golden["weights"], partials, strict=True)]
    rows = np.arange(len(number))
    expected = np.array(golden["dissimilarity"], dtype=float)
    assert np.allclose(mixed(fields, rows, rows), expected, atol=1e-6, equal_nan=True)
    pairs = np.triu_indices(len(rows), 1)
    sums = [sum(share.share for share in shares) for shares in explain(fields, *pairs)]
    assert np.allclose(sums, np.nan_to_num(expected[pairs]), atol=1e-6)

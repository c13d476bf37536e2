"""What others do: an alarm in each window in which a measure of a field is beyond a fixed threshold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

from stormcell.codebook.drift.scores import ORDERED
from stormcell.codebook.drift.shares import in_order
from stormcell.types import DoubleArray
from stormcell.types.codebooks import WindowSummary

PSI_LIMIT = 0.2
P_LIMIT = 0.05
_FLOOR = 1e-4


def by_psi(reference: WindowSummary, window: WindowSummary) -> set[str]:
    """Return the fields whose PSI is more than .2, with shares of 0 taken for .0001 as is usual."""
    found = set()
    for name, one, two in _columns(reference, window):
        p, q = np.maximum(one / one.sum(), _FLOOR), np.maximum(two / two.sum(), _FLOOR)
        if float(((q - p) * np.log(q / p)).sum()) > PSI_LIMIT:
            found.add(name)
    return found


def by_test(reference: WindowSummary, window: WindowSummary) -> set[str]:
    """Return the fields whose distribution is another at p < .05: KS of ordered ones, chi-square of others."""
    found = set()
    for name, one, two in _columns(reference, window):
        if len(one) < 2:
            continue
        if name in ORDERED:
            far = float(np.abs(np.cumsum(one / one.sum() - two / two.sum())).max())
            p = float(stats.kstwobign.sf(far * np.sqrt(one.sum() * two.sum() / (one.sum() + two.sum()))))
        else:
            p = float(stats.chi2_contingency([one, two]).pvalue)
        if p < P_LIMIT:
            found.add(name)
    return found


def _columns(reference: WindowSummary, window: WindowSummary) -> list[tuple[str, DoubleArray, DoubleArray]]:
    """Return the counts of both sides for each field that both have events with."""
    columns = []
    for name in sorted({*reference.fields, *window.fields} - {"label:node", "label:version"}):
        before, after = _counts(reference, name), _counts(window, name)
        values = in_order({*before, *after})
        one, two = (np.array([side.get(value, 0.0) for value in values]) for side in (before, after))
        if one.sum() and two.sum():
            columns.append((name, one, two))
    return columns


def _counts(summary: WindowSummary, name: str) -> Mapping[str, float]:
    counts = summary.fields[name].counts if name in summary.fields else {"": summary.events}
    return {value: count for value, count in counts.items() if count and (value or name not in ORDERED)}

"""What each span is in its trace: its parent, its own time, whether children failed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.types import DoubleArray, IntArray, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Columns aligned with Rows.spans, of length s.

    Attributes
    ----------
    parent_row : IntArray
        The row of the parent span, -1 where it is not known.
    exclusive_ms : DoubleArray
        Duration without the children's, at least 0.
    has_child, has_failed_child : IntArray
        How many.
    """

    parent_row: IntArray
    exclusive_ms: DoubleArray
    has_child: IntArray
    has_failed_child: IntArray


def tree(rows: Rows) -> Tree:
    """Find each span's parent, by id, and what is left of its duration without its children."""
    spans = rows.spans
    count = len(spans.span)
    order = np.argsort(spans.span, kind="stable")
    at = np.searchsorted(spans.span[order], spans.parent)
    parent = order[np.minimum(at, count - 1)]
    known = (spans.parent != 0) & (spans.parent != spans.span) & (spans.span[parent] == spans.parent)
    child_time = np.zeros(count)
    has_child, has_failed_child = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.add.at(child_time, parent[known], spans.duration[known])
    np.add.at(has_child, parent[known], 1)
    np.add.at(has_failed_child, parent[known], rows.failed[spans.row[known]].astype(np.int64))
    # Children that run side by side can take longer than their parent.
    exclusive = np.maximum(spans.duration - child_time, 0.0) / 1e6
    return Tree(np.where(known, spans.row[parent], -1), exclusive, has_child, has_failed_child)

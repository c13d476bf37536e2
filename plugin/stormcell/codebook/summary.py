"""What the events of a stretch of time look like through a codebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, log10
from typing import Final

import numpy as np

from stormcell.codebook.assigning import AssignedRows, Assigning
from stormcell.codebook.points import Traits
from stormcell.types import OTHER, Codebook, DoubleArray, Histogram, Rows, WindowSummary

MOST_VALUES: Final = 200
"""Values of a field that are told by name; all others together are ``OTHER``."""
DISTANCE_STEP: Final = 0.05
DURATION_STEP: Final = 0.5
"""Powers of ten of a nanosecond."""

_Counted = dict[str, dict[str, tuple[float, str]]]
"""For each field and value the events and the uid of one."""


def summarise(assigning: Assigning, rows: Rows, start: int, end: int) -> WindowSummary:
    """Return what rows look like through a codebook.

    Fields are "service", "signal", "severity", "template" and "label:NAME", by their values; "duration" by the
    power of ten of a nanosecond in steps of a half, and "distance", to the nearest codeword, in steps of .05, by
    where the step begins: as numbers, they order the bins.

    Parameters
    ----------
    assigning : Assigning
    rows : Rows
    start, end : int
        Event time, ns.
    """
    traits = assigning.read_rows(rows)
    found = assigning.assign_traits(traits)
    uids = [event.uid for event in rows.events]
    weights = rows.weight.astype(np.float64)
    return summary_of_traits(assigning.codebook, traits, found, weights, uids, start, end)


def summary_of_traits(
    codebook: Codebook,
    traits: Sequence[Traits],
    found: AssignedRows,
    weights: DoubleArray,
    uids: Sequence[str],
    start: int,
    end: int,
) -> WindowSummary:
    """Return what weighted events look like whose traits were read and that were assigned (see summarise)."""
    ids = [word.id for word in codebook.codewords]
    held = np.bincount(found.nearest, weights=np.where(found.new, 0.0, weights), minlength=len(ids))
    counted: _Counted = {
        name: {} for name in ("service", "signal", "severity", "template", "duration", "distance")
    }
    for one, far, weight, uid in zip(traits, found.dissimilarity.tolist(), weights.tolist(), uids, strict=True):
        values = {
            "service": one.service,
            "signal": one.signal.value,
            "severity": str(one.severity) if one.severity else "",
            "template": one.template,
            "duration": _step(log10(one.duration), DURATION_STEP) if one.duration else "",
            "distance": _step(far, DISTANCE_STEP),
        }
        for label in one.labels:
            name, _, value = label.partition("=")
            values[f"label:{name}"] = value
        for field, value in values.items():
            column = counted.setdefault(field, {})
            before, example = column.get(value, (0.0, uid))
            column[value] = before + weight, example
    total = float(weights.sum())
    for field, column in counted.items():
        missing = total - sum(count for count, _ in column.values())
        if field.startswith("label:") and missing > 1e-9 * total:
            column[""] = column.get("", (0.0, ""))[0] + missing, ""
    return WindowSummary(
        codebook=codebook.version,
        start=start,
        end=end,
        events=total,
        new=float(weights[found.new].sum()),
        distance=float((weights * found.dissimilarity).sum()),
        codewords={id: count for id, count in zip(ids, held.tolist(), strict=True) if count > 0},
        fields={field: _bounded(column) for field, column in counted.items()},
        silhouette=silhouette(found, weights),
    )


def silhouette(found: AssignedRows, weights: DoubleArray) -> float | None:
    """Return the mean medoid silhouette, ``1 - nearest / runner-up``; None without events or with one codeword."""
    if not len(weights) or (found.runner_up < 0).any():
        return None
    then = found.runner_up_dissimilarity
    each = 1.0 - np.divide(found.dissimilarity, then, out=np.ones_like(then), where=then > 0)
    return float((weights * each).sum() / weights.sum())


def added(summaries: Iterable[WindowSummary]) -> WindowSummary:
    """Return what several stretches of time look like together.

    Raises
    ------
    ValueError
        If there is none, or they are seen through different codebooks.
    """
    parts = list(summaries)
    if not parts:
        raise ValueError("there is no summary to add up; give at least one")
    versions = sorted({part.codebook for part in parts})
    if len(versions) > 1:
        raise ValueError(f"summaries of one codebook can be added up, found those of {', '.join(versions)}")
    codewords: dict[str, float] = {}
    counted: _Counted = {}
    events = sum(part.events for part in parts)
    for part in parts:
        for id, count in part.codewords.items():
            codewords[id] = codewords.get(id, 0.0) + count
        for field in part.fields:
            counted.setdefault(field, {})
    for part in parts:
        for field, column in counted.items():
            told = part.fields.get(field)
            # A label that a window knows nothing of was missing in all of its events.
            counts = {"": part.events} if told is None else told.counts
            for value, count in counts.items():
                if count > 0:
                    example = "" if told is None else told.examples.get(value, "")
                    before, earlier = column.get(value, (0.0, ""))
                    column[value] = before + count, earlier or example
    known = [(part.silhouette, part.events) for part in parts if part.silhouette is not None and part.events > 0]
    return WindowSummary(
        codebook=versions[0],
        start=min(part.start for part in parts),
        end=max(part.end for part in parts),
        events=events,
        new=sum(part.new for part in parts),
        distance=sum(part.distance for part in parts),
        codewords=dict(sorted(codewords.items())),
        fields={field: _bounded(column) for field, column in sorted(counted.items())},
        silhouette=sum(each * n for each, n in known) / sum(n for _, n in known) if known else None,
    )


def _bounded(column: dict[str, tuple[float, str]]) -> Histogram:
    """Return the most frequent values; what is missing and the others are always told."""
    named = [value for value in column if value not in ("", OTHER)]
    kept = sorted(named, key=lambda value: (-column[value][0], value))[:MOST_VALUES]
    counts = {value: column[value][0] for value in kept}
    rest = sum(column[value][0] for value in named) - sum(counts.values()) if len(named) > len(kept) else 0.0
    rest += column.get(OTHER, (0.0, ""))[0]
    examples = {value: column[value][1] for value in kept if column[value][1]}
    if "" in column:
        counts[""] = column[""][0]
    if rest > 0:
        counts[OTHER] = rest
    return Histogram(counts, examples)


def _step(value: float, step: float) -> str:
    return f"{floor(value / step + 1e-9) * step:.2f}"

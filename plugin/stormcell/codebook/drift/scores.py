"""How far a window is from what a codebook was trained on, field by field.

What is compared is the mix, never the volume: twice as many events of the same kinds are no drift. A small window
differs by chance alone, so each measure counts only by what is beyond ``_SIGMAS`` standard deviations of chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from stormcell.codebook.drift import measures
from stormcell.config import DriftSettings
from stormcell.types import DoubleArray
from stormcell.types.codebooks import OTHER, Histogram, WindowSummary

CODEWORD: Final = "codeword"
"""The field of what the events are: the codewords, and what is of none."""
NEW: Final = "(new)"
"""What events are counted as in it that are too far from all codewords."""
ORDERED: Final = ("duration", "distance")
"""Fields whose values are bins, in order; each bin's name starts with a number."""

_SIGMAS: Final = 3.0
_LEVEL: Final = 0.001
_FEWEST: Final = 5.0
"""Values that are to be expected less often are compared as one (W. G. Cochran's rule, 1954)."""
_DILUTED: Final = 0.8
_MOVED: Final = 5
_NUMBER: Final = re.compile(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Moved:
    """A value whose share has changed.

    Attributes
    ----------
    value : str
    before, after : float
        Shares of the events, in the reference and in the window.
    example : str
        The uid of an event with it, of the window where it has one; "" for none.
    """

    value: str
    before: float
    after: float
    example: str = ""


@dataclass(frozen=True, slots=True)
class FieldScore:
    """How far one field is from the reference.

    Attributes
    ----------
    name : str
    events : float
        In the window; of a field that is ordered, those that have it.
    psi, kl, js : float
        See ``measures``.
    ks : float or None
        Of an ordered field.
    unseen : float
        Share of the window's events whose value the reference does not have; of codewords, of how many more than
        in the reference are new.
    vanished : float
        Share of the reference's events whose value the window does not have, beyond what is missing by chance.
    chance : float
        The PSI that chance alone may bring about.
    level : float
        The largest of the measures, beyond chance, in thresholds: at 1 it has drifted.
    surge : bool
        Whether the window is what is usual, and much more on top of it.
    moved : tuple of Moved
        The values that moved most.
    """

    name: str
    events: float
    psi: float
    kl: float
    js: float
    ks: float | None
    unseen: float
    vanished: float
    chance: float
    level: float
    surge: bool
    moved: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """How far a window is from the reference.

    Attributes
    ----------
    codebook : str
        Its version.
    start, end : int
        Of the window, event time in ns.
    events : float
    quiet : bool
        Whether there are too few events, on either side, to say anything. Then all scores are there, but ``level``
        is 0.
    fields : mapping of str to FieldScore
        By name.
    new, new_before : float
        Share of events beyond the radius of the nearest codeword, in the window and in the reference.
    distance, distance_before : float
        Mean dissimilarity to the nearest codeword.
    silhouette, silhouette_before : float or None
    churn : float
        Share of the window's events whose template the reference does not have.
    vanished : float
        Share of the reference's events whose template the window does not have.
    settings : DriftSettings
        By which it was judged.
    """

    codebook: str
    start: int
    end: int
    events: float
    quiet: bool
    fields: Mapping[str, FieldScore]
    new: float
    new_before: float
    distance: float
    distance_before: float
    silhouette: float | None
    silhouette_before: float | None
    churn: float
    vanished: float
    settings: DriftSettings


def scores(reference: WindowSummary, window: WindowSummary, settings: DriftSettings) -> Scores:
    """Compare a window with the reference of the codebook that it was seen through.

    Parameters
    ----------
    reference : WindowSummary
        Of the training data; see ``Codebook.reference``.
    window : WindowSummary
    settings : DriftSettings
    """
    quiet = min(reference.events, window.events) < settings.min_events
    found = {}
    for name in sorted({*reference.fields, *window.fields} - set(settings.ignore)):
        before, after = _histogram(reference, name), _histogram(window, name)
        if score := _score(name, before, after, settings, quiet=quiet):
            found[name] = score
    if CODEWORD not in settings.ignore:
        before, after = _codewords(reference), _codewords(window)
        if score := _score(CODEWORD, before, after, settings, quiet=quiet):
            found[CODEWORD] = score
    template = found.get("template")
    return Scores(
        codebook=window.codebook,
        start=window.start,
        end=window.end,
        events=window.events,
        quiet=quiet,
        fields=found,
        new=_per_event(window.new, window),
        new_before=_per_event(reference.new, reference),
        distance=_per_event(window.distance, window),
        distance_before=_per_event(reference.distance, reference),
        silhouette=window.silhouette,
        silhouette_before=reference.silhouette,
        churn=template.unseen if template else 0.0,
        vanished=template.vanished if template else 0.0,
        settings=settings,
    )


def _per_event(total: float, summary: WindowSummary) -> float:
    return total / summary.events if summary.events else 0.0


def _histogram(summary: WindowSummary, name: str) -> Histogram:
    """Return a field's; where nothing was counted of it, all events are without it."""
    return summary.fields.get(name) or Histogram({"": summary.events})


def _codewords(summary: WindowSummary) -> Histogram:
    """Return the codewords as a field, which names no examples of its own but those of what is new."""
    examples = summary.fields[CODEWORD].examples if CODEWORD in summary.fields else {}
    return Histogram({**summary.codewords, NEW: summary.new}, examples)


def _score(
    name: str, before: Histogram, after: Histogram, settings: DriftSettings, *, quiet: bool
) -> FieldScore | None:
    """Return the score of a field; None where one side has no events with it."""
    ordered = name in ORDERED
    if ordered:
        before, after = _with_value(before), _with_value(after)
    old, new = sum(before.counts.values()), sum(after.counts.values())
    if not old or not new:
        return None
    p, q = _shares(before.counts, old), _shares(after.counts, new)
    values, counts_before, counts_after = _aligned(p, q, old, new)
    psi = measures.psi(counts_before, counts_after)
    chance = measures.chance_psi(len(values), old, new, _SIGMAS)
    unseen = _unseen(p, q, old, new) if name != CODEWORD else max(q.get(NEW, 0.0) - p.get(NEW, 0.0), 0.0)
    levels = [(psi - chance) / settings.psi]
    far = None
    if ordered:
        far = _ks(p, q)
        levels.append((far - measures.chance_ks(old, new, _LEVEL)) / settings.ks)
    else:
        levels.append((unseen - measures.chance_share(unseen, new, _SIGMAS)) / settings.unseen)
    return FieldScore(
        name=name,
        events=new,
        psi=psi,
        kl=measures.kl(counts_before, counts_after),
        js=measures.js(counts_before, counts_after),
        ks=far,
        unseen=unseen,
        vanished=_vanished(p, q, new),
        chance=chance,
        level=0.0 if quiet or min(old, new) < settings.min_events else max(0.0, *levels),
        surge=_surge(p, q),
        moved=_moved(values, counts_before, counts_after, after.examples, before.examples),
    )


def _with_value(held: Histogram) -> Histogram:
    return Histogram({value: count for value, count in held.counts.items() if value}, held.examples)


def _shares(counts: Mapping[str, float], total: float) -> dict[str, float]:
    return {value: count / total for value, count in counts.items() if count > 0}


def _aligned(
    p: Mapping[str, float], q: Mapping[str, float], old: float, new: float
) -> tuple[list[str], DoubleArray, DoubleArray]:
    """Return the values of both sides that are compared one by one, with their shares; all others are ``OTHER``.

    Those are values that are rare on both sides, and what one side has and the other may have among its others.
    """
    fewest = _FEWEST / min(old, new)
    hidden = max(p.get(OTHER, 0.0), q.get(OTHER, 0.0))
    values, before, after = [], [], []
    for value in sorted({*p, *q} - {OTHER}):
        one, two = p.get(value, 0.0), q.get(value, 0.0)
        if (one + two) / 2 < fewest or (not (one and two) and max(one, two) <= hidden):
            continue
        values.append(value)
        before.append(one)
        after.append(two)
    rest = max(1 - sum(before), 0.0), max(1 - sum(after), 0.0)
    if max(rest) > 1e-9:
        values.append(OTHER)
        before.append(rest[0])
        after.append(rest[1])
    return values, np.array(before), np.array(after)


def _absent(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    """Return the share of q on values that p does not have, as far as what is counted as other lets it be told."""
    lone = sum(share for value, share in q.items() if value not in p and value != OTHER)
    lacking = sum(share for value, share in p.items() if value not in q and value != OTHER)
    beyond = max(q.get(OTHER, 0.0) - lacking, 0.0)
    return max(lone + beyond - p.get(OTHER, 0.0), 0.0)


def _unseen(p: Mapping[str, float], q: Mapping[str, float], old: float, new: float) -> float:
    """Return the share of the window's events whose value the reference lacks, beyond what was to be expected.

    That is the share of what it saw once: I. J. Good, "The population frequencies of species" (1953).
    """
    once = sum(share for value, share in p.items() if share * old < 1.5 and value != OTHER)
    return max(_absent(p, q) - once, 0.0)


def _vanished(p: Mapping[str, float], q: Mapping[str, float], new: float) -> float:
    """Return how much of the reference is not in the window, beyond what so few events leave out by chance."""
    missed = sum(share * np.exp(-share * new) for value, share in p.items() if value != OTHER)
    return max(_absent(q, p) - float(missed), 0.0)


def _ks(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    bins = in_order({*p, *q})
    return measures.ks([p.get(bin, 0.0) for bin in bins], [q.get(bin, 0.0) for bin in bins])


def in_order(bins: Iterable[str]) -> list[str]:
    """Return the names of bins in the order of the numbers that they start with."""
    return sorted(bins, key=_start)


def _start(bin: str) -> tuple[float, str]:
    number = _NUMBER.match(bin)
    return float(number[0]) if number else float("inf"), bin


def _surge(p: Mapping[str, float], q: Mapping[str, float]) -> bool:
    """Return whether what is usual still comes and is diluted by much else.

    That is so where the median of what is left of the shares, weighted by these, is well below 1 and above 0: of a
    service that is renamed, all others keep theirs.
    """
    passed = 0.0
    for left, share in sorted((q.get(value, 0.0) / share, share) for value, share in p.items()):
        passed += share
        if passed >= 0.5:
            return 0 < left < _DILUTED
    return False


def _moved(
    values: list[str], before: DoubleArray, after: DoubleArray, *examples: Mapping[str, str]
) -> tuple[Moved, ...]:
    """Return the values that add most to the PSI."""
    parts = measures.psi_parts(before, after)
    moved = []
    for at in np.argsort(-parts, kind="stable")[:_MOVED].tolist():
        if parts[at] <= 0:
            break
        value = values[at]
        example = next((held[value] for held in examples if value in held), "")
        moved.append(Moved(value, float(before[at]), float(after[at]), example))
    return tuple(moved)

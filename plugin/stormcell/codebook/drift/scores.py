"""How far a window is from what a codebook was trained on, field by field.

What is compared is the mix, never the volume: twice as many events of the same kinds are no drift. A small window
differs by chance alone, so each measure counts only by what is beyond ``_SIGMAS`` standard deviations of chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from stormcell.codebook.drift import measures
from stormcell.codebook.drift.shares import aligned, in_order, risen, shares_of, unseen, vanished
from stormcell.config import DriftSettings
from stormcell.types import DoubleArray
from stormcell.types.codebooks import Histogram, WindowSummary

CODEWORD: Final = "codeword"
"""The field of what the events are: the codewords, and what is of none."""
NEW: Final = "(new)"
"""What events are counted as in it that are too far from all codewords."""
ORDERED: Final = ("duration", "distance")
"""Fields whose values are bins, in order; each bin's name starts with a number."""

_SIGMAS: Final = 3.0
_SHARE_SIGMAS: Final = 2.0
"""For what is unseen: chance does not bring it about, only how much of it there is can be off."""
_KS_LEVEL: Final = 0.001
_MIDDLE: Final = 0.5
_SURGE: Final = 0.2
_MOVED: Final = 5


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
    shift : float
        The PSI or, of an ordered field, the KS statistic if that is more, in thresholds, beyond what chance may
        bring about.
    usual : float
        The same beyond what chance brings about in the middle: what is to be compared with other windows.
    fresh : float
        The share that is unseen, in thresholds, beyond chance.
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
    shift: float
    usual: float
    fresh: float
    moved: tuple[Moved, ...]

    @property
    def level(self) -> float:
        """The larger of ``shift`` and ``fresh``."""
        return max(self.shift, self.fresh)


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
        Whether there are too few events, on either side, to say anything. Then all measures are there, but
        ``shift`` and ``fresh`` are 0.
    surge : bool
        Whether the window is what is usual, and much more on top of it.
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
    surge: bool
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
        surge=_surge(reference, window),
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
    if not any(before.counts.values()) or not any(after.counts.values()):
        return None
    (p, old), (q, new) = shares_of(before.counts), shares_of(after.counts)
    values, one, two = aligned(p, q, old, new)
    psi = measures.psi(one, two)
    chance = measures.chance_psi(len(values), old, new, _SIGMAS)
    shift = (psi - chance) / settings.psi
    usual = (psi - measures.chance_psi(len(values), old, new, 0.0)) / settings.psi
    fresh, far, lone = 0.0, None, unseen(p, q, old)
    if ordered:
        bins = in_order({*p, *q})
        far = measures.ks([p.get(bin, 0.0) for bin in bins], [q.get(bin, 0.0) for bin in bins])
        shift = max(shift, (far - measures.chance_ks(old, new, _KS_LEVEL)) / settings.ks)
        usual = max(usual, (far - measures.chance_ks(old, new, _MIDDLE)) / settings.ks)
    else:
        if name == CODEWORD:
            lone = max(q.get(NEW, 0.0) - p.get(NEW, 0.0), 0.0)
        fresh = (lone - measures.chance_share(lone, new, _SHARE_SIGMAS)) / settings.unseen
    return FieldScore(
        name=name,
        events=new,
        psi=psi,
        kl=measures.kl(one, two),
        js=measures.js(one, two),
        ks=far,
        unseen=lone,
        vanished=vanished(p, q, new),
        chance=chance,
        shift=0.0 if quiet else max(shift, 0.0),
        usual=max(usual, 0.0),
        fresh=0.0 if quiet else max(fresh, 0.0),
        moved=_moved(values, one, two, after.examples, before.examples),
    )


def _with_value(held: Histogram) -> Histogram:
    return Histogram({value: count for value, count in held.counts.items() if value}, held.examples)


def _surge(reference: WindowSummary, window: WindowSummary) -> bool:
    """Return whether much comes on top of what is usual: by the services as well as by the templates."""
    if not reference.events or not window.events:
        return False
    return all(
        risen(shares_of(_histogram(reference, name).counts)[0], shares_of(_histogram(window, name).counts)[0])
        >= _SURGE
        for name in ("service", "template")
    )


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

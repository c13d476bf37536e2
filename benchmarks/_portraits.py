"""How many of the nearest past incidents portraits find, brute force: what a search engine reaches at best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from _report import Result
from stormcell.config import RecurrenceSettings
from stormcell.features.likeness import Usual, likeness, usual
from stormcell.features.portrait import CANDIDATES, portrait, question
from stormcell.types import DoubleArray, FloatArray, IntArray, Profile

NEAREST = 5
TARGET = 0.95
_SHOWN = 3  # decimals to which `stormcell groups similar` shows, and tells apart


def recalls(name: str, made: Sequence[Profile], asked: IntArray, *, target: float | None = TARGET) -> list[Result]:
    """Return how many of the five nearest to each asked profile are found; of equally near ones any will do.

    Parameters
    ----------
    name : str
        Of the data.
    made : sequence of Profile
    asked : IntArray
        For which of them; each is looked for among all others.
    target : float or None
        Of the answer that is given in the end.
    """
    settings = RecurrenceSettings()
    known = usual(made)
    points = likeness(made, settings, known)
    far = points.take(asked).cross(points).astype(np.float64)
    portraits = np.stack([portrait(each) for each in made])
    questions = np.stack([question(made[at], settings, known) for at in asked.tolist()])
    found: dict[str, list[float]] = {}
    for place, at in enumerate(asked.tolist()):
        exact = _near(far[place], at)
        fitting = _order(-(questions[place] @ portraits.T), at)[:CANDIDATES]
        plain = _order(-(portraits[at] @ portraits.T), at)[:CANDIDATES]
        for what, answer in (
            ("by cosine alone", plain[:NEAREST]),
            (f"among {CANDIDATES} by cosine alone", plain),
            ("by cosine with a question", fitting[:NEAREST]),
            (f"among {CANDIDATES} candidates", fitting),
            ("re-ranked", _closer(made, at, fitting, settings, known)),
        ):
            found.setdefault(what, []).append(min(int(exact[answer].sum()), NEAREST) / NEAREST)
    return [
        Result.at_least(
            f"portrait, {name}: recall@{NEAREST} {what}",
            float(np.mean(each)),
            "",
            target if what == "re-ranked" else None,
        )
        for what, each in found.items()
    ]


def forgetful(made: Sequence[Profile], labels: IntArray, share: float, seed: int) -> list[Result]:
    """Return how good the answer is where the store has forgotten all but a share of what is looked through."""
    settings = RecurrenceSettings()
    rng = np.random.default_rng(seed)
    points = likeness(made, settings)
    far = points.cross(points).astype(np.float64)
    portraits = np.stack([portrait(each) for each in made])
    found, right = [], []
    for at in range(len(made)):
        held = {at, *np.flatnonzero(rng.random(len(made)) < share).tolist()}
        asked = question(made[at], settings, usual([made[one] for one in sorted(held)]))
        fitting = _order(-(asked @ portraits.T), at)[:CANDIDATES]
        known = usual([made[one] for one in sorted(held | set(fitting.tolist()))])
        answer = _closer(made, at, fitting, settings, known)
        found.append(_near(far[at], at)[answer].sum() / NEAREST)
        if (labels == labels[at]).sum() > 1:
            right.append(labels[answer[0]] == labels[at])
    name = f"portrait, Sock Shop, the store holds {share:.0%}"
    return [
        Result(f"{name}: recall@{NEAREST} re-ranked", float(np.mean(found)), ""),
        Result(f"{name}: class hit@1 re-ranked", float(np.mean(right)), ""),
    ]


def thinned(made: Sequence[Profile], times: int, seed: int) -> list[Profile]:
    """Return so many copies of each profile, each with half of its sayings: more incidents, and likely ones."""
    rng = np.random.default_rng(seed)
    return [
        replace(each, sayings=tuple(saying for saying in each.sayings if rng.random() < 0.5))
        for each in made
        for _ in range(times)
    ]


def _closer(
    made: Sequence[Profile], at: int, fitting: IntArray, settings: RecurrenceSettings, known: Usual
) -> IntArray:
    """Return the nearest of those that fit, by their likeness."""
    points = likeness([made[at], *(made[one] for one in fitting.tolist())], settings, known)
    far = points.take(np.array([0])).cross(points)[0, 1:].astype(np.float64)
    return np.asarray(fitting[np.argsort(far.round(_SHOWN), kind="stable")[:NEAREST]])


def _near(far: DoubleArray, at: int) -> DoubleArray:
    """Return 1 for those that are no farther than the fifth nearest, else 0."""
    others = np.delete(far, at).round(_SHOWN)
    near: DoubleArray = (far.round(_SHOWN) <= np.sort(others)[NEAREST - 1]).astype(np.float64)
    return near


def _order(scores: FloatArray, at: int) -> IntArray:
    """Return all but one, ascending by their scores."""
    order: IntArray = np.argsort(scores, kind="stable")
    return np.asarray(order[order != at])

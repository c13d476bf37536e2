"""Runbooks found for alerts and logs, against TF-IDF: how often the right one is first, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from _report import Result, arguments, report
from _runbook_cases import RUNBOOKS, Case, alerts, foreign, tuning, unknown_alerts, wordings
from _timing import one_core, timed
from stormcell.runbooks.library import Library, load
from stormcell.runbooks.matching import FITS
from stormcell.text.words import spoken
from stormcell.types import IntArray

FACTOR: Final = 1.15
"""How many times as often as by the best TF-IDF the right runbook is to be first, where no name tells it."""


def _apart(text: str) -> str:
    return spoken(text).lower()


PEERS: Final[dict[str, dict[str, Any]]] = {
    "TF-IDF, words": {},
    "TF-IDF, words and pairs": {"ngram_range": (1, 2)},
    "TF-IDF, words and pairs, names apart": {
        "ngram_range": (1, 2),
        "stop_words": "english",
        "preprocessor": _apart,
    },
    "TF-IDF, characters": {"analyzer": "char_wb", "ngram_range": (3, 5)},
    "TF-IDF, characters, names apart": {"analyzer": "char", "ngram_range": (3, 5), "preprocessor": _apart},
}
"""The best of twelve: words or pairs too, with stop words or without, characters within words or across them, each
with joined names as they are and apart. For each set of cases the best one is among these."""
MILLISECONDS: Final = 5.0
COPIES: Final = 10
"""Of each runbook, in the large library."""


@dataclass(frozen=True, slots=True)
class Found:
    """At which place, from 1, the right runbook of each case came."""

    ranks: IntArray

    def results(self, name: str, target: float | None = None) -> list[Result]:
        """Return how often it was first and among the first five, and the mean of 1 / place."""
        return [
            Result.at_least(f"{name}: hit@1", self.at(1), "", target),
            Result(f"{name}: hit@5", self.at(5), ""),
            Result(f"{name}: MRR", float((1 / self.ranks).mean()), ""),
        ]

    def at(self, place: int) -> float:
        """Return the share that came at ``place`` or before."""
        return float((self.ranks <= place).mean())

    def of(self, some: NDArray[np.bool_]) -> Found:
        """Return those of some of the cases."""
        return Found(self.ranks[some])


def ours(library: Library, cases: Sequence[Case]) -> Found:
    """Rank by Stormcell."""
    return Found(np.array([_place(library, case) for case in cases], dtype=np.int64))


def theirs(library: Library, cases: Sequence[Case], options: dict[str, Any]) -> Found:
    """Rank by the cosine of TF-IDF over the names and whole texts of the runbooks."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, **options)
    held = vectorizer.fit_transform([f"{one.name}\n{one.markdown}" for one in library.runbooks])
    near = (vectorizer.transform([case.text for case in cases]) @ held.T).toarray()
    number = {one.name: at for at, one in enumerate(library.runbooks)}
    right = np.array([number[case.runbook] for case in cases])
    order = np.argsort(-near, axis=1, kind="stable")
    return Found((order == right[:, None]).argmax(axis=1) + 1)


def _place(library: Library, case: Case) -> int:
    ranked = library.rank(case.material, len(library.runbooks))
    return 1 + next(at for at, one in enumerate(ranked) if one.runbook.name == case.runbook)


def misses(library: Library, cases: Sequence[Case]) -> list[str]:
    """Return what each case says that another runbook came first for, and how both scores are made."""
    lines = []
    for case in cases:
        ranked = library.rank(case.material, len(library.runbooks))
        place = next(at for at, one in enumerate(ranked) if one.runbook.name == case.runbook)
        if place:
            lines.append(f"  {case.text}")
            for at in (0, place):
                parts = "; ".join(f"{why} {value:.3f}" for why, value in ranked[at].why)
                lines.append(f"    {at + 1:>3} {ranked[at].runbook.name} {ranked[at].score:.3f} = {parts}")
    return lines


def setting(
    what: str, library: Library, cases: Sequence[Case], factor: float | None, *, quick: bool
) -> list[Result]:
    """Compare on one set of cases: all, the half that settings were chosen on, and the other."""
    found = {"Stormcell": ours(library, cases)}
    found |= {name: theirs(library, cases, options) for name, options in PEERS.items()}
    half = tuning([case.runbook for case in cases])
    results = [Result(f"{what}: cases", len(cases), "")]
    for part, some in (("", np.ones(len(cases), dtype=bool)), (", tuning half", half), (", test half", ~half)):
        best = max(one.of(some).at(1) for name, one in found.items() if name in PEERS)
        target = round(factor * best, 4) if factor and not part and not quick else None
        for name, one in found.items():
            results += one.of(some).results(f"{what}{part}: {name}", target if name == "Stormcell" else None)
        results.append(
            Result(f"{what}{part}: hit@1 over the best TF-IDF", found["Stormcell"].of(some).at(1) / best, "x")
        )
    return results


def claims(library: Library, sets: dict[str, Sequence[Case]], names: Sequence[str]) -> list[Result]:
    """Tell what the limit does from which on a runbook is said to fit."""
    results = [Result("limit", FITS, "")]
    for what, cases in sets.items():
        best = [library.rank(case.material, 1)[0] for case in cases]
        right = [one.runbook.name == case.runbook for one, case in zip(best, cases, strict=True)]
        claimed = [one.score >= FITS for one in best]
        pairs = list(zip(right, claimed, strict=True))
        results += [
            Result(f"{what}: right and claimed", pairs.count((True, True)) / len(pairs), ""),
            Result(f"{what}: wrong and claimed", pairs.count((False, True)) / len(pairs), ""),
        ]
    for what, cases in (
        ("alerts without a runbook", unknown_alerts(names)),
        ("faults of other fields", foreign()),
    ):
        claimed = [bool(library.match(case.material, 1)) for case in cases]
        results += [Result(what, len(cases), ""), Result(f"{what}: claimed", sum(claimed) / len(claimed), "")]
    return results


def speed(folder: Path, cases: Sequence[Case], *, quick: bool) -> list[Result]:
    """Measure reading the library, making it ready, and one group; then of one ten times as large."""
    read, library = timed(lambda: load([folder]))
    ready, library = timed(lambda: _ready(library, cases[0]))
    results = [
        Result("reading the folder", read * 1e3, "ms"),
        Result("making it ready, and the first group", ready * 1e3, "ms"),
        Result.at_most("a group, median", _a_group(library, cases), "ms", None if quick else MILLISECONDS),
    ]
    if quick:
        return results
    many = [
        replace(one, name=f"{one.name}{copy}", path=f"{copy}/{one.path}", markdown=f"{one.markdown}\ncopy{copy}\n")
        for copy in range(COPIES)
        for one in library.runbooks
    ]
    ready, large = timed(lambda: _ready(Library(many), cases[0]))
    return [
        *results,
        Result(f"{len(many):,} runbooks: making ready, and the first group", ready * 1e3, "ms"),
        Result(f"{len(many):,} runbooks: a group, median", _a_group(large, cases), "ms"),
    ]


def _a_group(library: Library, cases: Sequence[Case]) -> float:
    """Return the median of the milliseconds that a group takes."""
    took = []
    for case in cases:
        start = perf_counter()
        library.match(case.material)
        took.append(perf_counter() - start)
    return median(took) * 1e3


def _ready(library: Library, case: Case) -> Library:
    fresh = Library(library.runbooks)
    fresh.match(case.material)
    return fresh


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__, quick=True)
    parser.add_argument("--misses", action="store_true", help="only tell which cases are wrong, and why")
    options = parser.parse_args()
    one_core()
    library = load([RUNBOOKS])
    names = [one.name for one in library.runbooks]
    sets: dict[str, Sequence[Case]] = {
        "alerts": alerts(names, named=True),
        "alerts, name hidden": alerts(names, named=False),
        "other tools' wording": wordings(),
    }
    if options.quick:
        sets = {what: cases[::10] for what, cases in sets.items()}
    if options.misses:
        for what, cases in sets.items():
            print(f"{what}, the place and score of what came first and of the right one:")
            print("\n".join(misses(library, cases)) or "  none")
        return
    factors = dict(zip(sets, (1.0, FACTOR, None), strict=True))
    results = [Result("runbooks", len(names), "")]
    for what, cases in sets.items():
        results += setting(what, library, cases, factors[what], quick=options.quick)
    results += claims(library, sets, names)
    results += speed(RUNBOOKS, sets["alerts, name hidden"], quick=options.quick)
    report("runbooks", results, as_json=options.json)


if __name__ == "__main__":
    main()

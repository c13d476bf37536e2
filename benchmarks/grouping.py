"""How well incidents are told apart: figures and targets, spread, what each part is worth, what harm does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import mean, pstdev

import numpy as np

from _board import Board
from _report import arguments
from _storms import HARMS, SETS, Labels, blind, case_of, load, overlaid, uncalled, unlinked
from stormcell.config import Settings
from stormcell.evaluation.case import Case
from stormcell.evaluation.run import judge
from stormcell.evaluation.scores import score
from stormcell.groups.partition import partition
from stormcell.pipeline import solve
from stormcell.types import Event, Grouping

A_TARGETS = {"trainticket-overlap": 0.78, "trainticket": 0.85, "onlineboutique-overlap": 0.95}
B_TARGETS = {"trainticket-overlap": 0.64, "onlineboutique-overlap": 0.94}
ABOVE_SILENCE = 0.05
SLICES = 3
OVERLAYS = {"trainticket-overlap": (), "trainticket": (2, 3), "onlineboutique-overlap": (3,)}
SEEDS = range(4)
ATOMS = 5000


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the method, and what is done to the settings or to a case to do without it."""

    name: str
    settings: Mapping[str, Mapping[str, float | bool]] = field(default_factory=dict)
    without: Callable[[Case], Case] = lambda case: case

    def scores(self, case: Case) -> tuple[float, float]:
        """Return the ARI of both modes without it."""
        return aris(self.without(case), Settings.model_validate(self.settings))


def parts() -> list[Part]:
    """Return everything that is left out in turn."""
    reasons = {"a trace": ("trace",), "an id": ("id", "resource"), "a burst": ("burst",), "an alert": ("alert",)}
    fields = ("blame", "text", "hops", "time", "labels", "novelty")
    return [
        *(Part(f"links by {name}", {}, partial(unlinked, reasons=kinds)) for name, kinds in reasons.items()),
        *(Part(f"the field {name}", {"weights": {name: 0.0}}) for name in fields),
        Part("the call graph", {}, uncalled),
        Part("joining what repeats", {"grouping": {"merge_seconds": 0.0}}),
        Part("lulls", {"grouping": {"lull_seconds": 0.0}}),
        Part("strays", {"grouping": {"stray": 2.0}}),
        Part("the gate", {"grouping": {"gate": 0.0}}),
        Part("hindsight", {}, blind),
    ]


def figures(board: Board, name: str, case: Case) -> tuple[float, float]:
    """Score a set with its targets; return the ARI of both modes."""
    found = judge(case, Settings())
    a, b = found.a, found.b
    board.at_least(f"{name} A ARI", a.stormcell.agreement.ari, "", A_TARGETS[name])
    board.at_least(f"{name} B ARI", b.stormcell.agreement.ari, "", B_TARGETS.get(name))
    beaten = b.baselines["gate + silence"].agreement.ari
    board.at_least(f"{name} B ARI above gate + silence", b.stormcell.agreement.ari - beaten, "", ABOVE_SILENCE)
    goal = name == "trainticket-overlap"
    board.at_most(f"{name} B contamination", b.stormcell.contamination, "", 0.5 if goal else None)
    board.at_least(f"{name} A most blamed service @1", a.services.blamed_at_1, "", 0.7 if goal else None)
    board.at_least(f"{name} A most blamed service @3", a.services.blamed_at_3, "", 0.9 if goal else None)
    board.at_least(f"{name} incidents of whose service anything is heard", heard(case), "")
    for mode, grouping in (("A", a.grouping), ("B", b.grouping)):
        scores = slices(case, grouping)
        board.at_least(f"{name} {mode} ARI, worst of {SLICES} slices of time", min(scores), "")
        board.at_least(f"{name} {mode} ARI, best of {SLICES} slices of time", max(scores), "")
    return a.stormcell.agreement.ari, b.stormcell.agreement.ari


def heard(case: Case) -> float:
    """Return the share of incidents with an event of, or that names, the faulty service: no more can be blamed."""
    services: dict[tuple[str, str], bool] = {}
    for uid, label in case.own.items():
        event, key = case.events[uid], (label.incident, label.service)
        services[key] = services.get(key, False) or event.service == label.service or label.service in event.text
    return mean(services.values())


def slices(case: Case, grouping: Grouping) -> list[float]:
    """Return the ARI of each slice of time, each with as many incidents."""
    group_of = {uid: group.id for group in grouping.groups for uid in group.members}
    first: dict[str, int] = {}
    for uid, label in case.own.items():
        first[label.incident] = min(case.events[uid].time, first.get(label.incident, case.events[uid].time))
    found = []
    order = sorted(first, key=lambda incident: (first[incident], incident))
    for chosen in np.array_split(np.array(order), SLICES):
        wanted = set(chosen.tolist())
        labels = {uid: label for uid, label in case.own.items() if label.incident in wanted}
        places = {uid: group_of.get(uid) or group_of.get(label.uid) for uid, label in labels.items()}
        found.append(score({uid: group for uid, group in places.items() if group}, labels).agreement.ari)
    return found


def aris(case: Case, settings: Settings) -> tuple[float, float]:
    """Return the ARI of both modes."""
    found = judge(case, settings)
    return found.a.stormcell.agreement.ari, found.b.stormcell.agreement.ari


def spread(board: Board, name: str, events: Sequence[Event], labels: Labels) -> None:
    """Lay the incidents of a set over each other anew, by several seeds."""
    for together in OVERLAYS[name]:
        scores = [aris(case_of(overlaid(events, labels, seed, together), labels), Settings()) for seed in SEEDS]
        for mode, values in zip("AB", zip(*scores, strict=True), strict=True):
            title = f"{name} {mode} ARI, {together} at once, {len(values)} ways"
            for what, value in (("mean", mean(values)), ("deviation", pstdev(values)), ("worst", min(values))):
                board.at_least(f"{title}: {what}", value, "")


def session(board: Board, case: Case) -> None:
    """Time the grouping of one session of many atoms."""
    settings = Settings.model_validate({"grouping": {"merge_seconds": 0.0}})
    solution = solve(case.everything, case.knowledge, settings, gate=True)
    outline = solution.table.outline
    start = int(outline.first.min())
    # All in the time of one window.
    last = start + (outline.last - start) // 1000
    tight = replace(outline, first=start + (outline.first - start) // 1000, last=last)
    atoms = np.arange(ATOMS)
    taken = []
    for _ in range(4):
        started = time.perf_counter()
        partition(solution.fields, atoms, tight, solution.weights[atoms], settings.grouping)
        taken.append(time.perf_counter() - started)
    board.at_most(f"a session of {ATOMS} atoms, grouped", min(taken), "s", 0.5)


def worth(board: Board, name: str, case: Case, whole: tuple[float, float]) -> None:
    """Leave out each part in turn."""
    for part in parts():
        for mode, value, before in zip("AB", part.scores(case), whole, strict=True):
            board.at_least(f"{name} {mode} ARI, change without {part.name}", value - before, "")


def harm(board: Board, name: str, events: Sequence[Event], labels: Labels) -> None:
    """Harm the telemetry in several ways."""
    whole = aris(case_of(events, labels), Settings())
    for what, harmed in HARMS.items():
        got = aris(case_of(harmed(events), labels), Settings())
        for mode, value, before in zip("AB", got, whole, strict=True):
            board.at_least(f"{name} {mode} ARI, change with {what}", value - before, "")


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__, quick=True)
    parser.add_argument("--perturb", action="store_true", help="show what harm to the telemetry does, and no more")
    options = parser.parse_args()
    board = Board(options.quick)
    for name in SETS[:1] if options.quick else SETS:
        events, labels = load(name)
        if options.perturb:
            harm(board, name, events, labels)
            continue
        case = case_of(events, labels)
        worth(board, name, case, figures(board, name, case))
        if options.quick:
            continue
        spread(board, name, events, labels)
        if name == "onlineboutique-overlap":
            session(board, case)
    board.end("grouping", as_json=options.json)


if __name__ == "__main__":
    main()

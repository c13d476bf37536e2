"""How soon drift is told in simulated days of real events, and how often where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np

from _drift_days import (
    HOUR,
    NOTHING,
    START,
    WEEK,
    Kinds,
    Plant,
    Rates,
    changed,
    hours_of,
    passing,
    renamed,
    representatives,
    reworded,
    slower,
    without_severity,
)
from _drift_peers import by_psi, by_test
from _recurrence import load
from _report import Result, arguments, report
from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import added
from stormcell.codebook.training import train
from stormcell.config import CodebookSettings, Settings
from stormcell.features.rows import build_rows
from stormcell.types.codebooks import NoteKind, WindowSummary

DAYS = 30
SEEDS = 5
_AIMED = "2,000 an hour"
WORLDS = {
    _AIMED: (2000, "nightly"),
    f"{_AIMED}, no nightly job": (2000, "daily"),
    f"{_AIMED}, always one mix": (2000, "same"),
    "400 an hour": (400, "nightly"),
}
"""Events an hour, and how their mix changes. In the last, an hour of the night has some 100."""
TARGET_WEEKLY = 1.0
TARGET_DELAY = 2
_PLANTED_DAY = 15
_WATCHED = 12
"""Hours after which what was planted counts as not told."""
_PEERS: dict[str, Callable[[WindowSummary, WindowSummary], set[str]]] = {
    "PSI > .2": by_psi,
    "p < .05": by_test,
}


@dataclass(slots=True)
class Quiet:
    """What was told where nothing was planted.

    Attributes
    ----------
    alarms : dict of str to int
        By whom, how often an alarm began.
    hours : dict of str to int
        By whom, hours in alarm.
    """

    alarms: dict[str, int] = field(default_factory=dict)
    hours: dict[str, int] = field(default_factory=dict)

    def count(self, who: str, before: bool, now: bool) -> None:
        """Count a window."""
        self.alarms[who] = self.alarms.get(who, 0) + (now and not before)
        self.hours[who] = self.hours.get(who, 0) + now


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of something planted.

    Attributes
    ----------
    hours : float or None
        From when it began until it was told; None where it was not.
    windows : int or None
        The windows that it filled until then.
    named : bool
        Whether a field was named that it is about.
    """

    hours: float | None
    windows: int | None
    named: bool


def plants(kinds: Kinds, assigning: Assigning, settings: Settings) -> list[Plant]:
    """Return what is planted."""

    def more(folder: str, *, incidents: bool, service: str = "") -> Kinds:
        cases = load(folder)
        events = [event for one in cases.events for event in one] if incidents else cases.noise
        kept = [event for event in events if not service or event.service == service]
        return Kinds.of(assigning, *representatives(kept, settings), settings)

    def into(how: Callable[..., object]) -> Kinds:
        return changed(kinds, assigning, settings, how)  # type: ignore[arg-type]

    return [
        Plant("a service renamed (5 %)", True, ("service",), into(renamed("ts-food-service", "ts-meal-service"))),
        Plant("a log format changed (17 %)", True, ("template",), into(reworded("ts-order-other-service"))),
        Plant("a field vanished", True, ("severity",), into(without_severity)),
        Plant("latency x3", True, ("duration",), into(slower(3))),
        Plant(
            "latency x3 of one service",
            True,
            ("duration",),
            into(slower(3, "ts-order-service")),
            shown=True,
        ),
        Plant(
            "a new service (5 %)",
            True,
            ("service",),
            more=more("onlineboutique-overlap", incidents=False, service="frontend"),
            factor=0.05 / 0.95,
        ),
        Plant("an error storm of an hour", False, more=more("trainticket", incidents=True), factor=5, hours=1),
        Plant("load doubled", False, times=2),
    ]


def quiet(
    days: Sequence[WindowSummary], reference: WindowSummary, found: Quiet, until: int, settings: Settings
) -> drift.State:
    """Watch days in which nothing is planted; return the state before an hour."""
    state, before = drift.State(), drift.State()
    alarmed = dict.fromkeys(_PEERS, False)
    for at, window in enumerate(days):
        if at == until:
            before = state
        was = bool(state.active)
        state, _ = drift.advance(state, drift.scores(reference, window, settings.drift), window)
        found.count("ours", was, bool(state.active))
        for name, peer in _PEERS.items():
            now = bool(peer(reference, window))
            found.count(name, alarmed[name], now)
            alarmed[name] = now
    return before


def ours(
    windows: Sequence[WindowSummary],
    reference: WindowSummary,
    state: drift.State,
    onset: float,
    plant: Plant,
    settings: Settings,
) -> Told:
    """Return what we tell of what was planted."""
    hours, named = None, False
    for window in windows:
        state, notes = drift.advance(state, drift.scores(reference, window, settings.drift), window)
        for note in notes:
            if note.kind is NoteKind.DRIFT_BEGAN:
                hours = (note.time - START) / HOUR - onset if hours is None else hours
                named = named or bool(set(state.active) & set(plant.fields))
    return _told(hours, onset, named)


def theirs(
    name: str, windows: Sequence[WindowSummary], reference: WindowSummary, onset: float, plant: Plant
) -> Told:
    """Return what a peer tells of it: the first window in which one of its fields is beyond the threshold."""
    for window in windows:
        fields = _PEERS[name](reference, window)
        if fields & set(plant.fields) if plant.drift else fields:
            return _told((window.end - START) / HOUR - onset, onset, True)
    return _told(None, onset, False)


def _told(hours: float | None, onset: float, named: bool) -> Told:
    # An hour that it began in was not filled by it.
    return Told(hours, None if hours is None else round(hours - (ceil(onset) - onset)), named)


def measure(kinds: Kinds, planted: Sequence[Plant], settings: Settings, world: str, *, fast: bool) -> list[Result]:
    """Watch days of a world, with nothing and with something planted; several seeds."""
    volume, mix = WORLDS[world]
    seeds, days = (1, 9) if fast else (SEEDS, DAYS)
    day = days // 2
    found, told = Quiet(), {plant.name: {who: [] for who in ("ours", *_PEERS)} for plant in planted}  # type: ignore[var-annotated]
    version = "cb-simulated"
    for seed in range(seeds):
        rates = Rates.draw(kinds, WEEK + 24 * days, volume, seed, mix)
        every = list(hours_of(kinds, rates, version, seed))
        reference = replace(added(every[:WEEK]), codebook="")
        # At another hour of the day and another minute for each seed.
        onset = WEEK + 24 * day + 10 + 3 * seed % 12 + 0.37 * seed % 1
        state = quiet(every[WEEK:], reference, found, int(onset) - WEEK, settings)
        watched = Rates(rates.hourly[: int(onset) + _WATCHED])
        anyway = ours(every[int(onset) : int(onset) + _WATCHED], reference, state, onset, NOTHING, settings)
        for plant in planted:
            windows = list(hours_of(kinds, watched, version, seed, plant, onset, start=int(onset)))
            mine = ours(windows, reference, state, onset, plant, settings)
            # What is told without a storm is not told because of it.
            told[plant.name]["ours"].append(mine if plant.drift or mine != anyway else _told(None, onset, False))
            for name in _PEERS:
                told[plant.name][name].append(theirs(name, windows, reference, onset, plant))
    aimed, weeks = world == _AIMED and not fast, seeds * days / 7
    alarms, target = found.alarms["ours"] / weeks, TARGET_WEEKLY if aimed else None
    results = [
        Result.at_most(f"{world}: nothing: false alarms a week", alarms, "", target),
        Result(f"{world}: nothing: hours in alarm a week", found.hours["ours"] / weeks, "h"),
    ]
    for name in _PEERS:
        results += [
            Result(f"{world}: nothing: {name}: alarms a week", found.alarms[name] / weeks, ""),
            Result(f"{world}: nothing: {name}: hours in alarm a week", found.hours[name] / weeks, "h"),
        ]
    for plant in planted:
        results += _of_plant(f"{world}: {plant.name}", plant, told[plant.name], aimed=aimed and not plant.shown)
    return results


def _of_plant(title: str, plant: Plant, told: dict[str, list[Told]], *, aimed: bool) -> list[Result]:
    results = []
    mine = told["ours"]
    share = float(np.mean([one.hours is not None for one in mine]))
    if not plant.drift:
        results.append(Result.at_most(f"{title}: told", share, "of the seeds", 0.0 if aimed else None))
    else:
        named = float(np.mean([one.named for one in mine]))
        results.append(
            Result.at_least(f"{title}: told, the right field named", named, "of the seeds", 1.0 if aimed else None)
        )
        if share:
            windows = [one.windows for one in mine if one.windows is not None]
            hours = [one.hours for one in mine if one.hours is not None]
            results += [
                Result.at_most(
                    f"{title}: windows until told, at worst", max(windows), "", TARGET_DELAY if aimed else None
                ),
                Result(f"{title}: until told, mean", float(np.mean(hours)), "h"),
            ]
    for name in _PEERS:
        theirs = [one.hours for one in told[name] if one.hours is not None]
        results.append(Result(f"{title}: {name}: told", len(theirs) / len(mine), "of the seeds"))
        if plant.drift and theirs:
            results.append(Result(f"{title}: {name}: until told, mean", float(np.mean(theirs)), "h"))
    return results


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    settings = Settings(codebook=CodebookSettings(sample=400 if options.quick else 1500))
    background = load("trainticket").noise
    assigning = Assigning(train(build_rows(background, settings), settings), settings)
    events, shares = representatives(background, settings)
    coming = 3 if options.quick else 12
    events, shares = passing(events, shares, coming)
    kinds = replace(Kinds.of(assigning, events, shares, settings), passing=coming)
    planted = plants(kinds, assigning, settings)
    results = [Result("kinds of events", len(kinds.events), "")]
    for world in [_AIMED] if options.quick else WORLDS:
        results += measure(kinds, planted, settings, world, fast=options.quick)
    report("drift", results, as_json=options.json)


if __name__ == "__main__":
    main()

"""Whether every value of every draft of all data sets holds, and how long writing one takes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from _report import Result, arguments, report
from stormcell import read
from stormcell.config import Settings
from stormcell.features.knowledge import Knowledge
from stormcell.operate.checking import check_reading
from stormcell.operate.drafting import draft, drafter, material
from stormcell.pipeline import group as group_events
from stormcell.render import POSTMORTEM, RUNBOOK, reading
from stormcell.store import SqliteStore

DATA = Path(__file__).parent / "data"
FOLDERS = ("trainticket", "trainticket-overlap", "onlineboutique-overlap", "holmesgpt", "opensre", "sockshop")
KINDS = ((RUNBOOK, ""), (POSTMORTEM, "default"), (POSTMORTEM, "sre"), (POSTMORTEM, "pagerduty"))
TARGET = 20.0
"""Milliseconds for a draft, of the slowest kind."""


def stored(name: str, folder: Path, settings: Settings) -> SqliteStore:
    """Group a data set into a store."""
    knowledge = Knowledge(settings)
    grouping = group_events(read(sorted((DATA / name).glob("*.jsonl.gz"))), settings, knowledge)
    store = SqliteStore(folder / f"{name}.db", create=True)
    store.save(grouping, [], knowledge.snapshot())
    return store


def measure(store: SqliteStore, settings: Settings, times: dict[str, list[float]]) -> Counter[str]:
    """Write, time and verify every draft of a store; return how many values were found how."""
    states: Counter[str] = Counter()
    for group in store.groups():
        began = perf_counter()
        known = material(store, group.id, settings)
        times["material"].append(perf_counter() - began)
        for kind, template in KINDS:
            began = perf_counter()
            made = drafter(settings.drafts).draft(kind, known, template)
            times[f"{kind} {template}".strip()].append(perf_counter() - began)
            states["drafts"] += 1
            states["footnotes"] += len(made.sources)
            states.update(
                one.state.value for one in check_reading(store, reading.read(made.markdown), known, settings)
            )
    return states


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    settings = Settings()
    folders = [name for name in FOLDERS if not options.quick or name in ("holmesgpt", "opensre")]
    times: dict[str, list[float]] = {
        name: [] for name in ("material", *(f"{kind} {template}".strip() for kind, template in KINDS))
    }
    states: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for name in folders:
            with stored(name, Path(folder), settings) as store:
                for kind, template in KINDS:  # the first of each kind reads its templates
                    draft(store, store.groups()[0].id, kind, settings, template)
                states += measure(store, settings, times)
    results = [
        Result("drafts", states["drafts"], ""),
        Result("footnotes", states["footnotes"], ""),
        Result("values verified", sum(states.values()) - states["drafts"] - states["footnotes"], ""),
    ]
    unresolved = sum(count for state, count in states.items() if state not in ("drafts", "footnotes", "ok"))
    results.append(Result.at_most("unresolved values", unresolved, "", 0))
    slowest = max(times.keys() - {"material"}, key=lambda kind: float(np.percentile(times[kind], 99)))
    for kind, taken in times.items():
        target = None if options.quick or kind != slowest else TARGET
        median, late = np.percentile(taken, (50, 99)) * 1000
        results.append(Result.at_most(f"{kind}, median", float(median), "ms", target))
        results.append(Result.at_most(f"{kind}, p99", float(late), "ms", target))
    report("drafts", results, as_json=options.json)


if __name__ == "__main__":
    main()

"""Cases to group: real ones, laid over each other anew, and harmed as telemetry is harmed on its way."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

from stormcell import read
from stormcell.config import Settings
from stormcell.evaluation import Label, read_truth
from stormcell.evaluation.case import Case, make_case
from stormcell.evaluation.truth import label_events
from stormcell.features.calls import CallGraph
from stormcell.features.knowledge import Knowledge
from stormcell.features.surprise import Background
from stormcell.types import Event, Rows, Signal

DATA = Path(__file__).parent / "data"
SETS = ("trainticket-overlap", "trainticket", "onlineboutique-overlap")
_SECOND = 10**9
_SLOT = 900 * _SECOND
_AROUND = 30 * _SECOND

Labels = Mapping[str, Label]


def load(name: str) -> tuple[list[Event], Labels]:
    """Return the distinct events of a set, and its labels by the events' own uids."""
    folder = DATA / name
    events = {event.uid: event for event in read(sorted(folder.glob("*.jsonl.gz")))}
    return list(events.values()), label_events(events.values(), read_truth(folder / "truth.csv.gz"))


def case_of(events: Iterable[Event], labels: Labels, settings: Settings | None = None) -> Case:
    """Return events as a case."""
    return make_case(events, labels, settings or Settings())


def overlaid(events: Sequence[Event], labels: Labels, seed: int, together: int) -> list[Event]:
    """Lay incidents over each other anew: so many begin within a minute of one another in each quarter of an hour.

    What happens around an incident moves with it: what shares a trace with it, and else what is nearer to it than
    to any other, in time; of several that are as near, chance decides.
    """
    chance = Random(seed)  # noqa: S311
    known = {uid: label.incident for uid, label in labels.items() if not label.is_noise}
    spans: dict[str, tuple[int, int]] = {}
    for event in events:
        name = known.get(event.uid)
        if name is not None:
            low, high = spans.get(name, (event.time, event.time))
            spans[name] = min(low, event.time), max(high, event.time)
    names = sorted(spans, key=lambda name: (spans[name], name))
    home = {event.trace_id: known[event.uid] for event in events if event.trace_id and event.uid in known}
    middles = [(spans[a][1] + spans[b][0]) // 2 for a, b in pairwise(names)]

    def owner(event: Event) -> str:
        found = known.get(event.uid) or home.get(event.trace_id)
        if found is None:
            near = [n for n in names if spans[n][0] - _AROUND <= event.time <= spans[n][1] + _AROUND]
            found = chance.choice(near) if near else names[bisect(middles, event.time)]
            if event.trace_id:
                home[event.trace_id] = found
        return found

    order = list(names)
    chance.shuffle(order)
    origin = min(event.time for event in events) // _SLOT * _SLOT
    shift = {
        name: origin + at // together * _SLOT + _AROUND + chance.randrange(60 * _SECOND) - spans[name][0]
        for at, name in enumerate(order)
    }
    return [
        replace(event, time=event.time + shift[owner(event)])
        for event in sorted(events, key=lambda event: (event.time, event.uid))
    ]


def without_spans(events: Sequence[Event]) -> list[Event]:
    """Lose three in ten spans."""
    chance = Random(0)  # noqa: S311
    return [event for event in events if event.signal is not Signal.SPAN or chance.random() >= 0.3]


def skewed(events: Sequence[Event]) -> list[Event]:
    """Let the clock of the service with most events go five seconds fast."""
    services = [event.service for event in events]
    late = max(sorted(set(services)), key=services.count)
    return [replace(e, time=e.time + 5 * _SECOND) if e.service == late else e for e in events]


def twice(events: Sequence[Event]) -> list[Event]:
    """Deliver everything twice."""
    return [*events, *events]


def disordered(events: Sequence[Event]) -> list[Event]:
    """Let each event come up to a minute late."""
    chance = Random(0)  # noqa: S311
    return sorted(events, key=lambda event: event.time + chance.randrange(60 * _SECOND))


def untraced(events: Sequence[Event]) -> list[Event]:
    """Take the trace ids out of logs."""
    return [replace(e, trace_id="", span_id="") if e.signal is Signal.LOG else e for e in events]


HARMS: Mapping[str, Callable[[Sequence[Event]], list[Event]]] = {
    "three in ten spans lost": without_spans,
    "one clock five seconds fast": skewed,
    "everything delivered twice": twice,
    "up to a minute out of order": disordered,
    "logs without trace ids": untraced,
}


def unlinked(case: Case, reasons: Sequence[str]) -> Case:
    """Return a case in which nothing is linked for some reasons."""

    def cut(rows: Rows) -> Rows:
        kept = (tuple(key for key in keys if key.partition(":")[0] not in reasons) for keys in rows.keys)
        return replace(rows, keys=tuple(kept))

    return replace(case, everything=cut(case.everything), incidents=cut(case.incidents))


def uncalled(case: Case) -> Case:
    """Return a case in which nobody knows who calls whom."""
    return replace(case, knowledge=_knowing(case, calls=CallGraph(Settings().background)))


def blind(case: Case) -> Case:
    """Return a case in which each event is judged by the past alone, of which nothing is known at the start."""
    background = Background(Settings.model_validate({"background": {"hindsight": False}}).background)
    background.learn(case.everything)
    return replace(case, knowledge=_knowing(case, background=background))


def _knowing(case: Case, **parts: object) -> Knowledge:
    knowledge = copy(case.knowledge)
    for name, part in parts.items():
        setattr(knowledge, name, part)
    return knowledge

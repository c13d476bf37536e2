"""Known incidents as past ones: their profiles, the documents of a baseline, and how well like finds like."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stormcell import read
from stormcell.config import Settings
from stormcell.features.blame import accuse
from stormcell.features.knowledge import Knowledge
from stormcell.features.profile import profile_of
from stormcell.types import BoolArray, DoubleArray, Event, FloatArray, IntArray, Profile

DATA = Path(__file__).parent / "data"
_HOUR = 3600 * 10**9
_SECOND = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Incidents of known classes.

    Attributes
    ----------
    names : list of str
    classes : list of str
        ``service:fault``.
    events : list of list of Event
        Of each incident.
    noise : list of Event
    """

    names: list[str]
    classes: list[str]
    events: list[list[Event]]
    noise: list[Event]

    def labels(self, part: Callable[[str], str] = str) -> IntArray:
        """Return the number of each incident's class, or of a part of its name."""
        _, numbers = np.unique([part(name) for name in self.classes], return_inverse=True)
        return numbers.astype(np.int64)


def fault(name: str) -> str:
    """Return the fault of a class."""
    return name.rpartition(":")[2]


def load(folder: str, *, timeless: bool = False) -> Cases:
    """Read a data set.

    Parameters
    ----------
    folder : str
    timeless : bool
        Whether its times mean nothing. Then each incident gets an hour of its own, and in it each event a second
        of its own, so that every event is a row.
    """
    place = DATA / folder
    with gzip.open(place / "truth.csv.gz", "rt", encoding="utf-8") as file:
        truth = {row["uid"]: (row["incident"], row["class"]) for row in csv.DictReader(file)}
    held: dict[str, list[Event]] = {}
    classes: dict[str, str] = {}
    for event in read(sorted(place.glob("*.jsonl.gz"))):
        incident, name = truth.get(event.uid) or truth.get(event.uid.partition("@")[0]) or ("noise", "")
        held.setdefault(incident, []).append(event)
        classes[incident] = name
    noise = held.pop("noise", [])
    names = sorted(held)
    every = [sorted(held[name], key=lambda event: event.uid) for name in names]
    if timeless:
        start = every[0][0].time
        every = [
            [replace(event, time=start + case * _HOUR + at * _SECOND) for at, event in enumerate(events)]
            for case, events in enumerate(every)
        ]
    return Cases(names, [classes[name] for name in names], every, noise)


def profiles(cases: Cases) -> list[Profile]:
    """Return the profile of each incident, as the pipeline makes it of a group."""
    # Their times are made up, so nothing is to fade with them.
    settings = Settings.model_validate({"background": {"half_life_days": 3650}})
    incident_of = {event.uid: case for case, events in enumerate(cases.events) for event in events}
    knowledge = Knowledge(settings)
    rows = knowledge.learn([*cases.noise, *(event for events in cases.events for event in events)])
    found = knowledge.background.surprise(rows)
    surprise = found.value
    accused = accuse(rows, found, knowledge.calls, settings.services)
    of = np.array([incident_of.get(members[0], -1) for members in rows.members])
    made = []
    for case in range(len(cases.names)):
        own = np.flatnonzero(of == case)
        known = own[accused.accused[own] >= 0]
        blame = np.bincount(accused.accused[known], weights=accused.amount[known], minlength=len(accused.services))
        parts = blame / (blame.sum() or 1.0)
        services = {accused.services[at]: float(parts[at]) for at in np.flatnonzero(parts).tolist()}
        made.append(profile_of(rows, own, surprise[own], services))
    return made


@dataclass(frozen=True, slots=True)
class Hits:
    """How often like finds like, leaving each incident out in turn.

    Attributes
    ----------
    at_1, at_5 : float
        Share of the incidents whose nearest (of whose five nearest, any) is of its class.
    precision : float
        Mean average precision.
    """

    at_1: float
    at_5: float
    precision: float


def hits(far: FloatArray | DoubleArray, labels: IntArray, asked: BoolArray | None = None) -> Hits:
    """Score a matrix of dissimilarities.

    Incidents that are the only one of their class are left out, as nothing could be found.

    Parameters
    ----------
    far : array, shape (n, n)
    labels : IntArray, shape (n,)
    asked : BoolArray, shape (n,), optional
        Which incidents are asked for; all by default. They are looked for among all.
    """
    far = far.astype(np.float64)
    np.fill_diagonal(far, np.inf)
    order = np.argsort(far, axis=1, kind="stable")[:, :-1]
    same = labels[order] == labels[:, None]
    chosen = same.any(axis=1) if asked is None else same.any(axis=1) & asked
    same = same[chosen]
    ranks = np.arange(1, same.shape[1] + 1)
    precision = (np.cumsum(same, axis=1) / ranks * same).sum(axis=1) / same.sum(axis=1)
    return Hits(float(same[:, 0].mean()), float(same[:, :5].any(axis=1).mean()), float(precision.mean()))


def texts(cases: Cases) -> list[str]:
    """Return the texts of each incident's events, a line each."""
    return ["\n".join(event.text for event in events) for events in cases.events]


def masked(documents: Sequence[str]) -> list[str]:
    """Return documents without their numbers."""
    return [re.sub(r"\d+", " ", document) for document in documents]


def joined(cases: Cases) -> list[str]:
    """Return a word an event that holds all it has: its service, text and attributes.

    What a baseline can do once the fields of events are put together by hand for this very data.
    """
    names = ("labels.direction", "kind", "caller")

    def word(event: Event) -> str:
        parts = [event.service, event.text, *(str(event.attributes.get(name, "")) for name in names)]
        return re.sub(r"\s", "_", "|".join(parts))

    return [" ".join(map(word, events)) for events in cases.events]

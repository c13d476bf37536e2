"""Simulated days made of real events: a daily and a weekly rhythm, noise, and what is planted in them.

Kinds of events are those of real background data, each spoken for by one real event; how often each comes in an
hour is drawn. What a window looks like is the sum of what each kind looks like, as the real ``summarise`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log10, pi

import numpy as np

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import added, summarise
from stormcell.config import Settings
from stormcell.features.rows import build_rows
from stormcell.types import DoubleArray, Event, IntArray, Signal
from stormcell.types.codebooks import Histogram, WindowSummary

HOUR = 3600 * 10**9
START = 1_700_006_400 * 10**9
"""A Wednesday, 00:00 UTC."""
BATCH = "ts-execute-service"
"""Works between one and three in the morning only."""
WEEK = 7 * 24
"""Hours that the reference is made of; the days that are watched come after them."""
_BATCH_HOURS = (1, 2)
_STEP = 0.5
_PASSING_DAYS = 2
_PASSING_SHARE = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Kinds of events, and what each looks like through a codebook.

    Attributes
    ----------
    events : sequence of Event, length k
    shares : DoubleArray, shape (k,)
        How often each comes; their sum is 1.
    looks : sequence of WindowSummary, length k
        Of one event each.
    passing : int
        So many of them, the last, are there for some days only, one after another.
    """

    events: Sequence[Event]
    shares: DoubleArray
    looks: Sequence[WindowSummary]
    passing: int = 0

    @classmethod
    def of(cls, assigning: Assigning, events: Sequence[Event], shares: DoubleArray, settings: Settings) -> Kinds:
        """Return the kinds that events speak for."""
        looks = [summarise(assigning, build_rows([event], settings), 0, 1) for event in events]
        return cls(events, shares / shares.sum(), looks)

    def window(self, counts: DoubleArray, start: int, codebook: str) -> WindowSummary:
        """Return an hour in which each kind came so often."""
        came = [(self.looks[at], float(counts[at])) for at in np.flatnonzero(counts).tolist()]
        events = float(counts.sum())
        fields: dict[str, tuple[dict[str, float], dict[str, str]]] = {}
        codewords: dict[str, float] = {}
        for look, count in came:
            for id in look.codewords:
                codewords[id] = codewords.get(id, 0.0) + count
            for name, held in look.fields.items():
                values, examples = fields.setdefault(name, ({}, {}))
                for value in held.counts:
                    values[value] = values.get(value, 0.0) + count
                    examples.setdefault(value, held.examples.get(value, ""))
        for values, _ in fields.values():
            if (missing := events - sum(values.values())) > 1e-9:
                values[""] = values.get("", 0.0) + missing
        silhouettes = sum((look.silhouette or 0.0) * count for look, count in came)
        return WindowSummary(
            codebook=codebook,
            start=start,
            end=start + HOUR,
            events=events,
            new=sum(look.new * count for look, count in came),
            distance=sum(look.distance * count for look, count in came),
            codewords=codewords,
            fields={name: Histogram(values, examples) for name, (values, examples) in fields.items()},
            silhouette=silhouettes / events if events else None,
        )


def representatives(events: Iterable[Event], settings: Settings) -> tuple[list[Event], DoubleArray]:
    """Return an event of each kind (its fingerprint and how long it took), and how many there are of it."""
    held: dict[tuple[str, int], tuple[Event, int]] = {}
    rows = build_rows(events, settings)
    for row, event in enumerate(rows.events):
        kind = rows.fingerprints[row], int(log10(event.duration) / _STEP) if event.duration > 0 else -1
        first, count = held.get(kind, (event, 0))
        held[kind] = first, count + int(rows.weight[row])
    return [event for event, _ in held.values()], np.array([float(count) for _, count in held.values()])


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """How many events of each kind are to be expected, hour by hour.

    Attributes
    ----------
    hourly : DoubleArray, shape (hours, k)
    """

    hourly: DoubleArray

    @classmethod
    def draw(cls, kinds: Kinds, hours: int, volume: float, seed: int, mix: str) -> Rates:
        """Return rates with a daily and a weekly rhythm that differ from service to service, and noise.

        A service's day is up to six tenths above and below its mean, its peak within two hours of others'; at
        weekends it has half, give or take; some days are noisy; each hour of each kind has its own ups and downs;
        one service works at night only; and after the first week there are always some messages that only pass.

        Parameters
        ----------
        kinds : Kinds
        hours : int
        volume : float
            Events an hour, in the mean of working days.
        seed : int
        mix : str
            "nightly" is all of that; with "daily" that service works all day as others do; with "same" there is
            one rhythm for all, and nothing else.
        """
        rng = np.random.default_rng([seed, 1])
        services = sorted({event.service for event in kinds.events})
        of: IntArray = np.array([services.index(event.service) for event in kinds.events])
        n, at = len(services), np.arange(hours)
        peak, depth = 14 + rng.uniform(-2, 2, n), rng.uniform(0.4, 0.7, n)
        daily = 1 + depth * np.cos(2 * pi * (at[:, None] % 24 - peak) / 24)
        weekend = np.isin(at // 24 % 7, (3, 4))[:, None]
        weekly = np.where(weekend, 0.5 * rng.lognormal(0, 0.2, n), 1.0)
        days = hours // 24 + 1
        noisy = rng.random((days, 1)) < 0.2
        day = rng.lognormal(0, np.where(noisy, 0.35, 0.1), (days, n))[at // 24]
        by_service = daily * weekly * day
        if mix == "nightly" and BATCH in services:
            works = np.isin(at % 24, _BATCH_HOURS)
            by_service[:, services.index(BATCH)] = np.where(works, 24 / len(_BATCH_HOURS), 0.0)
        each = rng.gamma(5.0, 1 / 5.0, (hours, len(kinds.events)))
        if mix == "same":
            by_service, each = np.repeat(by_service.mean(axis=1, keepdims=True), n, axis=1), np.ones_like(each)
        hourly = volume * kinds.shares * by_service[:, of] * each
        for number in range(kinds.passing):
            first = WEEK + number * _PASSING_DAYS * 24
            outside = (at < first) | (at >= first + _PASSING_DAYS * 24)
            hourly[outside, len(kinds.events) - kinds.passing + number] = 0.0
        return cls(hourly)


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """What changes at some time.

    Attributes
    ----------
    name : str
    drift : bool
        Whether it is one: it should be told, and else it should not.
    fields : tuple of str
        Of which at least one should be named.
    into : Kinds or None
        What the same kinds are from then on.
    more : Kinds or None
        What comes besides.
    factor : float
        How much of it, in parts of the usual volume.
    times : float
        How much of everything.
    hours : float
        How long.
    shown : bool
        Whether it is only shown what becomes of it, without a target.
    """

    name: str
    drift: bool
    fields: tuple[str, ...] = ()
    into: Kinds | None = None
    more: Kinds | None = None
    factor: float = 0.0
    times: float = 1.0
    hours: float = 1e9
    shown: bool = False


NOTHING = Plant("nothing", False)


def hours_of(
    kinds: Kinds,
    rates: Rates,
    codebook: str,
    seed: int,
    plant: Plant = NOTHING,
    onset: float = 1e9,
    start: int = 0,
) -> Iterator[WindowSummary]:
    """Yield a window an hour, those from ``start`` on, with something planted at an hour (and a part of one)."""
    usual = rates.hourly.sum(axis=1)
    for hour in range(start, len(rates.hourly)):
        rng = np.random.default_rng([seed, 2, hour])
        changed = min(max(min(hour + 1, onset + plant.hours) - max(hour, onset), 0.0), 1.0)
        expected = rates.hourly[hour]
        parts = [kinds.window(rng.poisson(expected * (1 - changed)), START + hour * HOUR, codebook)]
        if changed:
            after = plant.into or kinds
            counts = rng.poisson(expected * changed * plant.times)
            parts.append(after.window(counts, START + hour * HOUR, codebook))
            if plant.more:
                mean = plant.more.shares * plant.factor * changed * usual[hour]
                parts.append(plant.more.window(rng.poisson(mean), START + hour * HOUR, codebook))
        yield added(parts)


def changed(kinds: Kinds, assigning: Assigning, settings: Settings, how: Callable[[Event], Event]) -> Kinds:
    """Return kinds of which some look otherwise."""
    other = Kinds.of(assigning, [how(event) for event in kinds.events], kinds.shares, settings)
    return replace(other, passing=kinds.passing)


def passing(events: Sequence[Event], shares: DoubleArray, count: int) -> tuple[list[Event], DoubleArray]:
    """Return kinds with some messages besides that nobody saw before; see ``Kinds.passing``."""
    logs = [event for event in events if event.signal is Signal.LOG]
    new = [
        replace(
            logs[7 * at % len(logs)], text=f"[probe{chr(97 + at)}][tried again after {at + 2} failures][gave up]"
        )
        for at in range(count)
    ]
    rest = shares / shares.sum() * (1 - _PASSING_SHARE * count)
    return [*events, *new], np.concatenate([rest, np.full(count, _PASSING_SHARE)])


def renamed(old: str, new: str) -> Callable[[Event], Event]:
    """Return what gives a service another name."""
    return lambda event: replace(event, service=new) if event.service == old else event


def reworded(service: str) -> Callable[[Event], Event]:
    """Return what writes the logs of a service in another format."""
    return lambda event: (
        replace(event, text=f'level=info caller=handler.go:118 component=api msg="{event.text}" took=3.1ms')
        if event.signal is Signal.LOG and event.service == service
        else event
    )


def without_severity(event: Event) -> Event:
    """Return a log without its severity."""
    return replace(event, severity=0) if event.signal is Signal.LOG else event


def slower(times: float, service: str = "") -> Callable[[Event], Event]:
    """Return what makes spans slower, of one service or of all."""
    return lambda event: (
        replace(event, duration=int(event.duration * times)) if not service or event.service == service else event
    )

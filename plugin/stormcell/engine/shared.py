"""What both threads of the engine work on, and what they tell each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stormcell.config import Settings
from stormcell.engine.assigner import LiveAssigner
from stormcell.engine.live import Live
from stormcell.engine.segments import Segments
from stormcell.journal import Journal
from stormcell.protocols import Clock
from stormcell.telemetry.meters import Meters

WAIT: Final = 0.25
"""Seconds after which a thread looks again whether there is something to do."""


@dataclass(slots=True)
class Stats:
    """What the engine did since it started, and how it stands.

    Attributes
    ----------
    position : int
        Up to where the journal was read.
    arrived : float
        When something was read last, in monotonic seconds.
    own : int
        Events of our own telemetry, which are dropped.
    broken : int
        Records, and whole requests, that could not be read.
    provisional : dict of str to int
        Events assigned at once, by why.
    latencies : list of float
        Seconds from receipt to assignment, since somebody took them.
    ticks : int
    tick_seconds : list of float
        How long ticks took, since somebody took them.
    """

    position: int = 0
    arrived: float = 0.0
    own: int = 0
    broken: int = 0
    provisional: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    ticks: int = 0
    tick_seconds: list[float] = field(default_factory=list)


class Signals:
    """What threads tell each other, and wait for.

    Attributes
    ----------
    nudged : bool
        A tick is to be made soon, for something changed that no event tells of.
    draining : bool
        Nothing more comes: the rest is to be done.
    stopping : bool
        Whatever is not done stays undone.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.nudged = self.draining = self.stopping = False

    def nudge(self) -> None:
        """Ask for a tick."""
        self.nudged = True
        self.tell()

    def drain(self) -> None:
        """Tell that nothing more comes."""
        self.draining = True
        self.tell()

    def stop(self) -> None:
        """Tell that it is over."""
        self.stopping = True
        self.tell()

    def tell(self) -> None:
        """Let those who wait look again at what they wait for."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float, until: Callable[[], bool]) -> None:
        """Wait until something holds, of which somebody tells, for so many seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopping or until(), seconds)

    def pause(self, seconds: float) -> None:
        """Wait so many seconds, unless meanwhile the end comes nearer."""
        draining = self.draining
        self.wait(seconds, lambda: self.draining != draining)


@dataclass(frozen=True, slots=True)
class Shared:
    """What both threads of the engine work on.

    Attributes
    ----------
    settings : Settings
    journal : Journal
    clock : Clock
    monotonic : callable
        Seconds that never go back.
    live : Live
    assigner : LiveAssigner
    segments : Segments
    stats : Stats
    signals : Signals
    meters : Meters
    """

    settings: Settings
    journal: Journal
    clock: Clock
    monotonic: Callable[[], float]
    live: Live
    assigner: LiveAssigner
    segments: Segments
    stats: Stats
    signals: Signals
    meters: Meters

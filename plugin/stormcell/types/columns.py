"""Many events as columns: what the computing stages hand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stormcell.types.events import ERROR_SEVERITY, Event, Signal

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


Sides = tuple[tuple[str, ...], ...]
"""For each rule the sides of it: none, one, or (which contradicts the rule) several."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Timing and parentage of every span event, as columns of length s.

    Attributes
    ----------
    row : IntArray
        The row that the span was counted into.
    span, parent : IntArray
        64-bit ids; parent is 0 for a root.
    duration : IntArray
        ns.
    """

    row: IntArray
    span: IntArray
    parent: IntArray
    duration: IntArray


@dataclass(frozen=True, slots=True)
class Template:
    """A masked text and whose it is: what the background model counts."""

    signal: Signal
    service: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Weighted rows: events of one fingerprint, one time bucket and the same link keys, counted.

    Attributes
    ----------
    events : sequence of Event, length n
        The earliest event of each row, which stands for it; ascending by (time, uid). One that was read from
        protobuf is read out of its bytes when it is asked for.
    members : sequence of sequence of str, length n
        The uids of all events of each row, ascending; spelled when they are asked for.
    weight : IntArray, shape (n,)
        How many events.
    first, last : IntArray, shape (n,)
        Event times in ns.
    template : IntArray, shape (n,)
        Index into ``templates``.
    severity : IntArray, shape (n,)
        OpenTelemetry severity number, 0 where unknown.
    templates : tuple of Template
        Distinct.
    fingerprints : tuple of str, length n
        Identity after masking: template, service, severity, signal.
    keys : tuple of tuple of str, length n
        What links a row to others: trace, request and resource ids, each with its kind as a prefix.
    spans : Spans
    varied : tuple of int, length n
        The slots of its template that differ between the events of a row, a bit each.
    duplicates : int
        Events dropped because their uid had been seen.
    same : sequence of tuple of str, length n
        For each label of ``rules.same`` a hash of its value, "" without one; empty without such rules.
    sides : sequence of tuple of tuple of str, length n
        For each rule of ``rules.named`` the sides of it that a row is on; empty without such rules.
    """

    events: Sequence[Event]
    members: Sequence[Sequence[str]]
    weight: IntArray
    first: IntArray
    last: IntArray
    template: IntArray
    severity: IntArray
    templates: tuple[Template, ...]
    fingerprints: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    spans: Spans
    varied: tuple[int, ...]
    duplicates: int = 0
    same: Sequence[tuple[str, ...]] = ()
    sides: Sequence[Sides] = ()

    def __len__(self) -> int:
        return len(self.events)

    def of(self, signal: Signal) -> BoolArray:
        """Return which rows are of a signal, shape (n,)."""
        known = np.array([template.signal is signal for template in self.templates], dtype=bool)
        return known[self.template]

    @property
    def failed(self) -> BoolArray:
        """Which rows report a failure (see Event.is_error), shape (n,)."""
        return np.asarray((self.severity >= ERROR_SEVERITY) | self.of(Signal.ALERT))


class Link(NamedTuple):
    """Why two rows are one atom.

    Attributes
    ----------
    a, b : int
        Rows.
    reason : str
        "trace", "id", "resource", "burst" or "alert": certain. "alike": they say the same of the same service.
    key : str
        What they share: the trace id, the request id, the service of the burst, the alert.
    """

    a: int
    b: int
    reason: str
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """A solution of k-medoids over n points.

    Attributes
    ----------
    medoids : IntArray, shape (k,)
        Points, ascending.
    labels : IntArray, shape (n,)
        Index into ``medoids`` of the nearest one.
    nearest, runner_up : FloatArray, shape (n,)
        Dissimilarity to the nearest and to the second nearest medoid (inf where k = 1).
    second : IntArray, shape (n,)
        Index into ``medoids`` of the second nearest, -1 where k = 1.
    loss : float
        Weighted sum of ``nearest``.
    iterations : int
        Passes over the points.
    """

    medoids: IntArray
    labels: IntArray
    nearest: FloatArray
    runner_up: FloatArray
    second: IntArray
    loss: float
    iterations: int

    @property
    def margin(self) -> FloatArray:
        """By how much the second nearest medoid is farther than the nearest, shape (n,); inf where k = 1."""
        return self.runner_up - self.nearest

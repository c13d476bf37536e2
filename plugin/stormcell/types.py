"""The vocabulary: frozen dataclasses that the rooms of the house hand to each other.

Times are integers, nanoseconds since 1970-01-01 UTC. Nothing here computes more than a view of its own data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
"""What an attribute of an event may hold: the JSON types."""

Attributes = Mapping[str, Value]

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

ERROR_SEVERITY = 17
"""Lowest OpenTelemetry severity number that means an error."""

_FIELD = re.compile(r'(resource|attributes)\["(.*)"\]\Z', re.DOTALL)
_PLAIN_FIELDS = frozenset(
    {
        *("uid", "signal", "time", "service", "severity", "text", "duration", "status"),
        *("trace_id", "span_id", "parent_id"),
    }
)


class Signal(StrEnum):
    """What kind of telemetry an event is."""

    ALERT = "alert"
    LOG = "log"
    SPAN = "span"


@dataclass(frozen=True, slots=True)
class Event:
    """One alert, log record or span, normalised.

    Attributes
    ----------
    uid : str
        ``log.record.uid`` or a stable hash for a log, the span id for a span, ``fingerprint@startsAt``
        for an alert.
    signal : Signal
    time : int
        Event time in ns: a log's time, a span's start, an alert's ``startsAt``.
    service : str
        ``service.name``, or "" where the source named none.
    severity : int
        OpenTelemetry severity number, 1 to 24; 0 where unknown.
    text : str
        The log body, the span name (operation) or the alert name.
    duration : int
        ns; 0 where it has none.
    status : str
        Span: "unset", "ok" or "error". Alert: "firing" or "resolved". Log: "".
    trace_id, span_id, parent_id : str
        Lower-case hexadecimal, or "".
    resource, attributes : Attributes
        As sent. An alert's labels and annotations are the attributes ``labels.NAME`` and
        ``annotations.NAME``.
    """

    uid: str
    signal: Signal
    time: int
    service: str
    severity: int
    text: str
    duration: int = 0
    status: str = ""
    trace_id: str = ""
    span_id: str = ""
    parent_id: str = ""
    resource: Attributes = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """Whether the event itself reports a failure; a firing alert always does."""
        return self.severity >= ERROR_SEVERITY or self.status == "error" or self.signal is Signal.ALERT

    def field(self, path: str) -> Value:
        """Return the value at a field path, such as ``service`` or ``attributes["http.route"]``.

        Raises
        ------
        KeyError
            If the event has no such field.
        """
        if path in _PLAIN_FIELDS:
            value: Value = getattr(self, path)
            return value
        match = _FIELD.match(path)
        if match is None:
            raise KeyError(path)
        holder = self.resource if match[1] == "resource" else self.attributes
        return holder[match[2]]


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
    events : tuple of Event, length n
        The earliest event of each row, which stands for it; ascending by (time, uid).
    members : tuple of tuple of str, length n
        The uids of all events of each row, ascending.
    weight : IntArray, shape (n,)
        How many events.
    first, last : IntArray, shape (n,)
        Event times in ns.
    template : IntArray, shape (n,)
        Index into ``templates``.
    templates : tuple of Template
        Distinct.
    fingerprints : tuple of str, length n
        Identity after masking: template, service, severity, signal.
    keys : tuple of tuple of str, length n
        What links a row to others: trace, request and resource ids, each with its kind as a prefix.
    spans : Spans
    duplicates : int
        Events dropped because their uid had been seen.
    """

    events: tuple[Event, ...]
    members: tuple[tuple[str, ...], ...]
    weight: IntArray
    first: IntArray
    last: IntArray
    template: IntArray
    templates: tuple[Template, ...]
    fingerprints: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    spans: Spans
    duplicates: int = 0

    def __len__(self) -> int:
        return len(self.events)


@dataclass(frozen=True, slots=True)
class Link:
    """Why two rows certainly belong together.

    Attributes
    ----------
    a, b : int
        Rows.
    reason : str
        "trace", "id", "resource", "burst" or "alert".
    key : str
        What they share: the trace id, the request id, the service of the burst, the alert.
    """

    a: int
    b: int
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class Share:
    """One field's exact part in a mixed dissimilarity.

    Attributes
    ----------
    name : str
    dissimilarity : float
        Partial dissimilarity, in [0, 1].
    weight : float
        The field's weight; 0 where a value is missing on either side.
    share : float
        ``weight * dissimilarity / sum of weights``: the shares sum to the mixed dissimilarity.
    """

    name: str
    dissimilarity: float
    weight: float
    share: float


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


@dataclass(frozen=True, slots=True)
class Blame:
    """How much a group accuses a service: its part of all the blame, in [0, 1]."""

    name: str
    blame: float


@dataclass(frozen=True, slots=True)
class Row:
    """One weighted row of a group, as stored: its first event, all its uids."""

    event: Event
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberLink:
    """Why two events certainly belong together; the events by uid (see Link)."""

    a: str
    b: str
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class Membership:
    """One atom and why it is where it is.

    Attributes
    ----------
    rows : tuple of Row
        What the atom holds, ascending by time.
    links : tuple of MemberLink
        Why its rows are one atom.
    surprise : float
        How unusual it is against the background, as the gate saw it.
    group : str or None
        The id of its group; None for background.
    dissimilarity : float
        To the exemplar's atom; 0 for background.
    shares : tuple of Share
        The parts of ``dissimilarity``.
    runner_up : str or None
        The id of the group whose exemplar's atom is the second nearest, if there is one.
    runner_up_dissimilarity : float or None
    """

    rows: tuple[Row, ...]
    links: tuple[MemberLink, ...]
    surprise: float
    group: str | None = None
    dissimilarity: float = 0.0
    shares: tuple[Share, ...] = ()
    runner_up: str | None = None
    runner_up_dissimilarity: float | None = None

    @property
    def margin(self) -> float | None:
        """How much farther the runner-up is than the exemplar; None without a runner-up."""
        if self.runner_up_dissimilarity is None:
            return None
        return self.runner_up_dissimilarity - self.dissimilarity


@dataclass(frozen=True, slots=True)
class Group:
    """An incident group, spoken for by one real event.

    Attributes
    ----------
    id : str
        Stable: a hash of the medoid's fingerprint and the start of its session.
    title : str
    status : str
        "open", "acknowledged" or "resolved".
    medoid, earliest, latest, most_severe : Event
        Real members. The medoid is the exemplar: the event whose weighted sum of dissimilarities to the
        members is smallest.
    count : int
        Events.
    signals : mapping of str to int
        Events by signal.
    services : tuple of Blame
        Most blamed first; the parts sum to 1.
    first_seen, last_seen : int
        ns.
    radius : float
        Largest dissimilarity of a member to the exemplar's atom.
    margin : float or None
        Mean over the members, weighted, of how much farther the runner-up is; None without a runner-up.
    fields : tuple of Share
        Mean shares of the members' dissimilarity to the exemplar's atom.
    members : tuple of str
        All uids, ascending.
    template : str
        The medoid's masked text.
    """

    id: str
    title: str
    status: str
    medoid: Event
    earliest: Event
    latest: Event
    most_severe: Event
    count: int
    signals: Mapping[str, int]
    services: tuple[Blame, ...]
    first_seen: int
    last_seen: int
    radius: float
    margin: float | None
    fields: tuple[Share, ...]
    members: tuple[str, ...]
    template: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """What a run found.

    Attributes
    ----------
    events : int
        Distinct events seen.
    duplicates : int
        Events dropped because their uid had been seen.
    groups : tuple of Group
        Ascending by (first_seen, id).
    memberships : tuple of Membership
        Every atom, background included.
    learning : bool
        Too little had been seen to know what is usual, so nothing was set apart.
    """

    events: int
    duplicates: int
    groups: tuple[Group, ...]
    memberships: tuple[Membership, ...]
    learning: bool = False

    @property
    def background(self) -> list[str]:
        """The uids of events in no group, ascending."""
        atoms = (m for m in self.memberships if m.group is None)
        return sorted(uid for atom in atoms for row in atom.rows for uid in row.members)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value in a draft, and where it comes from.

    Attributes
    ----------
    value : str
        As shown, before escaping.
    uid : str
        The event.
    field : str
        The event's field path (see Event.field).
    how : str
        "" where the value is the field's own; else how it was derived from it ("counted over 12 members").
    """

    value: str
    uid: str
    field: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A runbook or postmortem in the making.

    Attributes
    ----------
    group : str
        Id of the group it is for.
    kind : str
        "runbook".
    template : str
        Name of the template that made it.
    markdown : str
    sources : tuple of Fact
        In the order of the footnotes, the first being footnote 1.
    """

    group: str
    kind: str
    template: str
    markdown: str
    sources: tuple[Fact, ...]

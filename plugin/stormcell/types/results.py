"""What a run found: groups, and why each member is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stormcell.types.events import Event
from stormcell.types.feedback import Outcome
from stormcell.types.profiles import Profile
from stormcell.types.rules import RuleOutcome


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


@dataclass(frozen=True, slots=True)
class Blame:
    """How much a group accuses a service: its part of all the blame, in [0, 1]."""

    name: str
    blame: float


@dataclass(frozen=True, slots=True)
class Row:
    """One weighted row of a group, as stored.

    Attributes
    ----------
    event : Event
        Its first.
    members : sequence of str
        All its uids.
    fingerprint : str
        See Rows; "" in stores of before.
    template : str
        The text of its template.
    """

    event: Event
    members: Sequence[str]
    fingerprint: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class MemberLink:
    """Why two events are in one atom; the events by uid (see Link)."""

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
        The parts of ``dissimilarity``; all 0 where the two have no field in common, which counts as 1.
    runner_up : str or None
        The id of the group whose exemplar's atom is the second nearest, if there is one.
    runner_up_dissimilarity : float or None
    stray : bool
        Background though it passed the gate: unlike any group, and alone.
    voice : str
        The fingerprint of its most surprising row, by which people's judgements know atoms again.
    feedback : tuple of str
        The ids of the feedback that put it where it is. As long as its dissimilarity to the exemplar's atom there
        is not known, the dissimilarity is 0 and there are no shares.
    rules : tuple of str
        The names of the rules of the house that put it where it is.
    """

    rows: tuple[Row, ...]
    links: tuple[MemberLink, ...]
    surprise: float
    group: str | None = None
    dissimilarity: float = 0.0
    shares: tuple[Share, ...] = ()
    runner_up: str | None = None
    runner_up_dissimilarity: float | None = None
    stray: bool = False
    voice: str = ""
    feedback: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def margin(self) -> float | None:
        """How much farther the runner-up is than the exemplar; None without a runner-up."""
        if self.runner_up_dissimilarity is None:
            return None
        return self.runner_up_dissimilarity - self.dissimilarity


@dataclass(frozen=True, slots=True)
class Parameter:
    """A slot of a template in a group.

    Attributes
    ----------
    name : str
        The word before it; "" where there is none.
    kind : str
        What its value looks like: "num", "ip", "uuid", ...; "text" for anything else.
    value : str
        In the event that the template is shown by.
    constant : bool
        Whether it is the same in every event of the group that has the template.
    """

    name: str
    kind: str
    value: str
    constant: bool


@dataclass(frozen=True, slots=True)
class GroupTemplate:
    """A template of a group's events.

    Attributes
    ----------
    text : str
        With ``<*>`` or ``<kind>`` for values.
    signal : str
    service : str
    count : int
        Events of the group that have it.
    uid : str
        The earliest of them, or the exemplar.
    parameters : tuple of Parameter
    """

    text: str
    signal: str
    service: str
    count: int
    uid: str
    parameters: tuple[Parameter, ...]


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
        Real members. The medoid is the exemplar: of the events in the medoid atom, the one whose weighted sum of
        dissimilarities to the group's atoms is smallest. Each stands for its row, so that the latest can be
        earlier than ``last_seen`` by up to a bucket.
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
    members : sequence of str
        All uids, ascending.
    template : str
        The medoid's template.
    templates : tuple of GroupTemplate
        The exemplar's template, then the most frequent of the others.
    exemplars : tuple of Event
        For each signal that the group has, the event that speaks for it best: an alert, a log, a span.
    trace : str
        The trace with most of its events; "" if none of them has one.
    profile : Profile or None
        What it is known again by; None where none was made.
    revision : int
        Goes up by one whenever something of it changes while it lives; 1 in a run over files.
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
    members: Sequence[str]
    template: str
    templates: tuple[GroupTemplate, ...] = ()
    exemplars: tuple[Event, ...] = ()
    trace: str = ""
    profile: Profile | None = None
    revision: int = 1


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
        For some of it too little had been seen to know what is usual, and nothing was set apart.
    buckets : int
        How many stretches of time were seen by the end, here and before.
    outcomes : tuple of Outcome
        What became of each feedback, in its order.
    rules : tuple of RuleOutcome
        What became of each rule of the house, in their order.
    """

    events: int
    duplicates: int
    groups: tuple[Group, ...]
    memberships: tuple[Membership, ...]
    learning: bool = False
    buckets: int = 0
    outcomes: tuple[Outcome, ...] = ()
    rules: tuple[RuleOutcome, ...] = ()

    @property
    def background(self) -> list[str]:
        """The uids of events in no group, ascending."""
        atoms = (m for m in self.memberships if m.group is None)
        return sorted(uid for atom in atoms for row in atom.rows for uid in row.members)

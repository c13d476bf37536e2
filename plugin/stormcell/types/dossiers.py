"""Groups with all that is kept of them, for those who keep a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stormcell.types.audit import AuditEntry
from stormcell.types.drafts import Draft
from stormcell.types.profiles import Profile
from stormcell.types.results import Group, Membership


@dataclass(frozen=True, slots=True)
class Dossier:
    """A group with all that is kept of it.

    Attributes
    ----------
    group : Group
    atoms : sequence of Membership
        Its atoms, in the order of their grouping.
    drafts : sequence of Draft
    history : sequence of AuditEntry
        Who changed it, oldest first.
    portrait : sequence of float
        A vector of length 1 by which similar groups are found; empty where it is not known.
    """

    group: Group
    atoms: Sequence[Membership] = ()
    drafts: Sequence[Draft] = ()
    history: Sequence[AuditEntry] = ()
    portrait: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """How a store stands at a time.

    Attributes
    ----------
    time : int
        ns.
    events, background : int
        Events, and those of them that are in no group.
    open, acknowledged, resolved : int
        Groups.
    """

    time: int
    events: int
    background: int
    open: int
    acknowledged: int
    resolved: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """A group as a copy of it tells, which may be there longer than the group itself.

    Attributes
    ----------
    id, title, status : str
    first_seen, last_seen : int
        ns.
    profile : Profile or None
        None where the copy holds none.
    runbook : str
        Markdown; "" without one.
    """

    id: str
    title: str
    status: str
    first_seen: int
    last_seen: int
    profile: Profile | None
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done, or would be, to make a place ready for groups.

    Attributes
    ----------
    what : str
        What for, for people.
    state : str
        "created", "changed", "there" (nothing to do) or, where nothing is done yet, "to create" or "to change".
    method, path : str
        The request.
    body : str
        Of the request, JSON; "" without one.
    """

    what: str
    state: str
    method: str
    path: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Projected:
    """What came of bringing copies of groups up to date.

    Attributes
    ----------
    groups, unchanged, removed, old : int
        Groups that were written, that were up to date, whose copies were taken out, and that are left out, as they
        ended too long ago.
    written, deleted : int
        Documents, members and history included.
    refused : sequence of str
        Why single documents were not taken, and never will be; each names its document.
    """

    groups: int = 0
    unchanged: int = 0
    removed: int = 0
    old: int = 0
    written: int = 0
    deleted: int = 0
    refused: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the copy of a group is not what it should be.

    Attributes
    ----------
    group : str
        Its id.
    what : str
        "missing", "not in the store", "group" (its own document), "members" or "history".
    expected, found : str
        For people: counts, digests, ids.
    """

    group: str
    what: str
    expected: str
    found: str

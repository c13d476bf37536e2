"""The members of a group, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.store.browsing import Line, Narrowed, Sort
from stormcell.types import Event, Group, Signal
from stormcell.web.call import whole
from stormcell.web.group.events import cut
from stormcell.web.paths import group_path, query

PAGE: Final = 50
"""Lines on a page."""
LOW: Final = 0.05
"""A margin below this says that an event might as well be in its runner-up."""
EVERYTHING: Final = Narrowed()
_TEXT: Final = 400
_OPEN: Final = 8
"""Most events that are explained at a time."""
_SORTS: Final = {
    Sort.EARLIEST: "earliest first",
    Sort.LATEST: "latest first",
    Sort.SEVEREST: "most severe first",
    Sort.FARTHEST: "least alike first",
    Sort.DOUBTFUL: "most doubtful first",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be seen of the members; whatever a query holds makes one.

    Attributes
    ----------
    wanted : Narrowed
    sort : Sort
    page : int
        From 1.
    open : tuple of str
        The uids of the events that are explained.
    """

    wanted: Narrowed = EVERYTHING
    sort: Sort = Sort.EARLIEST
    page: int = 1
    open: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether not all members are wanted."""
        return self.wanted != EVERYTHING


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the table.

    Attributes
    ----------
    event : Event
    level, text : str
    count : int
        Events of which it tells.
    dissimilarity : float or None
        To the exemplar's atom; None where that is not known until the next grouping.
    margin : float or None
    rival : str
        The id of the group that it could be in as well; "" where the margin is not low.
    is_exemplar : bool
    people, rules : bool
        Whether people or rules of the house put it here.
    toggle : str
        The path of this page on which it is explained, or no longer.
    """

    event: Event
    level: str
    text: str
    count: int
    dissimilarity: float | None
    margin: float | None
    rival: str
    is_exemplar: bool
    people: bool
    rules: bool
    toggle: str


@dataclass(frozen=True, slots=True)
class Members:
    """A page of members and how to get to others.

    Attributes
    ----------
    asked : Asked
    page : tuple of Member
    first, last : int
        Numbers of the lines on it, from 1; 0 where there are none.
    rows, events : int
        Lines that are wanted, and the events of which they tell.
    services : tuple of (str, int)
        Of all members, with how many there are of each.
    signals : tuple of (str, int)
    sorts : tuple of (str, str)
        The names of the orders and what they are called.
    previous, next : str
        Paths; "" where there is none.
    """

    asked: Asked
    page: tuple[Member, ...]
    first: int
    last: int
    rows: int
    events: int
    services: tuple[tuple[str, int], ...]
    signals: tuple[tuple[str, int], ...]
    sorts: tuple[tuple[str, str], ...]
    previous: str
    next: str


def asked(get: Callable[[str], str], explained: Sequence[str] = ()) -> Asked:
    """Return what a query asks for; what is no sort, no signal or no page is passed over.

    Parameters
    ----------
    get : callable
        Returns the value of a name in the query; "" where it has none.
    explained : sequence of str
        The uids of the events that are to be explained; the last few are.
    """
    signal, sort, page = get("signal"), get("sort"), get("page")
    return Asked(
        Narrowed(get("text").strip(), get("service"), signal if signal in list(Signal) else ""),
        Sort(sort) if sort in list(Sort) else Sort.EARLIEST,
        whole(page) or 1,
        tuple(dict.fromkeys(explained))[-_OPEN:],
    )


def members(store: SqliteStore, group: Group, asked: Asked) -> Members:
    """Return a page of the members of a group; one beyond the last is the last."""
    id, wanted = group.id, asked.wanted
    number = asked.page
    found = store.lines(id, wanted, asked.sort, limit=PAGE, offset=PAGE * (number - 1))
    if not found.page and number > 1:
        rows = store.lines(id, wanted, asked.sort, limit=1).rows
        number = max(-(-rows // PAGE), 1)
        found = store.lines(id, wanted, asked.sort, limit=PAGE, offset=PAGE * (number - 1))
    first = PAGE * (number - 1) + 1 if found.page else 0
    last = first + len(found.page) - 1 if found.page else 0
    return Members(
        asked=asked,
        page=tuple(_member(line, group, replace(asked, page=number)) for line in found.page),
        first=first,
        last=last,
        rows=found.rows,
        events=found.events,
        services=tuple(store.services_of(id).items()),
        signals=tuple((one.value, group.signals[one]) for one in Signal if group.signals.get(one)),
        sorts=tuple((sort.value, name) for sort, name in _SORTS.items()),
        previous=path(id, replace(asked, page=number - 1, open=())) if number > 1 else "",
        next=path(id, replace(asked, page=number + 1, open=())) if last < found.rows else "",
    )


def path(group: str, asked: Asked) -> str:
    """Return the path of a page of a group that shows these members."""
    wanted = asked.wanted
    told = {
        "text": wanted.text,
        "service": wanted.service,
        "signal": wanted.signal,
        "sort": "" if asked.sort is Sort.EARLIEST else asked.sort.value,
        "page": "" if asked.page == 1 else asked.page,
        "why": asked.open,
    }
    return f"{group_path(group)}{query(told)}"


def _member(line: Line, group: Group, asked: Asked) -> Member:
    atom, event = line.atom, line.row.event
    margin = atom.margin if atom.shares else None
    if event.uid in asked.open:
        toggled = tuple(uid for uid in asked.open if uid != event.uid)
    else:
        toggled = (*asked.open, event.uid)[-_OPEN:]
    return Member(
        event=event,
        level=severity_name(event.severity),
        text=cut(event.text, _TEXT),
        count=line.count,
        dissimilarity=atom.dissimilarity if atom.shares else None,
        margin=margin,
        rival=(atom.runner_up or "") if margin is not None and margin < LOW else "",
        is_exemplar=event.uid == group.medoid.uid,
        people=bool(atom.feedback),
        rules=bool(atom.rules),
        toggle=path(group.id, replace(asked, open=toggled)),
    )

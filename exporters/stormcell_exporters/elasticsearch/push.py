"""Bringing many copies up to date: groups are read and made into documents while others are sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain
from typing import Final

from stormcell_exporters.elasticsearch.copies import Copies
from stormcell_exporters.elasticsearch.project import Bringing, Counts, Wanted

_PAGE_BYTES: Final = 4_000_000
_PAGE_GROUPS: Final = 500
_SENDERS: Final = 2
_AHEAD: Final = 1
"""Pages that wait to be sent, made already."""


def bring(
    made: Iterable[Wanted],
    open_copies: Callable[[], Copies],
    told: Callable[[int], None] = lambda done: None,
    known: Collection[str] | None = None,
) -> Counts:
    """Bring copies up to date, page by page.

    Parameters
    ----------
    made : iterable of Wanted
        Asked for in this thread.
    open_copies : callable
        Returns what a thread reads and writes by.
    told : callable
        Called with how many groups are done.
    known : collection of str, optional
        The ids of all groups of which there was anything before: of others nothing is looked for.

    Raises
    ------
    StormcellError
        If the server takes no more; what is written stays.
    """
    made_pages = pages(made)
    first, second = next(made_pages, None), next(made_pages, None)
    counts = Counts()
    if first is None:
        return counts
    copies = open_copies()
    copies.refresh(copies.members, copies.history)  # what was written before is found from now on
    if second is None:
        counts.add(Bringing(copies, known).bring(first))
        told(len(first))
        return counts
    done = 0
    with ThreadPoolExecutor(_SENDERS, "stormcell-elasticsearch") as pool:
        sending: deque[tuple[int, Future[Counts]]] = deque()
        for page in chain((first, second), made_pages, (None,)):
            while sending and (page is None or len(sending) >= _SENDERS + _AHEAD):
                groups, future = sending.popleft()
                counts.add(future.result())
                done += groups
                told(done)
            if page is not None:
                # In our context: what it calls is ours, too.
                sending.append(
                    (len(page), pool.submit(copy_context().run, Bringing(open_copies(), known).bring, page))
                )
    return counts


def pages(made: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Yield groups some at a time: as many as a request, and memory, have room for."""
    page: list[Wanted] = []
    size = 0
    for one in made:
        page.append(one)
        size += sum(len(document.source) for document in (one.documents.group, *one.documents.members))
        if size >= _PAGE_BYTES or len(page) >= _PAGE_GROUPS:
            yield page
            page, size = [], 0
    if page:
        yield page

"""The list of codebooks, and what became of the one that is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.store import SqliteStore
from stormcell.types import MADE_LIVE, CodebookState, ModelNote, StoredCodebook

PAGE: Final = 50
"""Codebooks that are listed; of what is older the command line tells."""


@dataclass(frozen=True, slots=True)
class Row:
    """A codebook in the list.

    Attributes
    ----------
    version, state : str
    made : int
        When it was stored, ns.
    codewords, events : int
    first_seen, last_seen : int
        Event times of what it was trained on, ns.
    loss, silhouette, new : str
        As numbers are shown; "" where it does not say.
    parent : str
        "" for none.
    sites : int
        Of how many it was merged; 0 where it was not.
    """

    version: str
    state: str
    made: int
    codewords: int
    events: int
    first_seen: int
    last_seen: int
    loss: str
    silhouette: str
    new: str
    parent: str
    sites: int

    @property
    def promotable(self) -> bool:
        """Whether it may take over."""
        return self.state != CodebookState.LIVE

    @property
    def watchable(self) -> bool:
        """Whether it may become the canary."""
        return self.state not in (CodebookState.LIVE, CodebookState.CANARY)

    @property
    def rejectable(self) -> bool:
        """Whether it may be rejected."""
        return self.state not in (CodebookState.LIVE, CodebookState.REJECTED)


@dataclass(frozen=True, slots=True)
class Listed:
    """The codebooks of a store.

    Attributes
    ----------
    rows : sequence of Row
        Stored last first.
    more : int
        How many are not listed.
    live, canary : Row or None
    since : int
        When the live one became so, ns; 0 where nothing tells.
    by : str
        Whose doing that was.
    former : bool
        Whether one can be rolled back to.
    """

    rows: Sequence[Row]
    more: int
    live: Row | None
    canary: Row | None
    since: int
    by: str
    former: bool


def listed(store: SqliteStore) -> Listed:
    """Return what is listed; the caller looks at the store as it is at one time."""
    found = store.codebooks()
    rows = [row(one) for one in found]
    live, canary = (
        next((one for one in rows if one.state == state), None)
        for state in (CodebookState.LIVE, CodebookState.CANARY)
    )
    note = _led(store, live.version) if live is not None else None
    told = [*rows[:PAGE], *(one for one in rows[PAGE:] if one in (live, canary))]
    return Listed(
        rows=told,
        more=len(rows) - len(told),
        live=live,
        canary=canary,
        since=note.time if note is not None else 0,
        by=str(note.detail.get("by", "")) if note is not None else "",
        former=any(one.state == CodebookState.RETIRED for one in found),
    )


def row(stored: StoredCodebook) -> Row:
    """Return what is told of a codebook."""
    provenance = stored.provenance
    return Row(
        version=stored.version,
        state=stored.state.value,
        made=stored.made,
        codewords=stored.codewords,
        events=provenance.events,
        first_seen=provenance.first_seen,
        last_seen=provenance.last_seen,
        loss=_number(stored, "loss"),
        silhouette=_number(stored, "silhouette"),
        new=share(provenance.metrics["new"]) if "new" in provenance.metrics else "",
        parent=provenance.parent,
        sites=len(provenance.sites),
    )


def share(part: float) -> str:
    """Return a share as a percentage that tells small ones apart."""
    return f"{100 * part:.1f}%"


def _number(stored: StoredCodebook, name: str) -> str:
    found = stored.provenance.metrics.get(name)
    return "" if found is None else f"{found:.3f}"


def _led(store: SqliteStore, version: str) -> ModelNote | None:
    """Return the note of how a codebook came to be live."""
    return next(iter(store.notes(*MADE_LIVE, version=version, limit=1)), None)

"""Whether what a draft says still is what its sources say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stormcell.config import Settings
from stormcell.errors import NotFoundError
from stormcell.operate.checking import Finding, Verdict, check
from stormcell.store import SqliteStore


@dataclass(frozen=True, slots=True)
class Sources:
    """What a check of a text found.

    Attributes
    ----------
    holding : int
        Values that are what their footnotes say.
    wrong : sequence of Finding
        The others, in the order of their lines.
    told : str
        Why nothing could be checked; "" where it was.
    """

    holding: int
    wrong: Sequence[Finding]
    told: str = ""


def sources(store: SqliteStore, markdown: str, settings: Settings) -> Sources:
    """Return what a check of a text finds."""
    try:
        with store.looking():
            found = check(store, markdown, settings)
    except NotFoundError as error:
        return Sources(0, (), str(error))
    return Sources(
        holding=sum(one.state is Verdict.OK for one in found), wrong=[one for one in found if not one.holds]
    )

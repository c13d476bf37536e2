"""All that is learned from telemetry and outlives a run: templates, what is usual, who calls whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from stormcell.config import Settings
from stormcell.features.calls import LEARNED as _CALLS
from stormcell.features.calls import CallGraph
from stormcell.features.rows import build_rows
from stormcell.features.surprise import Background
from stormcell.text.mining import TemplateMiner
from stormcell.types import Event, Rows

_TEMPLATES: Final = "templates"
_BACKGROUND: Final = "background"


class Knowledge:
    """What earlier events taught.

    Parameters
    ----------
    settings : Settings
    learned : mapping of str to mapping, optional
        A snapshot.

    Attributes
    ----------
    miner : TemplateMiner
    background : Background
    calls : CallGraph

    Raises
    ------
    ValueError
        If the snapshot is none, or was taken under settings that make it useless now.
    """

    def __init__(self, settings: Settings, learned: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        learned = learned or {}
        self._settings = settings
        known = learned.get(_TEMPLATES)
        self.miner = TemplateMiner() if known is None else TemplateMiner.restore(known)
        self.background = Background(settings.background)
        self.calls = CallGraph(settings.background)
        if _BACKGROUND in learned:
            self.background.restore(learned[_BACKGROUND])
        if _CALLS in learned:
            self.calls.restore(learned[_CALLS])

    def learn(self, events: Iterable[Event]) -> Rows:
        """Count events into rows, learn what they teach, and return them."""
        rows = build_rows(events, self._settings, self.miner)
        self.learn_rows(rows)
        return rows

    def learn_rows(self, rows: Rows, *, new: bool = False) -> None:
        """Learn what rows teach whose templates the miner has learned already (see Background.learn)."""
        self.background.learn(rows, new=new)
        self.calls.learn(rows)

    def copy(self) -> Self:
        """Return what knows the same and learns on its own; what is large is shared until it changes."""
        other = type(self)(self._settings)
        other.miner, other.background, other.calls = self.miner.copy(), self.background.copy(), self.calls.copy()
        return other

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return all that was learned as JSON values, by name."""
        return {
            _TEMPLATES: self.miner.snapshot(),
            _BACKGROUND: self.background.snapshot(),
            _CALLS: self.calls.snapshot(),
        }

"""Looking for drift: in what the store keeps of the windows that were watched, or in any events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import summarise
from stormcell.config import DriftSettings, Settings
from stormcell.features.rows import RowBuilder
from stormcell.store import SqliteStore
from stormcell.store.model import DRIFT
from stormcell.types import Codebook, ModelNote, Reading, WindowSummary


@dataclass(frozen=True, slots=True)
class Seen:
    """A window, and what had drifted once it was over.

    Attributes
    ----------
    scores : drift.Scores
    active : tuple of str
        Fields.
    """

    scores: drift.Scores
    active: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found.

    Attributes
    ----------
    windows : tuple of Seen
        Ascending in time.
    state : drift.State
        After the last.
    notes : tuple of ModelNote
        Of drift that began or ended.
    """

    windows: tuple[Seen, ...]
    state: drift.State
    notes: tuple[ModelNote, ...]


def stored(store: SqliteStore, codebook: Codebook, settings: DriftSettings, last: int) -> Looked:
    """Return how drift from a codebook stands in a store.

    Parameters
    ----------
    store : SqliteStore
    codebook : Codebook
    settings : DriftSettings
    last : int
        So many windows at most.

    Returns
    -------
    Looked
        What the sidecar found where it watches this codebook; else what its windows come to.
    """
    windows = store.windows(codebook.version, last)[::-1]
    looked = look(codebook, windows, settings)
    kept = (store.model_state(DRIFT) or {}).get("state") or {}
    state = drift.load(kept)
    if state.codebook != codebook.version:
        return looked
    notes = store.notes(*drift.KINDS, version=codebook.version)
    return replace(looked, state=state, notes=tuple(notes[::-1]))


def look(
    codebook: Codebook, windows: Iterable[WindowSummary], settings: DriftSettings, state: drift.State | None = None
) -> Looked:
    """Return what windows come to, one after another, from nothing or from a state."""
    state = drift.State(at_once=True) if state is None else state
    seen, notes = [], []
    for window in windows:
        scores = drift.scores(codebook.reference, window, settings)
        state, told = drift.advance(state, scores, window)
        notes += told
        seen.append(Seen(scores, state.active))
    return Looked(tuple(seen), state, tuple(notes))


def windows_of(assigning: Assigning, events: Reading, settings: Settings) -> Iterable[WindowSummary]:
    """Yield what events look like through a codebook, window by window, ascending in time.

    Parameters
    ----------
    assigning : Assigning
    events : Reading
        Read once; rows of all of them are held.
    settings : Settings
    """
    width = int(settings.drift.window_seconds * 1e9)
    held: dict[int, RowBuilder] = {}
    for record in events.records():
        at = record.time // width
        if at not in held:
            held[at] = RowBuilder(settings)
        held[at].add(record)
    for at in sorted(held):
        yield summarise(assigning, held.pop(at).finish(), at * width, (at + 1) * width)

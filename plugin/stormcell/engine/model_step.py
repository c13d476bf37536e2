"""One look at the model: from what was so before a tick to what is so after it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.beside import closed, together
from stormcell.codebook.points import TraitReader
from stormcell.codebook.training import enough
from stormcell.config import Settings
from stormcell.engine import model_state as states
from stormcell.engine.model_deciding import (
    Decisions,
    Write,
    judge_canary,
    judge_promoted,
    refuse,
    trained,
    was_promoted,
)
from stormcell.engine.model_held import Held
from stormcell.engine.model_sample import Sample
from stormcell.engine.model_seeing import Seen, by_window, compared, drawn, see, summed
from stormcell.engine.model_state import Canary, Probation, Watched
from stormcell.engine.model_training import Training
from stormcell.store import SqliteStore
from stormcell.store.model import ASKED, DRIFT, SAMPLE
from stormcell.types import Codebook, ModelNote, NoteKind, Rows, WindowSummary

_SAVE: Final = 600 * 10**9
"""Event time after which the sample is stored again, ns: it is large, and little of it is lost at a crash."""
_DAY: Final = 86_400 * 10**9
_RECENT: Final = 10_000


@dataclass(slots=True)
class Parts:
    """What looks are made with.

    Attributes
    ----------
    settings : Settings
    monotonic : callable
        Seconds that never go back.
    held : Held
    reader : TraitReader
    sample : Sample
    training : Training
    recent : deque of float
        How long it took to assign the last rows.
    sampled : int
        Event time up to which the sample is stored, ns.
    """

    settings: Settings
    monotonic: Callable[[], float]
    held: Held
    reader: TraitReader
    sample: Sample
    training: Training
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    sampled: int = 0


@dataclass(slots=True)
class Look:
    """What was seen at a tick, to be written with it.

    Attributes
    ----------
    after : Watched
    writes : list of callable
        Each is given the store.
    seen : Seen or None
    rows : Rows or None
    sampled : int
        Event time up to which the sample is stored; 0 where it is not.
    clear : bool
        Whether the sample is to begin anew.
    train : str
        Why a codebook is to be trained; "" where none is.
    parent : Codebook or None
        Whose ids it is to keep.
    took : bool
        Whether what was trained is in it.
    """

    after: Watched
    writes: list[Write] = field(default_factory=list)
    seen: Seen | None = None
    rows: Rows | None = None
    sampled: int = 0
    clear: bool = False
    train: str = ""
    parent: Codebook | None = None
    took: bool = False

    def drop(self, before: Watched) -> None:
        """See nothing after all."""
        self.after, self.writes, self.seen, self.rows = before, [], None, None
        self.sampled, self.clear, self.train, self.took = 0, False, "", False


class Step:
    """Makes one look.

    Parameters
    ----------
    parts : Parts
    before : Watched
    store : SqliteStore
        Is looked at, and not written to.
    released : int
        Event time before which all is settled, ns.
    wall : int
        Wall clock, ns.
    """

    def __init__(self, parts: Parts, before: Watched, store: SqliteStore, released: int, wall: int) -> None:
        self._parts, self._store, self._released = parts, store, released
        self._settings = parts.settings
        self._width = int(parts.settings.drift.window_seconds * 1e9)
        self._decisions = Decisions(store, parts.settings, wall)
        self._live: Assigning | None = None
        self._canary: Assigning | None = None
        self._former: Assigning | None = None
        self._look = Look(before)
        self._closed = False

    def look(self, rows: Rows | None) -> Look:
        """Return what is so after rows were settled, or after none were."""
        self._follow(again=rows is not None)
        if rows is not None and len(rows):
            self._see(rows)
        window = self._after.window
        if rows is not None and window is not None and window.end <= self._released:
            self._close(window)
        self._train()
        if rows is not None:
            self._set(seen=self._released)
            self._store_sample()
        return self._look

    @property
    def _after(self) -> Watched:
        return self._look.after

    def _set(self, **changes: Any) -> None:
        self._look.after = replace(self._look.after, **changes)

    def _follow(self, *, again: bool) -> None:
        """Take note of which codebook is live and which is the canary now, whoever changed that."""
        store, before, held = self._store, self._after, self._parts.held
        live, beside = store.live_codebook(), store.canary_codebook()
        version = "" if live is None else live.version
        other = "" if beside is None else beside.version
        if version != before.live:
            self._cut_window()
            new = Probation(version, before.live, before.seen)
            self._set(live=version, probation=new if before.live and was_promoted(store, version) else None)
        known = before.canary
        if known is not None and (known.version, known.live) != (other, version):
            self._set(canary=None)
        if other and version and self._after.canary is None:
            notes = store.notes(NoteKind.CANARY_STARTED, version=other, limit=1)
            started = notes[0].time if notes else self._decisions.wall
            self._set(canary=Canary(other, version, before.seen, started))
        former = "" if self._after.probation is None else self._after.probation.former
        self._live = held.get(store, version, again=again)
        self._canary = held.get(store, other, again=again)
        self._former = held.get(store, former, again=again)
        held.keep({version, other, former})

    def _see(self, rows: Rows) -> None:
        """Let the codebooks look at rows."""
        self._look.rows = rows
        if not self._after.trained:
            self._set(trained=int(rows.first.min()))
        live = self._live
        if live is None:
            return
        seen = self._look.seen = see(live, self._parts.reader, rows, self._parts.monotonic)
        canary, probation = self._after.canary, self._after.probation
        both = drawn(seen.prints, seen.first, self._settings.rollout.share, self._after.live)
        if canary is not None and self._canary is not None:
            found = together([canary.comparison, compared(seen, live, self._canary, both)])
            self._set(canary=replace(canary, comparison=found))
        if probation is not None and self._former is not None:
            found = together([probation.comparison, compared(seen, live, self._former, both)])
            self._set(probation=replace(probation, comparison=found))
        for start, at in by_window(seen, self._width):
            window = self._after.window
            if window is not None and window.start != start:
                self._close(window)
                window = None
            self._set(window=summed(seen, live, at, window, start, self._width))

    def _close(self, window: WindowSummary) -> None:
        """Judge by a window that is over."""
        self._set(window=None)
        self._closed = True
        if self._live is None:
            return
        self._write(lambda store: store.save_window(window))
        self._look_for_drift(self._live.codebook, window)
        canary, probation = self._after.canary, self._after.probation
        if canary is not None and self._canary is None:
            # It would be the canary for ever.
            why = self._parts.held.problems.get(canary.version, "it cannot be used")
            self._write(refuse(self._decisions, replace(canary, reasons=(why,))))
            self._set(canary=None)
        elif canary is not None:
            counted = replace(canary, comparison=closed(canary.comparison))
            judged, writes = judge_canary(self._decisions, counted, self._released)
            self._set(canary=judged)
            self._look.writes += writes
        if probation is not None:
            can_go_back = self._former is not None
            kept, writes = judge_promoted(self._decisions, probation, window, self._slowest(), can_go_back)
            self._set(probation=kept)
            self._look.writes += writes

    def _look_for_drift(self, live: Codebook, window: WindowSummary) -> None:
        scores = drift.scores(live.reference, window, self._settings.drift)
        state, notes = drift.advance(self._after.drift, scores, window)
        self._set(drift=state)
        document = states.drift_json(state, scores, window)
        self._write(lambda store: store.save_model_state(DRIFT, document))
        for note in notes:
            self._note(note)
            wanted = note.kind is NoteKind.DRIFT_BEGAN and self._settings.rollout.retrain_on_drift
            if wanted and not self._after.due:
                # Of what was usual before, the next codebook need know nothing.
                self._look.clear = True
                self._set(due=self._released + self._settings.rollout.retrain_windows * self._width)

    def _train(self) -> None:
        """Take what was trained, and see whether another codebook is to be trained."""
        training, after, rollout = self._parts.training, self._after, self._settings.rollout
        asked = int((self._store.model_state(ASKED) or {}).get("number", 0))
        if training.result is not None:
            beside = self._store.canary_codebook() is not None
            self._look.writes += trained(self._decisions, training.result, after.live, canary=beside)
            self._set(asked=max(training.asked, after.asked), due=0, trained=self._released or after.trained)
            self._look.took = True
            return
        if training.busy or not enough(self._parts.sample.events, self._settings):
            return
        days = (self._released - after.trained) / _DAY if after.trained else 0.0
        if asked > after.asked:
            self._look.train = "asked"
        elif after.canary is not None:
            return  # one at a time
        elif 0 < after.due <= self._released:
            self._look.train = "drift"
        elif rollout.retrain_days and days >= rollout.retrain_days:
            self._look.train = "schedule"
        training.asked = asked
        self._look.parent = None if self._live is None else self._live.codebook

    def _store_sample(self) -> None:
        """Store the sample now and then."""
        parts, since = self._parts, self._released - self._parts.sampled
        if parts.sample.events and (since >= _SAVE or self._closed):
            snapshot = parts.sample.snapshot()
            self._write(lambda store: store.save_model_state(SAMPLE, snapshot))
            self._look.sampled = self._released

    def _slowest(self) -> float:
        """Return in how many seconds 99 in 100 of the last rows were assigned."""
        here = [] if self._look.seen is None else self._look.seen.seconds.tolist()
        seconds = sorted([*self._parts.recent, *here])
        return seconds[int(len(seconds) * 0.99)] if seconds else 0.0

    def _cut_window(self) -> None:
        """Keep what a codebook saw of a window, that is no longer live."""
        window = self._after.window
        if window is not None:
            cut = replace(window, end=min(window.end, self._after.seen))
            self._write(lambda store: store.save_window(cut))
            self._set(window=None)

    def _write(self, write: Write) -> None:
        self._look.writes.append(write)

    def _note(self, note: ModelNote) -> None:
        self._write(partial(SqliteStore.add_note, note=note))

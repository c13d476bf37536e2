"""The watch over the model: what the live codebook makes of what comes, whether that drifts, and what follows.

It is shown rows once they are settled, each exactly once and in the order of event time, and writes what it has seen
in the transaction of the tick that settles them. So nothing is counted twice, whenever it is killed. Whatever goes
wrong here is logged, and keeps no tick from being made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.canary import closed, together
from stormcell.config import Settings
from stormcell.engine import model_state as states
from stormcell.engine.model_deciding import Decisions, Write, judge_canary, judge_promoted, was_promoted
from stormcell.engine.model_held import Held
from stormcell.engine.model_sample import Sample
from stormcell.engine.model_seeing import Seen, by_window, compared, see, share_of, summed
from stormcell.engine.model_state import Canary, Probation, Watched
from stormcell.engine.model_training import Training
from stormcell.errors import ConflictError, NotFoundError, StoreError, StormcellError
from stormcell.store import SqliteStore
from stormcell.types import NoteKind, Rows, WindowSummary

log: Final = logging.getLogger("stormcell")

_SAVE: Final = 600 * 10**9
"""Event time after which the sample is stored again, ns: it is large, and what is lost of it at a crash is little."""
_DAY: Final = 86_400 * 10**9
_KEPT: Final = 100_000
"""Durations that are kept until somebody takes them."""


@dataclass(slots=True)
class ModelStats:
    """What the watch did since it started.

    Attributes
    ----------
    known, new : float
        Events that were assigned to a codeword, and that are too far from all.
    seconds : list of float
        How long it took to assign a row, since somebody took them.
    failures : int
        Ticks whose rows it could not look at.
    problem : str
        Why it could not look at the last; "" if it could.
    """

    known: float = 0.0
    new: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    problem: str = ""


@dataclass(slots=True)
class Look:
    """What the watch saw at a tick, to be written with it.

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
    """

    after: Watched
    writes: list[Write] = field(default_factory=list)
    seen: Seen | None = None
    rows: Rows | None = None
    sampled: int = 0
    clear: bool = False


class ModelWatch:
    """Watches over the model; belongs to the thread that ticks, but for ``stats``.

    Parameters
    ----------
    settings : Settings
    store : SqliteStore
        What it remembers is gone on with.
    monotonic : callable
        Seconds that never go back.
    training : Training, optional
        Trains in a thread of its own by default.

    Attributes
    ----------
    stats : ModelStats
    watched : Watched
        What is so after the last tick.
    """

    def __init__(
        self,
        settings: Settings,
        store: SqliteStore,
        monotonic: Callable[[], float],
        training: Training | None = None,
    ) -> None:
        self._settings, self._monotonic = settings, monotonic
        self._width = int(settings.drift.window_seconds * 1e9)
        self._held = Held(settings)
        self._training = training or Training()
        self.stats = ModelStats()
        self.watched, self._sample = _remembered(store, settings)
        self._sampled = 0

    @property
    def problems(self) -> dict[str, str]:
        """Why codebooks cannot be used, by version."""
        return dict(self._held.problems)

    def look(self, store: SqliteStore, rows: Rows | None, released: int, wall: int) -> Look:
        """Look at rows that are settled now; nothing changes before ``commit``.

        Parameters
        ----------
        store : SqliteStore
        rows : Rows or None
            None where nothing more is settled.
        released : int
            Event time before which all is settled, ns.
        wall : int
            Wall clock, ns.
        """
        try:
            look = self._look(store, rows, released, wall)
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, ConflictError | NotFoundError):
                raise  # the tick cannot be stored either
            self._failed(error)
            return Look(self.watched)
        if rows is not None:
            self.stats.problem = ""
        return look

    def write(self, store: SqliteStore, look: Look) -> None:
        """Store what was seen, within the transaction of the tick; where that fails, the tick does without."""
        try:
            with store.changing():
                states.save(store, self.watched, look.after)
                for write in look.writes:
                    write(store)
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, ConflictError | NotFoundError):
                raise
            self._failed(error)
            look.after, look.seen, look.rows, look.sampled = self.watched, None, None, 0

    def commit(self, look: Look) -> None:
        """Go on from what was seen, which is stored."""
        self.watched = look.after
        self._sampled = look.sampled or self._sampled
        if look.clear:
            self._sample.clear()
        if look.rows is not None:
            try:
                self._sample.offer(look.rows)
            except Exception as error:
                self._failed(error)
        if look.seen is not None:
            new = float(look.seen.rows.weight[look.seen.assigned.new].sum())
            self.stats.new += new
            self.stats.known += float(look.seen.rows.weight.sum()) - new
            self.stats.seconds += look.seen.seconds.tolist()
            del self.stats.seconds[:-_KEPT]

    def close(self) -> None:
        """Leave a training that goes on to itself: what it makes is not waited for."""
        self._training.leave()

    def _look(self, store: SqliteStore, rows: Rows | None, released: int, wall: int) -> Look:
        step = _Step(self, store, released, wall)
        step.follow(rows is not None)
        if rows is not None and len(rows):
            step.see(rows)
        if rows is not None:
            step.close_windows()
        step.train(rows)
        return step.look

    def _failed(self, error: Exception) -> None:
        self.stats.failures += 1
        expected = isinstance(error, StormcellError)
        said = str(error) if expected else f"unexpected {type(error).__name__}; the log tells more"
        if self.stats.problem != said:
            self.stats.problem = said
            log.error(
                "the model is not watched, and grouping goes on: %s", said, exc_info=None if expected else error
            )


class _Step:
    """One look, from what was so before to what is so after."""

    def __init__(self, watch: ModelWatch, store: SqliteStore, released: int, wall: int) -> None:
        self._watch, self._store, self._released, self._wall = watch, store, released, wall
        self._settings, self._held, self._width = watch._settings, watch._held, watch._width
        self.look = Look(watch.watched)

    @property
    def _after(self) -> Watched:
        return self.look.after

    def _set(self, **changes: object) -> None:
        self.look.after = replace(self.look.after, **changes)  # type: ignore[arg-type]

    def follow(self, again: bool) -> None:
        """Take note of which codebook is live and which is the canary now, whoever changed that."""
        store, before = self._store, self._after
        live, canary = store.live_codebook(), store.canary_codebook()
        version = "" if live is None else live.version
        if version != before.live:
            self._keep_window()
            former = before.live
            on_probation = former and was_promoted(store, version)
            self._set(live=version, probation=Probation(version, former, self._released) if on_probation else None)
        beside = "" if canary is None else canary.version
        known = before.canary
        if known is not None and (known.version, known.live) != (beside, version):
            self._set(canary=None)
        if beside and version and self._after.canary is None:
            [*notes] = store.notes(NoteKind.CANARY_STARTED, beside, limit=1)
            started = notes[0].time if notes else self._wall
            self._set(canary=Canary(beside, version, self._released, started))
        after = self._after
        self._live = self._held.get(store, version, again=again)
        self._canary = self._held.get(store, beside, again=again) if after.canary is not None else None
        former = "" if after.probation is None else after.probation.former
        self._former = self._held.get(store, former, again=again)
        self._held.keep({version, beside, former})

    def see(self, rows: Rows) -> None:
        """Let the codebooks look at rows."""
        self.look.rows = rows
        if not self._after.trained:
            self._set(trained=int(rows.first.min()))
        live = self._live
        if live is None:
            return
        seen = self.look.seen = see(live, rows, self._watch._monotonic)
        share = self._settings.rollout.share
        drawn = share_of(rows, share, self._after.live) if self._canary or self._former else None
        beside: list[tuple[str, Assigning]] = []
        if self._canary is not None and drawn is not None and self._after.canary is not None:
            comparison = compared(seen, live, self._canary, drawn)
            one = self._after.canary
            self._set(canary=replace(one, comparison=together([one.comparison, comparison])))
        if self._former is not None and drawn is not None and self._after.probation is not None:
            comparison = compared(seen, live, self._former, drawn)
            other = self._after.probation
            self._set(probation=replace(other, comparison=together([other.comparison, comparison])))
        del beside
        for start, at in by_window(rows.first, self._width):
            window = self._after.window
            if window is not None and window.start != start:
                self._close_window(live, window)
                window = None
            self._set(window=summed(seen, live, at, window, start, self._width))

    def close_windows(self) -> None:
        """Close the window that goes on if it is over."""
        window, live = self._after.window, self._live
        if window is not None and live is not None and window.end <= self._released:
            self._close_window(live, window)

    def _close_window(self, live: Assigning, window: WindowSummary) -> None:
        self._set(window=None)
        self.look.writes.append(lambda store: store.save_window(window))
        self._look_for_drift(live, window)
        decisions = Decisions(self._store, self._settings, self._wall)
        if self._after.canary is not None:
            known = self._after.canary
            judged, writes = judge_canary(
                decisions, replace(known, comparison=closed(known.comparison)), self._released
            )
            self._set(canary=judged)
            self.look.writes += writes
        if self._after.probation is not None:
            slowest = self._slowest()
            kept, writes = judge_promoted(decisions, self._after.probation, window, slowest)
            self._set(probation=kept)
            self.look.writes += writes

    def _look_for_drift(self, live: Assigning, window: WindowSummary) -> None:
        scores = drift.scores(live.codebook.reference, window, self._settings.drift)
        state, notes = drift.advance(self._after.drift, scores, window)
        self._set(drift=state)
        document = {
            "state": drift.dump(state),
            "codebook": window.codebook,
            "start": window.start,
            "scores": {
                name: {"psi": one.psi, "kl": one.kl, "js": one.js, "ks": one.ks, "level": one.level}
                for name, one in scores.fields.items()
            },
            "active": list(state.active),
        }
        self.look.writes.append(lambda store: store.save_model_state(states.DRIFT, document))
        for note in notes:
            self.look.writes.append(lambda store, note=note: store.add_note(note))
            if note.kind is NoteKind.DRIFT_BEGAN and self._settings.rollout.retrain_on_drift and not self._after.due:
                self.look.clear = True
                self._set(due=self._released + self._settings.rollout.retrain_windows * self._width)

    def _slowest(self) -> float:
        seen = self.look.seen
        return float(sorted(seen.seconds)[int(len(seen.seconds) * 0.99)]) if seen is not None else 0.0

    def _keep_window(self) -> None:
        """Keep what the codebook saw that is no longer live."""
        window = self._after.window
        if window is not None:
            cut = replace(window, end=max(min(window.end, self._released), window.start + 1))
            self.look.writes.append(lambda store: store.save_window(cut))
            self._set(window=None)

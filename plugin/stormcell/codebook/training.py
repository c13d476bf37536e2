"""Training: a stream of rows becomes a bounded sample, and the sample a codebook."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final, Self

import numpy as np

from stormcell.cluster.reservoir import Reservoir
from stormcell.codebook.document import event_json, event_of
from stormcell.codebook.learning import learn
from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.features.shelf import take
from stormcell.types import Codebook, DoubleArray, Event, Provenance, Rows

FORMAT: Final = "stormcell.training/1"
_OFFER: Final = 4096


def enough(events: float, settings: Settings) -> bool:
    """Whether a codebook is trained of what was collected: of one of fewer events, drift could never be told."""
    return events >= settings.drift.min_events


class Trainer:
    """Takes in a stream of rows and makes a codebook of it; memory is bounded by ``codebook.sample``.

    It changes in place and belongs to one owner: it is not safe to share between threads.

    Parameters
    ----------
    settings : Settings
    seed : int
        Of the sample.
    parent : Codebook, optional
        Whose ids are kept for kinds that are still there.
    """

    def __init__(self, settings: Settings, *, seed: int = 0, parent: Codebook | None = None) -> None:
        self._settings = settings
        self._seed = seed
        self._parent = parent
        self._reservoir = Reservoir(settings.codebook.sample, seed=seed)
        self._kept: dict[int, Event] = {}
        self._rows = self._events = 0
        self._first, self._last = 0, 0

    @property
    def events(self) -> int:
        """How many events were offered."""
        return self._events

    def offer(self, rows: Rows) -> None:
        """Take in the next rows of the stream."""
        if not len(rows):
            return
        first, last = int(rows.first.min()), int(rows.last.max())
        self._first = first if not self._rows else min(self._first, first)
        self._last = max(self._last, last)
        weights = rows.weight.astype(np.float64)
        for start in range(0, len(rows), _OFFER):
            at = np.arange(start, min(start + _OFFER, len(rows)))
            strata = [rows.fingerprints[row] for row in at.tolist()]
            dropped = self._reservoir.offer(at + self._rows, weights=weights[at], strata=strata)
            for handle in dropped.tolist():
                self._kept.pop(handle, None)
            new = np.setdiff1d(at + self._rows, dropped) - self._rows
            # Only what is kept is read out of its bytes.
            for row, event in zip(new.tolist(), take(rows.events, new), strict=True):
                self._kept[row + self._rows] = event
        self._rows += len(rows)
        self._events += int(rows.weight.sum())

    def sample(self) -> tuple[list[Event], DoubleArray]:
        """Return the events that are kept, ascending by (time, uid), and for how many each speaks."""
        handles, weights = self._reservoir.handles.tolist(), self._reservoir.estimates()
        # Of equal times and uids there is one: rows of one fingerprint and second differ in their events.
        order = sorted(
            range(len(handles)), key=lambda at: (self._kept[handles[at]].time, self._kept[handles[at]].uid)
        )
        return [self._kept[handles[at]] for at in order], weights[order]

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to it as JSON values."""
        return {
            "format": FORMAT,
            "seed": self._seed,
            "rows": self._rows,
            "events": self._events,
            "first": self._first,
            "last": self._last,
            "reservoir": self._reservoir.snapshot(),
            "kept": [[handle, event_json(event)] for handle, event in sorted(self._kept.items())],
        }

    @classmethod
    def restore(cls, settings: Settings, snapshot: Mapping[str, Any], parent: Codebook | None = None) -> Self:
        """Return a trainer that goes on exactly as the one that the snapshot was taken of.

        Raises
        ------
        InputError
            If it is no snapshot, or was taken with another ``codebook.sample``.
        """
        if snapshot.get("format") != FORMAT:
            raise InputError(
                f"expected a checkpoint of a training ({FORMAT}), found {snapshot.get('format')!r}; train from "
                "the start"
            )
        try:
            made = cls(settings, seed=int(snapshot["seed"]), parent=parent)
            made._rows, made._events = int(snapshot["rows"]), int(snapshot["events"])
            made._first, made._last = int(snapshot["first"]), int(snapshot["last"])
            made._reservoir = Reservoir.restore(snapshot["reservoir"])
            made._kept = {int(handle): event_of(stored) for handle, stored in snapshot["kept"]}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the checkpoint cannot be read ({error!r}); train from the start") from error
        if made._reservoir.capacity != settings.codebook.sample:
            raise InputError(
                f"the checkpoint was made with codebook.sample at {made._reservoir.capacity}, which is now "
                f"{settings.codebook.sample}; set it back, or train from the start"
            )
        return made

    def train(self) -> Codebook:
        """Return the codebook of what was offered: the same for the same rows, settings and seed.

        Raises
        ------
        InputError
            If nothing was offered.
        """
        if not self._events:
            raise InputError("there is no event to train a codebook on; name files that hold some")
        events, weights = self.sample()
        provenance = Provenance(
            first_seen=self._first,
            last_seen=self._last,
            events=self._events,
            rows=self._rows,
            sampled=len(events),
            seed=self._seed,
            software=version("stormcell"),
            parent="" if self._parent is None else self._parent.version,
        )
        return learn(events, weights, provenance, self._settings, self._parent)


def train(rows: Rows, settings: Settings, *, seed: int = 0, parent: Codebook | None = None) -> Codebook:
    """Return the codebook of rows (see Trainer)."""
    trainer = Trainer(settings, seed=seed, parent=parent)
    trainer.offer(rows)
    return trainer.train()

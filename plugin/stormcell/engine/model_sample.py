"""The sample of events of which the next codebook is trained: of the last days, and no more than it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from stormcell.codebook.training import Trainer
from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.types import Codebook, Rows

_DAY: Final = 86_400 * 10**9
_FORMAT: Final = "stormcell.sample/1"


class Sample:
    """Two samples of one stream, the younger of which takes the place of the older once that reaches back too far.

    So the older always reaches back half of ``rollout.sample_days`` at least, once there is so much, and all of it
    at most. It changes in place and belongs to one thread.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._half = int(settings.rollout.sample_days * _DAY / 2)
        self.clear()

    def clear(self) -> None:
        """Forget all events: what comes from now on is of another kind."""
        self._older, self._younger = Trainer(self._settings), Trainer(self._settings)
        self._since = 0

    @property
    def events(self) -> int:
        """How many events the sample stands for."""
        return self._older.events

    def offer(self, rows: Rows) -> None:
        """Take in the next rows."""
        if not len(rows):
            return
        first = int(rows.first.min())
        if not self._since:
            self._since = first
        elif first - self._since >= self._half:
            # Of a long gap nothing is to be kept.
            gone = first - self._since >= 2 * self._half
            self._older = Trainer(self._settings) if gone else self._younger
            self._younger, self._since = Trainer(self._settings), first
        self._older.offer(rows)
        self._younger.offer(rows)

    def train(self, parent: Codebook | None) -> Trainer:
        """Return a trainer of the sample as it is, for another thread."""
        return Trainer.restore(self._settings, self._older.snapshot(), parent)

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to it as JSON values."""
        return {
            "format": _FORMAT,
            "since": self._since,
            "older": self._older.snapshot(),
            "younger": self._younger.snapshot(),
        }

    @classmethod
    def restore(cls, settings: Settings, stored: Mapping[str, Any]) -> Self:
        """Return a sample that goes on as the one that the snapshot was taken of.

        Raises
        ------
        InputError
            If it is no snapshot, or was taken under settings that make it useless now.
        """
        if stored.get("format") != _FORMAT:
            raise InputError(f"expected a sample of events ({_FORMAT}), found {stored.get('format')!r}")
        made = cls(settings)
        made._older = Trainer.restore(settings, stored["older"])
        made._younger = Trainer.restore(settings, stored["younger"])
        made._since = int(stored["since"])
        return made

"""The sample of events of which the next codebook is trained: of the last days, and no more than it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from stormcell.codebook.training import Trainer
from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.types import Codebook, Rows

_DAY: Final = 86_400 * 10**9
_FORMAT: Final = "stormcell.sample/1"


class Sample:
    """A sample that reaches back ``rollout.sample_days`` at most, and half of that at least once there is so much.

    It is the older of two: the younger one, begun half of the time later, takes its place once it reaches back too
    far. It changes in place and belongs to one thread.

    Parameters
    ----------
    settings : Settings
        With ``rollout.sample_days`` at 0 nothing is kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._half = int(settings.rollout.sample_days * _DAY / 2)
        self.clear()

    def clear(self) -> None:
        """Forget all events: what comes from now on is of another kind."""
        self._older = _Part(Trainer(self._settings))
        self._younger: _Part | None = None

    @property
    def events(self) -> int:
        """How many events the sample stands for."""
        return self._older.trainer.events

    def offer(self, rows: Rows) -> None:
        """Take in the next rows."""
        if not len(rows) or not self._half:
            return
        now = int(rows.first.min())
        if not self._older.since:
            self._older.since = now
        if now - self._older.since >= 2 * self._half:
            younger, self._younger = self._younger, None
            kept = younger is not None and now - younger.since < 2 * self._half
            self._older = younger if younger is not None and kept else _Part(Trainer(self._settings), now)
        if self._younger is None and now - self._older.since >= self._half:
            self._younger = _Part(Trainer(self._settings), now)
        self._older.trainer.offer(rows)
        if self._younger is not None:
            self._younger.trainer.offer(rows)

    def trainer(self, parent: Codebook | None) -> Trainer:
        """Return a trainer on the sample as it is, for another thread."""
        return Trainer.restore(self._settings, self._older.trainer.snapshot(), parent)

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to it as JSON values."""
        return {
            "format": _FORMAT,
            "older": self._older.snapshot(),
            "younger": self._younger and self._younger.snapshot(),
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
        made._older = _Part.restore(settings, stored["older"])
        made._younger = stored["younger"] and _Part.restore(settings, stored["younger"])
        return made


@dataclass(slots=True)
class _Part:
    """One of the two, and since when it is there, ns of event time; 0 before the first row."""

    trainer: Trainer
    since: int = 0

    def snapshot(self) -> dict[str, Any]:
        return {"since": self.since, "trainer": self.trainer.snapshot()}

    @classmethod
    def restore(cls, settings: Settings, stored: Mapping[str, Any]) -> Self:
        return cls(Trainer.restore(settings, stored["trainer"]), int(stored["since"]))

"""Training a codebook from files into a folder, so that what was interrupted can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from stormcell.codebook.training import Trainer
from stormcell.config import Settings
from stormcell.decode import Report, read
from stormcell.errors import InputError, InUseError, OutputError
from stormcell.features.rows import build_rows
from stormcell.files import write_atomic
from stormcell.forks import Lock
from stormcell.types import Codebook, Reading

FORMAT: Final = "stormcell.checkpoint/1"
_SECTIONS: Final = ("codebook", "text", "labels", "privacy", "rows", "rules")
"""The settings on which a codebook depends."""


class Training:
    """A training into one folder, which no other process may train into meanwhile.

    Parameters
    ----------
    folder : Path
        Where the codebooks are; made if it is not there.
    settings : Settings

    Raises
    ------
    InUseError
        If another training is going on there.
    OutputError
        If the folder cannot be used.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._settings = settings
        self._checkpoint = folder / ".training.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(folder / ".training.lock")
        except BlockingIOError as error:
            raise InUseError(
                f"another training into {folder.parent} is going on; wait for its end, or name another folder"
            ) from error
        except OSError as error:
            raise OutputError(f"cannot use {folder}: {error.strerror}; name another folder") from error

    @classmethod
    @contextmanager
    def into(cls, folder: Path, settings: Settings) -> Iterator[Training]:
        """Yield a training, and let others train once it is left."""
        training = cls(folder, settings)
        try:
            yield training
        finally:
            training._lock.release()

    @property
    def interrupted(self) -> bool:
        """Whether there is a training that can go on."""
        return self._checkpoint.exists()

    def train(
        self,
        paths: Sequence[str],
        report: Report,
        *,
        seed: int = 0,
        parent: Codebook | None = None,
        resume: bool = False,
        strict: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Codebook:
        """Return the codebook of all events of some files, keeping a checkpoint on the way.

        Parameters
        ----------
        paths, report, strict, progress
            See decode.read.
        seed : int
            Of the sample.
        parent : Codebook, optional
            Whose ids are kept for kinds that are still there.
        resume : bool
            Go on where an interrupted training stopped; the codebook is the one that it would have made.

        Raises
        ------
        InputError
            If the files hold no event, or there is no training that these files, settings, seed and parent go on.
        """
        asked = self._asked(paths, seed, parent)
        trainer, done = Trainer(self._settings, seed=seed, parent=parent), 0
        if resume:
            trainer, done = self._restored(asked, parent)
        else:
            self.forget()
        events = read(list(paths), report, strict=strict, progress=progress)
        assert isinstance(events, Reading)
        records = events.records()
        skipped = sum(1 for _ in islice(records, done))
        if skipped < done:
            raise InputError(
                f"the interrupted training had read {done:,} events, but now there are {skipped:,}: the files "
                "have changed; train from the start, without --resume"
            )
        while stretch := list(islice(records, self._settings.codebook.stretch_events)):
            trainer.offer(build_rows(stretch, self._settings))
            done += len(stretch)
            self._keep(asked, done, trainer)
        if report.broken and not trainer.events:
            raise InputError(f"no event could be read: {report.problems[0]}")
        return trainer.train()

    def forget(self) -> None:
        """Drop the checkpoint: its codebook is kept, or nobody wants it."""
        self._checkpoint.unlink(missing_ok=True)

    def _asked(self, paths: Sequence[str], seed: int, parent: Codebook | None) -> dict[str, Any]:
        held = {name: getattr(self._settings, name).model_dump(mode="json") for name in _SECTIONS}
        digest = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
        return {
            "files": list(paths),
            "seed": seed,
            "parent": "" if parent is None else parent.version,
            "settings": digest,
        }

    def _keep(self, asked: dict[str, Any], done: int, trainer: Trainer) -> None:
        kept = {"format": FORMAT, "asked": asked, "events": done, "trainer": trainer.snapshot()}
        write_atomic(self._checkpoint, json.dumps(kept).encode())

    def _restored(self, asked: dict[str, Any], parent: Codebook | None) -> tuple[Trainer, int]:
        try:
            kept = json.loads(self._checkpoint.read_bytes())
            before, done, snapshot = kept["asked"], int(kept["events"]), kept["trainer"]
        except FileNotFoundError:
            raise InputError(
                f"there is no interrupted training in {self._checkpoint.parent}; train without --resume"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._checkpoint} cannot be read ({error!r}); train without --resume") from error
        others = [name for name, value in asked.items() if before.get(name) != value]
        if others:
            raise InputError(
                f"the interrupted training was asked for with other {' and '.join(others)}; repeat that command "
                "with --resume, or train from the start without"
            )
        return Trainer.restore(self._settings, snapshot, parent), done

"""What happened to the model, what it saw by window, and what it is in the middle of."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from stormcell.store import codec, forgetting
from stormcell.store.transactions import Connected
from stormcell.store.writing import write_learned
from stormcell.types import Histogram, ModelNote, NoteKind, WindowSummary

MODEL: Final = "model."
"""What the names under which the state of the model is kept begin with."""
WATCH: Final = "watch"
CANARY: Final = "canary"
DRIFT: Final = "drift"
SAMPLE: Final = "sample"
ASKED: Final = "asked"
"""Names of what the sidecar is in the middle of: what goes on, the canary, drift, the sample of events for
training, and whether somebody asked for that (see ``engine.model_state``)."""


_NOTES: Final = "SELECT number, time, kind, version, document FROM model_notes"


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened to the model, in all: also what is kept no longer is counted.

    Attributes
    ----------
    times : int
    job, outcome : str
        Which job, and what its runs came to; "" of all that is no run of a job.
    last : ModelNote
        The newest of them.
    """

    times: int
    job: str
    outcome: str
    last: ModelNote


class ModelRecord(Connected):
    """The part of a store that remembers for the model."""

    def add_note(self, note: ModelNote) -> None:
        """Keep what happened to the model; its number is given here."""
        self._write(lambda connection: add_notes(connection, [note]))

    def notes(self, *kinds: NoteKind, version: str | None = None, limit: int | None = None) -> list[ModelNote]:
        """Return what happened to the model, newest first.

        Parameters
        ----------
        *kinds : NoteKind
            Only of these kinds; of all without any.
        version : str, optional
            Only of this codebook, by its whole version.
        limit : int, optional
            At most so many.
        """
        wanted = [f"kind IN ({', '.join('?' * len(kinds))})"] if kinds else []
        values: list[str | bytes | int] = [kind.value for kind in kinds]
        if version is not None:
            wanted.append("version = ?")
            values.append(codec.to_key(version))
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(
                f"{_NOTES}{where} ORDER BY number DESC LIMIT ?", (*values, -1 if limit is None else limit)
            )
            return [_note(*columns) for columns in found]

    def tallies(self) -> list[Tally]:
        """Return how often what happened to the model did, by kind, and of runs by job and outcome, too."""
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(
                "SELECT times, job, outcome, number, time, model_notes.kind, version, document"
                " FROM model_tallies JOIN model_notes ON number = last ORDER BY number DESC"
            )
            return [
                Tally(times, codec.from_key(job), codec.from_key(outcome), _note(*columns))
                for times, job, outcome, *columns in found
            ]

    def save_window(self, summary: WindowSummary) -> None:
        """Keep what a codebook saw in a window, instead of what was kept of the same codebook and start."""
        columns = (codec.to_key(summary.codebook), summary.start, codec.dump_learned(asdict(summary)))

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO model_windows (codebook, start, document) VALUES (?, ?, ?)", columns
            )

        self._write(change)

    def windows(self, codebook: str, limit: int | None = None) -> list[WindowSummary]:
        """Return what a codebook saw, by its whole version, the latest window first; at most ``limit``."""
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(
                "SELECT document FROM model_windows WHERE codebook = ? ORDER BY start DESC LIMIT ?",
                (codec.to_key(codebook), -1 if limit is None else limit),
            )
            return [window_of(codec.load_learned(document)) for (document,) in found]

    def forget_windows(self, before: int, most: int = -1) -> int:
        """Take out windows that began before a time, ns, at most so many; return how many."""
        with self._writing() as connection:
            return forgetting.forget_windows(connection, before, most)

    def model_state(self, name: str) -> dict[str, Any] | None:
        """Return what the model is in the middle of, by name, as JSON types; None where it never was."""
        with self._reading() as connection:
            query = "SELECT document FROM learned WHERE name = ?"
            found = None if connection is None else connection.execute(query, (MODEL + name,)).fetchone()
            return None if found is None else codec.load_learned(found[0])

    def save_model_state(self, name: str, document: Mapping[str, object]) -> None:
        """Keep what the model is in the middle of, by name."""
        self._write(lambda connection: write_learned(connection, {MODEL + name: document}))


def add_notes(connection: sqlite3.Connection, notes: Sequence[ModelNote]) -> None:
    """Put in what happened to the model, and count it; the caller holds the transaction."""
    for note in notes:
        number = connection.execute(
            "INSERT INTO model_notes (time, kind, version, document) VALUES (?, ?, ?, ?)",
            (note.time, note.kind.value, codec.to_key(note.version), codec.dump_learned(dict(note.detail))),
        ).lastrowid
        job, outcome = (
            codec.to_key(str(note.detail.get(name, "")) if note.kind is NoteKind.JOB else "")
            for name in ("job", "outcome")
        )
        connection.execute(
            "INSERT INTO model_tallies (kind, job, outcome, times, last) VALUES (?, ?, ?, 1, ?)"
            " ON CONFLICT DO UPDATE SET times = times + 1, last = excluded.last",
            (note.kind.value, job, outcome, number),
        )


def _note(number: int, time: int, kind: str, version: str | bytes, document: str) -> ModelNote:
    return ModelNote(time, NoteKind(kind), codec.from_key(version), codec.load_learned(document), number)


def window_of(stored: Mapping[str, Any]) -> WindowSummary:
    """Return the summary of a window of which ``asdict`` was stored."""
    fields = {name: Histogram(**histogram) for name, histogram in stored["fields"].items()}
    return WindowSummary(**{**stored, "fields": fields})

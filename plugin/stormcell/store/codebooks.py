"""Codebooks, and which of them is live.

What is live is in the tables, and changes in one transaction. The codebook itself is a file beside the store,
``codebooks/cb-....json``: it is on the disk before its row is, and never changes. The row holds its checksum.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from stormcell.errors import CodebookError, ConflictError, NotFoundError
from stormcell.files import write_atomic
from stormcell.store import audit as log
from stormcell.store import codec, reading
from stormcell.store.connection import failures_named
from stormcell.store.model import add_notes
from stormcell.store.transactions import Connected
from stormcell.types import AuditEntry, Codebook, CodebookState, ModelNote, Provenance, StoredCodebook

_VERSION: Final = re.compile(r"cb-[0-9a-f]{12}\Z")
_COLUMNS: Final = "SELECT version, state, made, document FROM codebooks"


class Codebooks(Connected):
    """The part of a store that keeps codebooks; see the module."""

    @property
    def codebook_folder(self) -> Path:
        """Where the files are."""
        return self.path.parent / "codebooks"

    def codebook_file(self, version: str) -> Path:
        """Return where the file of a codebook is, by its whole version.

        Raises
        ------
        CodebookError
            If it is no version.
        """
        if _VERSION.match(version) is None:
            raise CodebookError(f"{version[:100]!a} is no version of a codebook; expected cb- and 12 hex digits")
        return self.codebook_folder / f"{version}.json"

    def add_codebook(
        self,
        codebook: Codebook,
        document: bytes,
        notes: Sequence[ModelNote] = (),
        *,
        audit: Sequence[AuditEntry] = (),
        now: int | None = None,
    ) -> bool:
        """Keep a codebook as a candidate: its file, then its row with what is told of it in one transaction.

        Where it is stored already, its state stays and nothing is told; a file that is missing or damaged is
        mended.

        Parameters
        ----------
        codebook : Codebook
        document : bytes
            It, as ``codebook.document.dump`` writes it.
        notes : sequence of ModelNote
        audit : sequence of AuditEntry
        now : int, optional
            ns of the wall clock, its own by default.

        Returns
        -------
        bool
            Whether it was not there.

        Raises
        ------
        ConflictError
            If another document is stored under its version.
        OutputError
            If the file cannot be written; the store is then as it was before.
        """
        file, digest = self.codebook_file(codebook.version), hashlib.sha256(document).hexdigest()
        with self._reading() as connection:
            found = None if connection is None else _find(connection, codebook.version)
            if found is not None and codec.load_learned(found[3])["sha256"] != digest:
                raise ConflictError(
                    f"another document is stored as {codebook.version}; see `stormcell codebook verify`"
                )
        if _contents(file) != document:
            write_atomic(file, document)
        row = codec.dump_learned(
            {
                "sha256": digest,
                "codewords": len(codebook.codewords),
                "provenance": asdict(codebook.provenance),
            }
        )
        made = time.time_ns() if now is None else now
        added = False

        def change(connection: sqlite3.Connection) -> None:
            nonlocal added
            done = connection.execute(
                "INSERT OR IGNORE INTO codebooks (version, state, made, document) VALUES (?, ?, ?, ?)",
                (codebook.version, CodebookState.CANDIDATE.value, made, row),
            )
            added = done.rowcount > 0
            if added:
                add_notes(connection, notes)
                log.add(connection, audit)

        self._write(change)
        return added

    def codebooks(self) -> list[StoredCodebook]:
        """Return all codebooks, those stored last first."""
        with self._reading() as connection:
            found = [] if connection is None else connection.execute(f"{_COLUMNS} ORDER BY made DESC, version")
            return [_stored(*columns) for columns in found]

    def codebook(self, version: str) -> StoredCodebook:
        """Return the codebook of a version, or of the one version that starts so.

        Raises
        ------
        NotFoundError
            If there is none.
        ConflictError
            If several start so.
        """
        with self._reading() as connection:
            if connection is not None and version:
                query = f"{_COLUMNS} WHERE substr(version, 1, ?) = ? ORDER BY version"
                found = connection.execute(query, (len(version), codec.to_key(version))).fetchall()
                if len(found) > 1:
                    listed = reading.listed([columns[0] for columns in found])
                    raise ConflictError(f"{len(found)} codebooks start with {version}: {listed}; write more")
                if found:
                    return _stored(*found[0])
        raise _missing(version)

    def live_codebook(self) -> StoredCodebook | None:
        """Return the codebook that is live; None if none is."""
        return self._of_state(CodebookState.LIVE)

    def canary_codebook(self) -> StoredCodebook | None:
        """Return the codebook that is a canary; None if none is."""
        return self._of_state(CodebookState.CANARY)

    def codebook_document(self, version: str) -> bytes:
        """Return the file of a codebook, by its whole version, as it was stored.

        Raises
        ------
        NotFoundError
            If it is not stored.
        CodebookError
            If its file is missing or is not what was stored.
        """
        with self._reading() as connection:
            found = None if connection is None else _find(connection, version)
            if found is None:
                raise _missing(version)
            digest = codec.load_learned(found[3])["sha256"]
        file = self.codebook_file(version)
        document = _contents(file)
        if document is not None and hashlib.sha256(document).hexdigest() == digest:
            return document
        what = "is missing" if document is None else "is damaged: it is not what was stored"
        raise CodebookError(
            f"{file} {what}; put the codebook back with `stormcell codebook import FILE`, or make another live "
            "with `stormcell codebook rollback` or `promote`"
        )

    def set_codebook_state(
        self,
        version: str,
        state: CodebookState,
        *,
        note: ModelNote | None = None,
        audit: Sequence[AuditEntry] = (),
        expected: str | None = None,
        replaced: CodebookState = CodebookState.RETIRED,
    ) -> bool:
        """Set what a codebook is, by its whole version, with what is told of it, in one transaction.

        Parameters
        ----------
        version : str
        state : CodebookState
            Where it is that already, nothing is done. Of ``LIVE``, the one that is live now becomes ``replaced``.
        note : ModelNote, optional
        audit : sequence of AuditEntry
        expected : str, optional
            The version that is live as far as the caller knows, "" for none; not checked without.
        replaced : CodebookState

        Returns
        -------
        bool
            Whether it was something else.

        Raises
        ------
        NotFoundError
            If it is not stored.
        ConflictError
            If another is live than was expected, another is the canary, or it is live and would no longer be:
            that takes another that is live instead.
        """
        with self._writing() as connection:
            found = _find(connection, version)
            if found is None:
                raise _missing(version)
            if found[1] == state.value:
                return False
            live, canary = (_version_of(connection, one) for one in (CodebookState.LIVE, CodebookState.CANARY))
            if expected is not None and live != expected:
                raise ConflictError(
                    f"{live or 'no codebook'} is live, not {expected or 'none'} as before: somebody else was "
                    "faster; look at `stormcell codebook list` and try again"
                )
            if live == version:
                raise ConflictError(
                    f"{version} is live; promote another, or roll back, before it is {state.value}"
                )
            if state is CodebookState.CANARY and canary:
                raise ConflictError(f"{canary} is a canary already; stop it, or wait for its end")
            change = "UPDATE codebooks SET state = ? WHERE version = ?"
            if state is CodebookState.LIVE and live:
                connection.execute(change, (replaced.value, live))
            connection.execute(change, (state.value, version))
            add_notes(connection, [] if note is None else [note])
            log.add(connection, audit)
            return True

    def _of_state(self, state: CodebookState) -> StoredCodebook | None:
        with self._reading() as connection:
            query = f"{_COLUMNS} WHERE state = ?"
            found = None if connection is None else connection.execute(query, (state.value,)).fetchone()
            return None if found is None else _stored(*found)


def _contents(file: Path) -> bytes | None:
    with failures_named(file):
        return file.read_bytes() if file.exists() else None


def _find(connection: sqlite3.Connection, version: str) -> tuple[str, str, int, str] | None:
    query = f"{_COLUMNS} WHERE version = ?"
    found: tuple[str, str, int, str] | None = connection.execute(query, (codec.to_key(version),)).fetchone()
    return found


def _version_of(connection: sqlite3.Connection, state: CodebookState) -> str:
    found = connection.execute("SELECT version FROM codebooks WHERE state = ?", (state.value,)).fetchone()
    return "" if found is None else str(found[0])


def _missing(version: str) -> NotFoundError:
    return NotFoundError(f"no codebook {version[:100]!a} in the store; `stormcell codebook list` shows them")


def _stored(version: str, state: str, made: int, document: str) -> StoredCodebook:
    row = codec.load_learned(document)
    told = row["provenance"]
    provenance = Provenance(**{**told, "sites": tuple(told["sites"])})
    return StoredCodebook(version, CodebookState(state), made, row["codewords"], provenance)

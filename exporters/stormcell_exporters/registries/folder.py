"""Codebooks as files of a folder that others read, too: a share, or a bucket that is mounted."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from stormcell.errors import NotFoundError, OutputError, SettingsError
from stormcell.files import write_atomic
from stormcell.times import rfc3339
from stormcell.types import CodebookState, StoredCodebook
from stormcell_exporters.registries.facts import checked_version, provenance

SCHEMA: Final = "stormcell.registry/1"
INDEX: Final = "index.json"
_LOCK: Final = ".index.lock"
_SHOWN: Final = 10
_UNIQUE: Final = (CodebookState.LIVE, CodebookState.CANARY)
"""What at most one codebook is; whichever was it before is retired."""


class FolderRegistry:
    """Writes each codebook as a file, and beside them an index of what they are."""

    def push(self, stored: StoredCodebook, document: bytes, target: str) -> str:
        """Write a codebook into a folder that is there, then the index; return the file.

        Raises
        ------
        OutputError
            If it cannot be written, or the index is none of ours; the index is then as it was.
        SettingsError
            If there is no such folder.
        """
        folder = _folder(target)
        path = folder / f"{checked_version(stored.version)}.json"
        with _locked(folder):
            index = _read(folder)
            if _bytes(path) != document:
                write_atomic(path, document)
            told = {
                "version": stored.version,
                "state": stored.state.value,
                "made": rfc3339(stored.made),
                "codewords": stored.codewords,
                "provenance": provenance(stored.provenance),
            }
            others = {one["version"]: _taken_over(one, stored) for one in index}
            entries = [*{**others, stored.version: told}.values()]
            if entries != index:
                whole = {"schema": SCHEMA, "codebooks": entries}
                write_atomic(folder / INDEX, (json.dumps(whole, indent=1) + "\n").encode())
        return str(path)

    def pull(self, version: str, target: str) -> bytes:
        """Return what is in the file of a codebook.

        Raises
        ------
        NotFoundError
            If the index does not name it, or none that is live, or its file is gone.
        OutputError
            If the folder cannot be read, or the index is none of ours.
        SettingsError
            If there is no such folder.
        """
        folder = _folder(target)
        index = _read(folder)
        if version:
            wanted = checked_version(version)
        else:
            live = [str(one["version"]) for one in index if one["state"] == CodebookState.LIVE]
            if not live:
                raise NotFoundError(
                    f"no codebook of {folder} is live; push the one that is, or name a version{_there(index)}"
                )
            wanted = live[0]
        found = _bytes(folder / f"{wanted}.json")
        if found is None:
            raise NotFoundError(f"there is no codebook {wanted} in {folder}{_there(index)}")
        return found


def _taken_over(entry: dict[str, Any], stored: StoredCodebook) -> dict[str, Any]:
    """Return the entry of another codebook: no longer what there is only one of, if that is the new one."""
    if stored.state in _UNIQUE and entry["state"] == stored.state:
        return {**entry, "state": CodebookState.RETIRED.value}
    return entry


def _folder(target: str) -> Path:
    folder = Path(target).expanduser()
    if not target or "://" in target or "\0" in target or not folder.is_dir():
        raise SettingsError(f"expected a folder that is there, found {target[:200]!a}; make it, or name another")
    return folder


def _read(folder: Path) -> list[dict[str, Any]]:
    """Return the entries of the index; none where there is no index yet."""
    path = folder / INDEX
    data = _bytes(path)
    if data is None:
        return []
    try:
        index = json.loads(data)
        if index["schema"] != SCHEMA:
            raise ValueError(f"found the schema {str(index['schema'])[:60]!a}")
        entries: list[dict[str, Any]] = index["codebooks"]
        for one in entries:
            checked_version(one["version"])
            CodebookState(one["state"])
    except (ValueError, KeyError, TypeError, RecursionError, SettingsError) as error:
        raise OutputError(
            f"{path} is no index of codebooks: expected the schema {SCHEMA} ({str(error)[:200]}); take it away "
            "and push again, or name another folder"
        ) from error
    return entries


def _bytes(path: Path) -> bytes | None:
    """Return what is in a file; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror or error}") from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes from writing the index meanwhile."""
    try:
        held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror}; name another folder") from error
    try:
        # Some shares know no locks; there, one process at a time is what people have to see to.
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _there(index: list[dict[str, Any]]) -> str:
    """Return what to say of the versions that there are, the last ones of many."""
    if not index:
        return "; it holds none"
    versions = [str(one["version"]) for one in index]
    return f"; there are: {', '.join(versions[-_SHOWN:])}{' and more' if len(versions) > _SHOWN else ''}"

"""The file of tokens: read whole, changed by one at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stormcell.access.tokens import StoredToken, dumps, loads
from stormcell.errors import OutputError, SettingsError
from stormcell.files import write_atomic

Signature = tuple[int, ...]


def signature(path: Path) -> Signature | None:
    """Return what is another once a file was written or replaced; None where it cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def read(path: Path) -> dict[str, StoredToken]:
    """Return the tokens of a file, by name.

    Raises
    ------
    SettingsError
        If it cannot be read, anybody may write it, or it is none of ours.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read()
    except OSError as error:
        raise SettingsError(
            f"cannot read the file of tokens {path}: {error.strerror}; make it with `stormcell token new NAME"
            f" --role ROLE --file {path}`, or name another as receivers.tokens_file"
        ) from error
    if mode & stat.S_IWOTH:
        raise SettingsError(f"anybody may write {path}, and so make tokens of their own; chmod 600 it")
    return loads(data, str(path))


@contextmanager
def changing(path: Path, *, create: bool = False) -> Iterator[dict[str, StoredToken]]:
    """Yield the tokens of a file, to be changed; they are written at the end; nobody else changes it meanwhile.

    Parameters
    ----------
    path : Path
    create : bool
        Whether one that is not there is made.

    Raises
    ------
    SettingsError
        If it is no file of tokens.
    OutputError
        If it cannot be written; it is then as it was.
    """
    place = path.resolve()  # a link stays one
    try:
        folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}; make its folder, or name another file"
        ) from error
    try:
        # The folder: the file is another one with each change, and a lock of its own would be left lying about.
        fcntl.flock(folder, fcntl.LOCK_EX)
        tokens = {} if create and not place.exists() else read(place)
        yield tokens
        write_atomic(place, dumps(tokens), private=True)
    finally:
        os.close(folder)

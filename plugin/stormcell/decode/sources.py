"""Which files a list of paths means, and how to open them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stormcell.decode.report import Scribe, printable

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    Attributes
    ----------
    name : str
        For messages.
    path : Path or None
        None is standard input.
    size : int
        Bytes on disk; 0 where unknown.
    walked : bool
        Found in a folder, not named by the user.
    """

    name: str
    path: Path | None
    size: int = 0
    walked: bool = False

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open for reading bytes.

        Raises
        ------
        OSError
            If that cannot be done.
        """
        if self.path is not None:
            return self.path.open("rb")
        if sys.stdin is None:
            raise OSError("there is no standard input")
        return nullcontext(sys.stdin.buffer)


def expand(paths: Iterable[str | Path], scribe: Scribe) -> list[Source]:
    """Turn paths into sources: folders into their files, "-" into standard input."""
    sources: list[Source] = []
    for given in paths:
        if str(given) == STDIN:
            sources.append(Source("stdin", None))
            continue
        path = Path(given)
        try:
            status = path.stat()
        except (OSError, ValueError) as error:
            unreadable(scribe, path, error)
            continue
        if stat.S_ISDIR(status.st_mode):
            found = _walk(path, scribe)
            if not found:
                scribe.file, scribe.line = printable(str(path)), 0
                scribe.problem("expected a folder with files of telemetry, found none in it")
            sources.extend(found)
        else:
            sources.append(Source(printable(str(path)), path, status.st_size))
    return sources


def unreadable(scribe: Scribe, path: Path, error: OSError | ValueError) -> None:
    """Note that a path cannot be read."""
    scribe.file, scribe.line = printable(str(path)), 0
    scribe.problem(f"cannot be read: {reason(error)}")


def reason(error: OSError | ValueError) -> str:
    """Say in words why the operating system refused."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _walk(folder: Path, scribe: Scribe) -> list[Source]:
    def refused(error: OSError) -> None:
        unreadable(scribe, Path(error.filename or folder), error)

    sources = []
    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        # Links to folders are not followed, for they can go round in circles; name such a folder to read it.
        links = (Path(parent, name) for name in folders if Path(parent, name).is_symlink())
        scribe.report.ignored.extend(printable(str(link)) for link in links)
        for name in names:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            try:
                status = path.stat()
            except OSError:
                size = 0  # opening it will say why
            else:
                # A pipe or a device met by chance could block for ever.
                if not stat.S_ISREG(status.st_mode):
                    continue
                size = status.st_size
            sources.append(Source(printable(str(path)), path, size, walked=True))
    return sorted(sources, key=lambda source: str(source.path))

"""Finding what is shipped, and writing files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from stormcell.errors import OutputError


def shipped(folder: str) -> Traversable:
    """Return a folder that is shipped with the package: in it when installed, in the checkout when editable."""
    packaged = files("stormcell") / folder
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / folder


def write_atomic(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write ``data`` beside ``path``, flush it to the disk, then rename: no reader sees half a file.

    When it returns, the name is on the disk as well, where the file system can promise that. A device, such as
    ``/dev/stdout`` or ``/dev/null``, is written to, and stays what it is.

    Parameters
    ----------
    path : Path
    data : bytes
    private : bool
        Whether a new file is for its owner alone, and one that is there keeps its owner and who may read it.

    Raises
    ------
    OutputError
        If it cannot be written (a full disk, say); ``path`` is then as it was before.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.tmp")
    try:
        if path.is_char_device() or (path.absolute().parent == Path("/dev") and path.exists()):
            path.write_bytes(data)
            return
        new = not path.parent.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never into what is there: it may be a link that another put into a folder of many.
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600 if private else 0o666), "wb") as file:
            if private and path.exists():
                _make_like(file.fileno(), path)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_names(path.parent)
        if new:
            _flush_names(path.parent.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write {path}: {reason}; free some space or name another place") from error


def _flush_names(folder: Path) -> None:
    # Some file systems have no such thing; the files are then as safe as they can be.
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _make_like(file: int, path: Path) -> None:
    """Give an open file the owner and the mode of another: who reads that, whoever writes it, is to read this."""
    before, now = path.stat(), os.fstat(file)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(file, before.st_uid, before.st_gid)
    os.fchmod(file, stat.S_IMODE(before.st_mode))


@contextlib.contextmanager
def all_or_nothing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder; what is in it at the end moves into ``folder``, and nothing does after a failure.

    Raises
    ------
    OutputError
        If ``folder`` cannot be written.
    """
    unfinished = folder / f".unfinished-{os.getpid()}"
    try:
        with _failures_named(folder):
            unfinished.mkdir(parents=True)
        yield unfinished
        with _failures_named(folder):
            for file in unfinished.rglob("*"):
                target = folder / file.relative_to(unfinished)
                if target.exists() and target.is_dir() != file.is_dir():
                    raise OSError(f"{target} is in the way")
            for file in sorted(unfinished.rglob("*")):
                target = folder / file.relative_to(unfinished)
                if file.is_dir():
                    target.mkdir(exist_ok=True)
                else:
                    file.replace(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextlib.contextmanager
def _failures_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write to {folder}: {reason}; free some space or name another place") from error

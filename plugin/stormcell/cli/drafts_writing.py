"""Where the text of a draft comes from: an editor, a file or standard input."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stormcell.cli.output import say
from stormcell.errors import InputError, StormcellError
from stormcell.types import Review


def read(file: str) -> str:
    """Return the text of a file, or of standard input.

    Raises
    ------
    InputError
        If it cannot be read, or is no text.
    """
    try:
        return _decoded(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes(), file)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}; name a file with the text") from error


@contextmanager
def in_editor(review: Review) -> Iterator[str]:
    """Yield what somebody makes of a draft's text in an editor; where it is not taken then, it is kept in a file.

    Raises
    ------
    InputError
        If there is neither an editor nor anybody to use one, or it fails.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not (command or sys.stdin.isatty()):
        raise InputError("there is no terminal for an editor here; name the text with --file FILE, or set $EDITOR")
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="backslashreplace", prefix=f"{review.id}-", suffix=".md", delete=False
    ) as file:
        file.write(review.latest.markdown)
    path = Path(file.name)
    before = path.read_bytes()
    try:
        _run(command or "vi", path)
        yield read(str(path))
    except StormcellError:
        if path.exists() and path.read_bytes() != before:
            say(f"Your text was not taken; it is in {path}")
        else:
            path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _run(command: str, path: Path) -> None:
    try:
        ran = subprocess.run([*shlex.split(command), str(path)], check=False)  # noqa: S603  whose terminal it is
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot run the editor {command!r}: {why}; set $EDITOR, or use --file FILE") from error
    if ran.returncode:
        raise InputError(f"the editor {command!r} ended with {ran.returncode}; set $EDITOR, or use --file FILE")


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} is no text in UTF-8 ({error.reason} at byte {error.start}); save it so"
        ) from error

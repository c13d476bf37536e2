"""How far something was done, kept in a small file."""

from __future__ import annotations

from pathlib import Path

from stormcell.errors import StoreError
from stormcell.files import write_atomic


class Position:
    """A position that outlives the process: of the journal, say, or a time.

    Parameters
    ----------
    path : Path
        The file; it need not exist.
    anew : str
        What comes of it if the file is removed.
    """

    def __init__(self, path: Path, anew: str = "send all that the journal holds again") -> None:
        self._path, self._anew = path, anew

    def load(self) -> int | None:
        """Return the position that was saved last; None if none was.

        Raises
        ------
        StoreError
            If the file cannot be read, or holds something else.
        """
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self._error(str(error)) from error
        if not text.isdecimal():
            raise self._error("it holds no number")
        return int(text)

    def save(self, position: int) -> None:
        """Save a position, for good when this returns.

        Raises
        ------
        OutputError
            If it cannot be written; the one before stays.
        """
        write_atomic(self._path, f"{position}\n".encode())

    def _error(self, reason: str) -> StoreError:
        return StoreError(f"cannot read {self._path}: {reason}; mend it, or remove it to {self._anew}")

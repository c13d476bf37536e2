"""The program, run as a user runs it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from stormcell.cli.main import main

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "trainticket"
PROGRAM = Path(sys.executable).with_name("stormcell")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document, nothing before or after it."""
        return json.loads(self.out)


class _Stream(io.TextIOWrapper):
    """A standard stream in memory, for a terminal or a pipe."""

    def __init__(self, data: bytes = b"", *, terminal: bool = False) -> None:
        self.bytes = io.BytesIO(data)
        self._terminal = terminal
        super().__init__(self.bytes, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return self._terminal


def stormcell(*arguments: str | Path, stdin: bytes = b"", terminal: bool = False) -> Ran:
    """Run the program in this process."""
    out, err = _Stream(terminal=terminal), _Stream(terminal=terminal)
    with (
        mock.patch.object(sys, "argv", ["stormcell", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", _Stream(stdin)),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
    ):
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    assert isinstance(code, int)
    printed = Ran(code, out.bytes.getvalue().decode(), err.bytes.getvalue().decode())
    assert "Traceback" not in printed.err
    return printed


def process(*arguments: str | Path, wrap: Iterable[str] = (), **options: Any) -> Ran:
    """Run the program in a process of its own, under ``wrap`` if given."""
    command = [*wrap, str(PROGRAM), *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, check=False, **{**streams, **options})
    return Ran(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file under a folder, hidden ones too, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

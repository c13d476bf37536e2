"""What every command prints: results on standard output, all else on standard error."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stormcell.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.table import Table

    from stormcell.decode import Report

_SHOWN_PROBLEMS = 5
WIDE = 110
"""Columns from which a table has room for everything."""
_PATIENCE = 1.0
"""Seconds before a progress bar appears."""

# Wide enough that nothing is cut where no terminal sets the width.
_PIPED_WIDTH = 2000


def console() -> Console:
    """Return a console on standard output: coloured on a terminal, plain and uncut where it is piped."""
    from rich.console import Console

    class Unending(Console):
        """Does not end the program where nobody reads on: that would lose how it was to end."""

        def on_broken_pipe(self) -> None:
            drop_output()

    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Unending(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def drop_output() -> None:
    """Let what is left to print go nowhere, so that Python does not complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def unheard() -> Iterator[None]:
    """Print something that nobody may read on (head, say): what is found out counts all the same."""
    try:
        yield
    except BrokenPipeError:
        drop_output()


def table(*, piped: bool) -> Table:
    """Return an empty table in our style; without lines where it is piped."""
    from rich import box
    from rich.table import Table

    return Table(box=None if piped else box.SIMPLE_HEAD, pad_edge=False, header_style="bold")


def say(message: str) -> None:
    """Print a message on standard error, harmless whatever it quotes."""
    sys.stderr.write(terminal(message) + "\n")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 event`` or ``1,204 events``."""
    if count != 1:
        noun += "es" if noun.endswith(("ch", "s")) else "s"
    return f"{count:,} {noun}"


def print_json(value: Any) -> None:
    """Print JSON on standard output."""
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    # A lone surrogate has no UTF-8, but \udc80 is how JSON writes it too.
    print_bytes(text.encode("utf-8", "backslashreplace"))


def print_bytes(data: bytes) -> None:
    """Print on standard output as it is: JSON is UTF-8 whatever the terminal's encoding."""
    with unheard():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def print_text(text: str) -> None:
    """Print a text of several lines: as it is where it is piped, harmless on a terminal."""
    ended = text if text.endswith("\n") else f"{text}\n"
    if sys.stdout.isatty():
        ended = "".join(f"{terminal(line)}\n" for line in ended.removesuffix("\n").split("\n"))
    print_bytes(ended.encode("utf-8", "backslashreplace"))


def say_problems(report: Report) -> None:
    """Say which files and how many records were left out, and which first."""
    if report.ignored:
        files = ", ".join(report.ignored[:_SHOWN_PROBLEMS])
        more = ", ..." if len(report.ignored) > _SHOWN_PROBLEMS else ""
        say(f"{counted(len(report.ignored), 'file')} in the folders without telemetry, left out: {files}{more}")
    if report.broken == 0:
        return
    say(f"{counted(report.broken, 'problem')} in the input; what could be read was kept:")
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        say(f"  {problem}")
    if report.broken > _SHOWN_PROBLEMS:
        say(f"  ... and {report.broken - _SHOWN_PROBLEMS:,} more (--out keeps the first 100 in problems.txt)")


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on standard error once the work has taken a second; none where it is piped."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
    task = bar.add_task(title, total=None)
    began = time.monotonic()
    shown = False

    def update(done: int, total: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - began > _PATIENCE:
            bar.start()
            shown = True
        bar.update(task, completed=done, total=max(total, done))

    try:
        yield update
    finally:
        if shown:
            bar.stop()

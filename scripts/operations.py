"""Run the commands of docs/model-operations.md, and put what they print in the place of what they printed before.

Of an output that ends with "..." as many lines are shown as before. A command may name a codebook that was trained
by one before it; where that has another version now, it is named by the new one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "model-operations.md"
WIDTH = 118
_SETUP = re.compile(r"```sh\n(mkdir .*?)```", re.DOTALL)
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_MADE = re.compile(r"\b(?:Trained|into) (cb-[0-9a-f]{12})")


class Session:
    """A folder in which commands are run one after the other, and how codebooks are called in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._versions: list[tuple[str, str]] = []
        (folder / "examples").symlink_to(ROOT / "examples")
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        self._environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}

    def run(self, command: str) -> list[str]:
        """Return the lines that a command prints."""
        ran = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if "Traceback" in ran.stdout or ran.returncode not in (0, 1, 2):
            sys.exit(f"$ {command}\n{ran.stdout}\nended with {ran.returncode}")
        return [line.rstrip() for line in ran.stdout.splitlines()]

    def renewed(self, block: str) -> Iterator[str]:
        """Yield a block of commands with what they print now."""
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *before = part.splitlines()
            command = self._named(command)
            yield f"$ {command}"
            now = self.run(command)
            for old, new in zip(_MADE.findall("\n".join(before)), _MADE.findall("\n".join(now)), strict=False):
                self._versions.append((old, new))
            if before[-1:] == ["..."] and len(now) >= len(before):
                now = [*now[: len(before) - 1], "..."]
            yield from (line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in now)

    def _named(self, command: str) -> str:
        def name(found: re.Match[str]) -> str:
            old = found[0]
            return next((new[: len(old)] for before, new in self._versions if before.startswith(old)), old)

        return re.sub(r"\bcb-[0-9a-f]{4,12}\b", name, command)


def begun(folder: Path) -> tuple[Session, str]:
    """Return the page, and a session in which its folders are made."""
    text = PAGE.read_text("utf-8")
    setup = _SETUP.search(text)
    assert setup is not None, "the page makes no folders"
    session = Session(folder)
    session.run(setup[1])
    return session, text


def played(folder: Path, last: str) -> None:
    """Run the commands of the page in an empty folder, up to the block that holds ``last``."""
    session, text = begun(folder)
    for block in _BLOCK.findall(text):
        print(*session.renewed(block), sep="\n", file=sys.stderr)
        if last in block:
            return
    raise ValueError(f"no block of {PAGE} holds {last!r}")


def main() -> None:
    """Renew the page."""
    with tempfile.TemporaryDirectory() as folder:
        session, text = begun(Path(folder))
        text = _BLOCK.sub(lambda found: "\n".join(("```console", *session.renewed(found[1]), "```")), text)
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

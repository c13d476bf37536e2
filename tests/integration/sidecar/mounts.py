"""File systems of a test's own, where it may mount some."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(place: Path, *steps: tuple[str, ...]) -> Iterator[None]:
    """Mount something, in steps that each are arguments of ``mount``; skip the test where that cannot be."""
    done = 0
    try:
        for arguments in steps:
            if not _ran("mount", *arguments, str(place)):
                pytest.skip("file systems cannot be mounted here")
            done += 1
        yield
    finally:
        if done:
            assert _ran("umount", "--lazy", str(place))


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False

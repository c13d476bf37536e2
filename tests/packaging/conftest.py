"""What is shipped, built once, and clean environments to install it into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What is in a checkout without being part of it.
_NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv", ".venvs", "__pycache__", ".*_cache", ".hypothesis", "build", "dist", "out", "*.egg-info"
)


def run(*command: str | Path, cwd: Path) -> str:
    """Return what a command prints, having made sure that it succeeds; no setting leaks in from here."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Environment:
    """A virtual environment with nothing in it but what is installed."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True, symlinks=True)
        self.bin = folder / "bin"

    @property
    def packages(self) -> Path:
        """The folder of what is installed."""
        [folder] = self.bin.parent.glob("lib/python*/site-packages")
        return folder

    def borrow(self, other: Environment) -> None:
        """Find what is not installed here in another environment: installing it all takes half a minute."""
        (self.packages / "zz-borrowed.pth").write_text(f"{other.packages}\n")

    def install(self, *arguments: str | Path) -> None:
        quiet = ("--quiet", "--disable-pip-version-check")
        run(self.bin / "python", "-m", "pip", "install", *quiet, *arguments, cwd=self.bin)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, so that building and installing leave nothing in the real one."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("checkout") / "stormcell", ignore=_NOT_SOURCE)


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=checkout)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def sdist(built: Path) -> Path:
    [sdist] = built.glob("*.tar.gz")
    return sdist

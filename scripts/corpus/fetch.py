"""Fetches the sources listed in sources.toml: released archives of permissively licensed programs.

Each comes through the package manager of its language (pip, mvn, go), which knows where from, and is checked
against the SHA-256 noted beside it. What was fetched once is kept in ``.cache/sources``.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "sources"
LIST = Path(__file__).with_name("sources.toml")
# Tests log nonsense, vendored and generated code is not the program's own.
_SKIPPED = (
    *("/test/", "/tests/", "/testing/", "/testdata/", "_test.go", "/mock"),
    *("/vendor/", "/third_party/", ".pb.go", "zz_generated", "/CHANGELOG"),
)
_SUFFIXES = (".py", ".java", ".scala", ".go", ".md", ".rst", ".yaml", ".yml")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """One released archive.

    Attributes
    ----------
    kind : str
        "pypi", "maven" or "go".
    name, version : str
        As its package manager calls it; for Maven ``group:artifact``.
    licence : str
        SPDX identifier.
    sha256 : str
        Of the archive; "" if it was never fetched.
    """

    kind: str
    name: str
    version: str
    licence: str
    sha256: str = ""

    @property
    def archive(self) -> Path:
        """Where the archive is kept."""
        return CACHE / f"{self.kind}-{self.name.replace('/', '_').replace(':', '_')}-{self.version}.zip"

    def fetch(self) -> Path:
        """Return the archive, fetched if it is not there.

        Raises
        ------
        RuntimeError
            If it cannot be fetched, or is not the file that was noted.
        """
        if not self.archive.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                Path(_FETCHERS[self.kind](self, Path(folder))).rename(self.archive)
        found = hashlib.sha256(self.archive.read_bytes()).hexdigest()
        if self.sha256 and found != self.sha256:
            raise RuntimeError(f"{self.name} {self.version}: expected SHA-256 {self.sha256}, found {found}")
        return self.archive

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the text of every source file, by path."""
        with zipfile.ZipFile(self.fetch()) as archive:
            for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
                path = f"/{entry.filename}"
                own = path.endswith(_SUFFIXES) and not any(part in path for part in _SKIPPED)
                if own and entry.file_size < _LARGEST:
                    yield path, archive.read(entry).decode("utf-8", "replace")


def sources() -> list[Source]:
    """Return the list, in its order."""
    return [Source(**entry) for entry in tomllib.loads(LIST.read_text("utf-8"))["source"]]


def _run(*command: str | Path, cwd: Path) -> str:
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"`{' '.join(map(str, command))}` failed: {(ran.stderr or ran.stdout).strip()[-500:]}")
    return ran.stdout


def _pypi(source: Source, folder: Path) -> Path:
    _run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary", ":all:", "--dest", folder, f"{source.name}=={source.version}"),
        cwd=folder,
    )
    return next(folder.glob("*.whl"))


def _maven(source: Source, folder: Path) -> Path:
    artifact = f"-Dartifact={source.name}:{source.version}:jar:sources"
    _run("mvn", "-q", "-B", "dependency:copy", f"-DoutputDirectory={folder}", artifact, cwd=folder)
    return next(folder.glob("*.jar"))


def _go(source: Source, folder: Path) -> Path:
    _run("go", "mod", "init", "fetch", cwd=folder)
    os.environ["GOFLAGS"] = "-modcacherw"
    module = json.loads(_run("go", "mod", "download", "-json", f"{source.name}@{source.version}", cwd=folder))
    archive = folder / "module.zip"
    archive.write_bytes(Path(module["Zip"]).read_bytes())
    return archive


_FETCHERS = {"pypi": _pypi, "maven": _maven, "go": _go}

"""Folders of runbooks: Markdown files, read once. A file that cannot be used is left out and told."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stormcell.runbooks.pages import front_matter, page
from stormcell.types import Matched, Material, Runbook

if TYPE_CHECKING:
    from stormcell.runbooks.matching import Index

MAX_BYTES: Final = 262_144
"""Size of the largest file that is read."""

MAX_FILES: Final = 10_000
"""Most runbooks that are read."""

_SUFFIXES: Final = (".md", ".markdown")
_NO_RUNBOOKS: Final = frozenset({"_index", "index", "readme", "changelog", "contributing", "license", "security"})
_KEYWORDS: Final = ("title", "tags", "keywords", "service", "services")
_ALERTS: Final = ("alerts", "alert", "alertname")
_URLS: Final = ("url", "runbook_url", "link", "canonical")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that was not read, or of which not all was, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class About:
    """What a runbook is about by its front matter.

    Attributes
    ----------
    keywords : str
    alerts : tuple of str
        The names of alerts that it is for, besides its own name.
    """

    keywords: str = ""
    alerts: tuple[str, ...] = ()


class Library:
    """Runbooks to be found.

    Attributes
    ----------
    runbooks : tuple of Runbook
        By folder, then by path.
    left_out : tuple of LeftOut
        What could not be used.

    Parameters
    ----------
    runbooks : sequence of Runbook
    left_out : sequence of LeftOut
    abouts : sequence of About
        What front matter says that each is about, as many; () where none has any.
    """

    def __init__(
        self, runbooks: Sequence[Runbook], left_out: Sequence[LeftOut] = (), abouts: Sequence[About] = ()
    ) -> None:
        self.runbooks = tuple(runbooks)
        self.left_out = tuple(left_out)
        self._abouts = abouts or [About()] * len(self.runbooks)

    def match(self, material: Material, most: int = 5) -> tuple[Matched, ...]:
        """Return the runbooks that fit a group, best first; () where none does.

        None is among them whose score is less than half of the best one's.

        Parameters
        ----------
        material : Material
            Memberships of other groups are passed over.
        most : int
        """
        from stormcell.runbooks.matching import FITS

        ranked = self.rank(material, most)
        return tuple(one for one in ranked if one.score >= max(FITS, ranked[0].score / 2))

    def rank(self, material: Material, most: int = 5) -> tuple[Matched, ...]:
        """Return the runbooks nearest to a group, best first, whether they fit or not."""
        from stormcell.runbooks.query import query

        return self._index.rank(query(material), most)

    @cached_property
    def _index(self) -> Index:
        from stormcell.runbooks.matching import Index
        from stormcell.text.static import StaticEmbedder

        keywords = [one.keywords for one in self._abouts]
        return Index(self.runbooks, keywords, [one.alerts for one in self._abouts], StaticEmbedder())


def load(folders: Sequence[Path]) -> Library:
    """Read the runbooks in ``folders`` and the folders in these.

    READMEs, indices and hidden files are no runbooks.
    """
    runbooks: list[Runbook] = []
    left_out: list[LeftOut] = []
    abouts: list[About] = []
    for folder in folders:
        for path in _files(folder, left_out):
            if len(runbooks) == MAX_FILES:
                left_out.append(LeftOut(str(path), f"there are more than {MAX_FILES:,} runbooks"))
                return Library(runbooks, left_out, abouts)
            text = _text(path)
            if isinstance(text, LeftOut):
                left_out.append(text)
                continue
            front, markdown = front_matter(text)
            if front.problem:
                left_out.append(LeftOut(str(path), f"its front matter alone cannot be read: {front.problem}"))
            abouts.append(About("\n".join(_said(front.said, _KEYWORDS)), tuple(_said(front.said, _ALERTS))))
            runbooks.append(_runbook(path, folder, front.said, markdown))
    return Library(runbooks, left_out, abouts)


def _files(folder: Path, left_out: list[LeftOut]) -> Iterator[Path]:
    """Yield the Markdown files below a folder, by path.

    Links to folders are not followed, nor are links to files elsewhere: drafts quote what is read, and who writes
    runbooks need not be who may read all that we can.
    """
    if not folder.is_dir():
        left_out.append(LeftOut(str(folder), "there is no such folder"))
        return

    def failed(error: OSError) -> None:
        left_out.append(LeftOut(str(error.filename), f"it cannot be read: {error.strerror or error}"))

    root = os.path.realpath(folder)
    found = []
    for place, below, names in os.walk(folder, onerror=failed):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for path in map(Path(place).joinpath, names):
            known = path.suffix.lower() in _SUFFIXES and path.stem.lower() not in _NO_RUNBOOKS
            if not known or path.name.startswith("."):
                continue
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                left_out.append(LeftOut(str(path), "it is a link to a place outside of the folder"))
                continue
            found.append(path)
    yield from sorted(found)


def _text(path: Path) -> str | LeftOut:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
            return LeftOut(str(path), "it is no file")
        with path.open("rb") as file:
            held = file.read(MAX_BYTES + 1)
        if len(held) > MAX_BYTES:
            return LeftOut(str(path), f"it is larger than {MAX_BYTES // 1024} KiB")
        return held.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        return LeftOut(str(path), f"it is not UTF-8: byte {error.start}")
    except OSError as error:
        return LeftOut(str(path), f"it cannot be read: {error.strerror or error}")


def _runbook(path: Path, folder: Path, said: Mapping[str, Any], markdown: str) -> Runbook:
    url = next((said[key] for key in _URLS if isinstance(said.get(key), str)), "")
    return Runbook(
        name=path.stem,
        title=page(markdown).title or "".join(_said(said, ("title",))) or path.stem,
        path=path.relative_to(folder).as_posix(),
        url=url if url.startswith(("https://", "http://")) else "",
        markdown=markdown,
    )


def _said(said: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Return the texts that front matter gives for some keys."""
    values = [said.get(key) for key in keys]
    lists = [value if isinstance(value, list) else [value] for value in values]
    return [text for one in lists for text in one if isinstance(text, str)]

"""A paper as a file of Markdown with front matter, and where in a folder it belongs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml

from stormcell.errors import OutputError, SettingsError
from stormcell.escape import terminal
from stormcell.times import readable
from stormcell.types import Paper

_FENCE: Final = "---\n"
_MOST_FRONT: Final = 16_384
"""Bytes of a file in which its front matter is looked for."""
_MOST_THEIRS: Final = 16_384
"""Characters of a text's own front matter; a longer one is text as any other."""
_MOST_SLUG: Final = 60
_MOST_PART: Final = 40
_REST: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper belongs in a folder.

    Attributes
    ----------
    path : Path
        The file that it goes to.
    data : bytes
        What is to be in it.
    former : Path or None
        The file that holds the review now, if that is another.
    there : bool
        Whether it is there already, this very revision.
    """

    path: Path
    data: bytes
    former: Path | None
    there: bool


def place(folder: Path, paper: Paper) -> Place:
    """Return where a paper belongs in a folder, which is only read.

    The file of a review is known by its front matter. It keeps its name while its title stays, so that links to it
    hold; a file of anything else is never taken.

    Raises
    ------
    OutputError
        If the folder cannot be read.
    """
    own = _own(folder, paper.review)
    if own is None:
        path = _free(folder, paper, readable(paper.time)[:10])
        return Place(path, page(paper, readable(paper.time)), None, there=False)
    former, front, body = own
    first = str(front.get("published") or readable(paper.time))
    wanted = _split(page(paper, first).decode())
    if body == wanted[1] and _lasting(front) == _lasting(wanted[0]):
        return Place(former, former.read_bytes(), None, there=True)
    data = page(paper, first)
    if front.get("title") == wanted[0]["title"] and front.get("kind") == paper.kind:
        return Place(former, data, None, there=False)
    return Place(_free(folder, paper, first[:10]), data, former, there=False)


def page(paper: Paper, first: str) -> bytes:
    """Return a paper with front matter, as Hugo, MkDocs and others read it.

    Parameters
    ----------
    paper : Paper
        If its text has front matter of its own, that is kept beside ours.
    first : str
        When the review was published first, RFC 3339.
    """
    theirs, body = _split(paper.markdown, _MOST_THEIRS)
    ours = {
        "title": terminal(paper.title).strip() or paper.group,
        "kind": paper.kind,
        "group": paper.group,
        "review": paper.review,
        "revision": paper.revision,
        "author": terminal(paper.author),
        "reviewer": terminal(paper.reviewer),
        "published": first,
        "lastmod": readable(paper.time),
    }
    # Ours first: the start of a file is where it is looked for.
    head = _yaml({**ours, **{name: value for name, value in theirs.items() if name not in ours}})
    text = body.rstrip("\n") + "\n"
    return f"{_FENCE}{head}{_FENCE}\n{text}".encode("utf-8", "replace")


def slug(text: str, most: int) -> str:
    """Return a text as a part of a file's name: small letters, digits and dashes; maybe nothing."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode().lower()
    whole = _REST.sub("-", plain).strip("-")
    if len(whole) <= most:
        return whole
    # Whole words, unless the first is too long.
    return whole[:most].rpartition("-")[0] or whole[:most]


def folder_of(target: str) -> Path:
    """Return the folder that a target names.

    Raises
    ------
    SettingsError
        If there is no such folder.
    """
    folder = Path(target).expanduser()
    if not target or "://" in target or "\0" in target or not folder.is_dir():
        raise SettingsError(f"expected a folder that is there, found {target[:200]!a}; make it, or name another")
    return folder


def url_of(option: str) -> str:
    """Return the option that says where the pages of a folder are read.

    Raises
    ------
    SettingsError
        If it is no such URL.
    """
    if option and not (re.match("https?://", option) and "{name}" in option):
        raise SettingsError(
            "the option 'url': expected a URL such as https://wiki.example.com/runbooks/{name}, where {name} "
            f"stands for the file without .md; found {option[:100]!a}"
        )
    return option


def where(url: str, path: Path) -> str:
    """Return where a file is read: by its URL if there is one."""
    return url.replace("{name}", quote(path.stem, safe="")) if url else str(path)


def _free(folder: Path, paper: Paper, date: str) -> Path:
    """Return a name that no file of anything else has."""
    parts = [
        slug(paper.kind, _MOST_PART) or "draft",
        date,
        slug(paper.group, _MOST_PART),
        slug(paper.title, _MOST_SLUG),
    ]
    stem = "-".join(part for part in parts if part)
    own = slug(paper.review, _MOST_PART)
    for end in ("", f"-{own}", *(f"-{own}-{number}" for number in range(2, 100))):
        path = folder / f"{stem}{end}.md"
        if not path.exists() and not path.is_symlink():
            return path
    raise OutputError(f"{folder} has files of all names that {stem}.md could get; take some away")


def _own(folder: Path, review: str) -> tuple[Path, Mapping[str, Any], str] | None:
    """Return the file of a review with its front matter and its text; None where there is none."""
    try:
        for path in _pages(folder):
            with path.open("rb") as file:
                start = file.read(_MOST_FRONT)
            if start.startswith(_FENCE.encode()) and review.encode() in start:
                front, body = _split(path.read_text(encoding="utf-8", errors="replace"))
                if front.get("review") == review:
                    return path, front, body
    except OSError as error:
        raise OutputError(f"cannot read {folder}: {error.strerror or error}") from error
    return None


def _pages(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*.md")) if path.is_file())


def _split(text: str, most: int | None = None) -> tuple[dict[Any, Any], str]:
    """Return the front matter of a text and what is behind it; {} where it has none, or one of more characters."""
    head, fence, body = text.removeprefix(_FENCE).partition(f"\n{_FENCE}")
    if not text.startswith(_FENCE) or not fence or len(head) > (len(text) if most is None else most):
        return {}, text
    try:
        front = yaml.safe_load(head)
    except Exception:  # people write it, and of what is no date, or too deep, all kinds are raised
        return {}, text
    return (front, body.lstrip("\n")) if isinstance(front, dict) else ({}, text)


def _lasting(front: Mapping[Any, Any]) -> str:
    """Return front matter without what is another at each time, as text.

    Values are not compared themselves: with aliases in aliases that would never end.
    """
    return _yaml({name: value for name, value in front.items() if name != "lastmod"}, sort_keys=True)


def _yaml(front: Mapping[Any, Any], *, sort_keys: bool = False) -> str:
    return str(yaml.safe_dump(dict(front), sort_keys=sort_keys, allow_unicode=True, width=1_000_000))

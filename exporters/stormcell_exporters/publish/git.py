"""Drafts as commits, a file each."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stormcell.errors import DeliveryError, OutputError, SettingsError
from stormcell.escape import terminal
from stormcell.files import write_atomic
from stormcell.privacy import conceal
from stormcell.types import Paper
from stormcell_exporters.publish.page import Place, folder_of, place, url_of, where

_AUTHOR: Final = re.compile(r"([^<>\n]*[^<>\s]) <([^<>\s]+)>")
_TIMEOUT: Final = 120.0
"""Seconds for a command of git, hooks and the network included."""
_MOST_SUBJECT: Final = 72
_MOST_SAID: Final = 500
# They would point git at another tree than that of the target.
_ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


class GitPublisher:
    """Writes each draft as ``FolderPublisher`` does, and commits that file and no other.

    Parameters
    ----------
    author : str
        Who commits, as ``Name <mail>``; "" for whom git's own settings name.
    branch : str
        The branch that has to be checked out; "" for whichever is.
    push : bool
        Whether to push the branch afterwards.
    remote : str
        Where to.
    url : str
        Where people read the folder, with ``{name}`` for a file's name without its ending; "" for the file itself.

    Raises
    ------
    SettingsError
        If one of them is something else.
    """

    def __init__(
        self, author: str = "", branch: str = "", push: bool = False, remote: str = "origin", url: str = ""
    ) -> None:
        self._identity: tuple[str, ...] = ("-c", "user.useConfigOnly=true")
        if author:
            named = _AUTHOR.fullmatch(author)
            if named is None:
                raise SettingsError(f"the option 'author': expected Name <mail>, found {author[:100]!a}")
            self._identity += ("-c", f"user.name={named[1]}", "-c", f"user.email={named[2]}")
        self._branch, self._push, self._remote, self._url = branch, push, remote, url_of(url)

    def publish(self, paper: Paper, target: str) -> str:
        """Write and commit a draft in a folder of a working tree, instead of the file of the same review.

        Raises
        ------
        OutputError
            If it cannot be written or committed; file and index are then as they were.
        DeliveryError
            If it cannot be pushed; it is committed then, and the next try pushes it.
        SettingsError
            If that is no folder of a working tree.
        """
        folder = folder_of(target)
        self._check(folder)
        branch = self._current(folder)
        found = place(folder, paper)
        paths = [found.path, *([found.former] if found.former is not None else [])]
        if not found.there or self._git(folder, "status", "--porcelain", "--", *_names(paths)):
            self._refuse_changes(folder, found, paths)
            with self._undone(folder, paths):
                self._commit(folder, found, paper)
        if self._push:
            self._send(folder, branch)
        return where(self._url, found.path)

    def _check(self, folder: Path) -> None:
        """Look whether all is there that a commit takes."""
        try:
            inside = self._git(folder, "rev-parse", "--is-inside-work-tree")
        except OutputError as error:
            raise SettingsError(f"expected a folder in a working tree of git, found {folder}: {error}") from error
        if inside != "true":
            raise SettingsError(
                f"expected a folder in a working tree of git, found one of its own files: {folder}"
            )
        try:
            self._git(folder, "var", "GIT_COMMITTER_IDENT")
        except OutputError as error:
            raise SettingsError(
                "git does not know who commits: set the option `author` to `Name <mail>`, or user.name and "
                f"user.email of git in {folder}"
            ) from error

    def _current(self, folder: Path) -> str:
        """Return the branch that is checked out, the right one; "" for none."""
        try:
            branch = self._git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
        except OutputError:
            branch = ""
        if self._branch and branch != self._branch:
            raise OutputError(
                f"{folder} is on {branch or 'no branch'}, not on {self._branch}: check that out, or "
                "change the option `branch`"
            )
        if self._push and not branch:
            raise OutputError(f"{folder} is on no branch, so nothing can be pushed: check one out")
        return branch

    def _refuse_changes(self, folder: Path, found: Place, paths: list[Path]) -> None:
        """Stop before what somebody changed in the file and did not commit."""
        for path in paths:
            changed = self._git(folder, "status", "--porcelain", "--", path.name)
            if changed and path.exists() and path.read_bytes() != found.data:
                raise OutputError(f"{path} has changes that are not committed: commit or undo them")

    @contextlib.contextmanager
    def _undone(self, folder: Path, paths: list[Path]) -> Iterator[None]:
        """Put files and index back as they were if it fails, as where a hook refuses the commit."""
        held = {path: path.read_bytes() if path.exists() else None for path in paths}
        try:
            yield
        except OutputError:
            with contextlib.suppress(OutputError):
                self._git(folder, "reset", "--quiet", "--", *_names(paths))
            for path, data in held.items():
                path.unlink(missing_ok=True) if data is None else write_atomic(path, data)
            raise

    def _commit(self, folder: Path, found: Place, paper: Paper) -> None:
        write_atomic(found.path, found.data)
        names = [found.path.name]
        if found.former is not None:
            found.former.unlink(missing_ok=True)
            if self._git(folder, "ls-files", "--", found.former.name):
                names.append(found.former.name)
        self._git(folder, "add", "--", found.path.name)
        self._git(folder, "commit", "--quiet", "--cleanup=whitespace", "--file=-", "--only", "--", *names,
                  given=_message(paper))  # fmt: skip

    def _send(self, folder: Path, branch: str) -> None:
        try:
            self._git(folder, "push", "--quiet", "--", self._remote, f"refs/heads/{branch}")
        except DeliveryError:
            raise
        except OutputError as error:
            raise DeliveryError(f"committed, but not pushed to {self._remote}: {error}", retryable=True) from error

    def _git(self, folder: Path, *arguments: str, given: str = "") -> str:
        """Return what a command of git prints, without blanks at its ends."""
        environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"}
        command = ["git", "-C", str(folder), *self._identity, *arguments]
        try:
            done = subprocess.run(  # noqa: S603  a list, its options ours; names stand behind --
                command, input=given.encode("utf-8", "replace"), capture_output=True, env=environment,
                timeout=_TIMEOUT, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise SettingsError("there is no program `git`: install it, or use the publisher `folder`") from error
        except subprocess.TimeoutExpired as error:
            raise DeliveryError(
                f"git {arguments[0]} did not end within {_TIMEOUT:g} s: does a hook wait, or the network?",
                retryable=True,
            ) from error
        if done.returncode:
            said = conceal(terminal((done.stderr or done.stdout).decode("utf-8", "replace").strip()))
            raise OutputError(f"git {arguments[0]} failed: {said[:_MOST_SAID] or f'exit {done.returncode}'}")
        return done.stdout.decode("utf-8", "replace").strip()


def _message(paper: Paper) -> str:
    """Return the message of a commit; what people and telemetry wrote stays on its line."""
    subject = f"Publish {paper.kind} of {paper.group}: {terminal(paper.title).strip()}"
    if len(subject) > _MOST_SUBJECT:
        subject = subject[: _MOST_SUBJECT - 1] + "…"
    lines = [
        terminal(subject),
        "",
        f"Draft {paper.review}, revision {paper.revision}.",
        "",
        f"Written-by: {terminal(paper.author)}",
        *([f"Reviewed-by: {terminal(paper.reviewer)}"] if paper.reviewer else []),
    ]
    return "\n".join(lines) + "\n"


def _names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]

"""Drafts as files of a folder."""

from __future__ import annotations

from stormcell.errors import OutputError
from stormcell.files import write_atomic
from stormcell.types import Paper
from stormcell_exporters.publish.page import folder_of, place, url_of, where


class FolderPublisher:
    """Writes each draft as a file of Markdown with front matter.

    Parameters
    ----------
    url : str
        Where people read the folder, with ``{name}`` for a file's name without its ending; "" for the file itself.

    Raises
    ------
    SettingsError
        If it is something else.
    """

    def __init__(self, url: str = "") -> None:
        self._url = url_of(url)

    def publish(self, paper: Paper, target: str) -> str:
        """Write a draft into a folder that is there, instead of the file of the same review.

        Raises
        ------
        OutputError
            If it cannot be written; the file is then as it was.
        SettingsError
            If there is no such folder.
        """
        found = place(folder_of(target), paper)
        if not found.there:
            write_atomic(found.path, found.data)
            if found.former is not None:
                try:
                    found.former.unlink(missing_ok=True)
                except OSError as error:
                    raise OutputError(
                        f"cannot take away {found.former}, which {found.path.name} replaces: {error.strerror}"
                    ) from error
        return where(self._url, found.path)

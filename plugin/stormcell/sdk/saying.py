"""Saying what is wrong once, however often it comes."""

from __future__ import annotations

import logging
import re
from typing import Final

log: Final = logging.getLogger("stormcell.sdk")

_NUMBER: Final = re.compile(r"\d+")


class Trouble:
    """Logs what goes wrong when it begins, and when it becomes another.

    Parameters
    ----------
    what : str
        What comes of it, in words to stand before it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._said = ""

    def is_(self, problem: str, error: Exception | None = None) -> None:
        """Say what is wrong now, "" where nothing is; the same with other numbers is not said again.

        Parameters
        ----------
        problem : str
        error : Exception, optional
            One that nobody expected, to be shown with where it was raised.
        """
        kind = _NUMBER.sub("0", problem)
        if problem and kind != self._said:
            log.log(logging.ERROR if error else logging.WARNING, "%s: %s", self._what, problem, exc_info=error)
        self._said = kind

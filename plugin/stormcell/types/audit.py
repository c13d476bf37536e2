"""Who changed what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from stormcell.types.events import Value

SIDECAR: Final = "sidecar"
"""As whom the sidecar itself is known."""
EXEMPLAR: Final = "exemplar"
"""What it is called when the sidecar gives a group another exemplar."""
CORRECTIONS: Final = ("merge", "split", "move", "pin", "undo")
"""What people do where the grouping is wrong."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change of a group, a draft, a codebook or a token, by a person or by the sidecar.

    Attributes
    ----------
    time : int
        When, ns.
    who : str
        As whom the one who changed it is known: a token's name, "anonymous", "cli" or "sidecar".
    action : str
        "ack", "resolve", "reopen", "merge", "split", "move", "pin", "undo", what is done to a draft, a codebook
        or a token, or what the sidecar does.
    target : str
        What it was done to: the id of a group, of a feedback or of a draft in review, the uid of an event, the
        version of a codebook, or the name of a token.
    groups : tuple of str
        The ids of all groups whose history it belongs to, those that it ended included.
    detail : mapping of str to Value
        What else is to be known; "by" is whom they said they are.
    number : int
        Counts all entries of a store from 1; 0 before it is stored.
    """

    time: int
    who: str
    action: str
    target: str
    groups: tuple[str, ...] = ()
    detail: Mapping[str, Value] = field(default_factory=dict)
    number: int = 0

    @property
    def by(self) -> str:
        """Whom they said they are; "" where they did not."""
        return str(self.detail.get("by") or "")

    @property
    def person(self) -> str:
        """Who it was: whom they said they are, else as whom they are known."""
        return self.by or self.who

    @property
    def signature(self) -> str:
        """As whom they are known, and in brackets whom they said they are."""
        return f"{self.who} ({self.by})" if self.by else self.who


@dataclass(frozen=True, slots=True)
class Seal:
    """What an entry of the audit log and all before it can be checked by.

    Attributes
    ----------
    number : int
        Of the entry; 0 before the first.
    seal : str
        64 hex digits; "" of an entry that was made before there were seals.
    """

    number: int
    seal: str

    def __str__(self) -> str:
        return f"{self.number}:{self.seal}"


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What a check of the seals found.

    Attributes
    ----------
    sealed : int
        Entries that fit their seals, up to the first that does not.
    unsealed : int
        Those made before there were seals, of which nothing can be told.
    start, head : Seal
        The entry after which the sealed ones begin (retention takes out the oldest), and the newest.
    number : int
        The first entry that is not as it was written; 0 where all are.
    problem : str
        What is wrong with it; "" where nothing is.
    """

    sealed: int
    unsealed: int
    start: Seal
    head: Seal
    number: int = 0
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether every sealed entry is as it was written, where it was written, and none is missing."""
        return not self.problem

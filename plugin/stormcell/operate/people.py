"""Who changes groups, drafts and codebooks, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.types import AuditEntry, Feedback, Group, ModelNote, NoteKind, Value

CLI: Final = "cli"
"""As whom those are known who use the command line."""
ANONYMOUS: Final = "anonymous"
"""As whom those are known who need no token."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who changes groups, drafts or codebooks.

    Attributes
    ----------
    name : str
        As whom they are known: the name of their token, ``ANONYMOUS`` or ``CLI``.
    by : str
        Who they say they are; "" where they don't.
    now : int
        When they act, wall clock, ns.
    """

    name: str
    by: str
    now: int

    @property
    def author(self) -> str:
        """Whose word it is; "" where that is not known."""
        return self.by or ("" if self.name in (CLI, ANONYMOUS) else self.name)

    def did(
        self, action: str, target: str, groups: Sequence[str], detail: Mapping[str, Value] | None = None
    ) -> AuditEntry:
        """Return what the audit log is to say of something that they did."""
        told: dict[str, Value] = {"by": self.by} if self.by else {}
        return AuditEntry(self.now, self.name, action, target, tuple(groups), told | dict(detail or {}))

    def noted(self, kind: NoteKind, version: str, detail: Mapping[str, Value]) -> ModelNote:
        """Return what is to be noted of something that they did to the model."""
        return ModelNote(self.now, kind, version, {"by": self.author or self.name, **detail})


@dataclass(frozen=True, slots=True)
class StatusSet:
    """A group whose status was set, as it is now, and its status before."""

    group: Group
    before: str

    @property
    def changed(self) -> bool:
        """Whether it is another than before."""
        return self.group.status != self.before


@dataclass(frozen=True, slots=True)
class Said:
    """What a feedback did to the store.

    Attributes
    ----------
    feedback : Feedback or None
        What was said; None where it was so already and nobody had to say it.
    changed : bool
        False where it had been said before and holds: nothing was done.
    groups : sequence of Group
        Those of it, as they are now.
    gone : sequence of str
        The ids of those that are no more.
    contradicted : sequence of str
        The ids of earlier feedback that no longer holds.
    """

    feedback: Feedback | None
    changed: bool
    groups: Sequence[Group]
    gone: Sequence[str] = ()
    contradicted: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """A feedback that was taken back.

    Attributes
    ----------
    feedback : str
        Its id.
    changed : bool
        False where it had been taken back before.
    restored : bool
        Whether the groups are as without it; else the next grouping will be.
    lost : sequence of (str, str)
        The ids of what was said later and does not apply without it, and why.
    """

    feedback: str
    changed: bool
    restored: bool
    lost: Sequence[tuple[str, str]] = ()

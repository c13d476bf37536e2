"""What happened to groups, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from stormcell.types import SIDECAR, AuditEntry, Value

_WORDS: Final[Mapping[str, str]] = {
    "ack": "acknowledged",
    "resolve": "resolved",
    "reopen": "reopened",
    "open": "opened",
    "merge": "merged",
    "split": "split events off",
    "move": "moved an event",
    "pin": "pinned the exemplar",
    "undo": "took back",
    "retrain": "asked for a training",
    "exemplar": "gave it another exemplar",
}
_WORDS_OF_DRAFTS: Final[Mapping[str, str]] = {
    "draft": "began a draft",
    "edit": "changed a draft",
    "redraft": "drew a draft anew",
    "submit": "asked for a review",
    "send back": "sent a draft back",
    "withdraw": "gave a draft up",
    "comment": "commented on a draft",
    "approve": "approved a draft",
    "publish": "published a draft",
    "supersede": "superseded a draft",
}
_WORDS_OF_CODEBOOKS: Final[Mapping[str, str]] = {
    "import": "imported",
    "promote": "promoted",
    "roll-back": "rolled back to",
    "reject": "rejected",
    "canary": "made a canary of",
    "stop-canary": "stopped the canary",
}
_WORDS_OF_TOKENS: Final[Mapping[str, str]] = {
    "new-token": "made a token for",
    "rotate-token": "rotated the token of",
    "revoke-token": "revoked the token of",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry of the audit log.

    Attributes
    ----------
    number, time : int
    who : str
        As whom they are known.
    by : str
        Whom they said they are; "" where they did not.
    machine : bool
        Whether the sidecar did it itself.
    action : str
    words : str
        The action in words.
    target : str
    groups : tuple of (str, bool)
        The groups it belongs to, and whether each is still there.
    event : str
        The uid of the event that was moved or pinned; "" for other actions.
    draft : str
        The id of the draft that it was done to; "" for other actions.
    codebook : str
        The version of the codebook that it was done to; "" for other actions.
    token : str
        The name of the token that it was done to; "" for other actions.
    plain : bool
        Whether it was done to the one group that it belongs to, and nothing else.
    details : tuple of (str, str)
        What else it tells.
    undoable : str
        The id of what was said, where that was not taken back; else "".
    """

    number: int
    time: int
    who: str
    by: str
    machine: bool
    action: str
    words: str
    target: str
    groups: tuple[tuple[str, bool], ...]
    event: str
    draft: str
    codebook: str
    token: str
    plain: bool
    details: tuple[tuple[str, str], ...]
    undoable: str


_ALL: Final = {**_WORDS, **_WORDS_OF_DRAFTS, **_WORDS_OF_CODEBOOKS, **_WORDS_OF_TOKENS}
_NAMES: Final = {"before": "was", "why": "because:", "taken": "taken by", "refused": "not taken by"}
_OWN: Final = frozenset(("by", "feedback", "gone", "restored"))
"""Details that are told otherwise."""


def happened(
    entries: Iterable[AuditEntry], living: Collection[str], said: Collection[str], about: str = ""
) -> tuple[Happened, ...]:
    """Return entries of the audit log in words.

    Parameters
    ----------
    entries : iterable of AuditEntry
    living : collection of str
        The ids of groups that are there.
    said : collection of str
        The ids of what people said and did not take back.
    about : str
        The group whose page it is, which is not named again.
    """
    return tuple(_happened(entry, living, said, about) for entry in entries)


def _happened(entry: AuditEntry, living: Collection[str], said: Collection[str], about: str) -> Happened:
    feedback = str(entry.detail.get("feedback", ""))
    return Happened(
        number=entry.number,
        time=entry.time,
        who=entry.who,
        by=entry.by,
        machine=entry.who == SIDECAR,
        action=entry.action,
        words=_ALL.get(entry.action, entry.action),
        target=entry.target,
        groups=tuple((id, id in living) for id in entry.groups if id != about),
        event=entry.target if entry.action in ("move", "pin") else "",
        draft=entry.target if entry.action in _WORDS_OF_DRAFTS else "",
        codebook=entry.target if entry.action in _WORDS_OF_CODEBOOKS else "",
        token=entry.target if entry.action in _WORDS_OF_TOKENS else "",
        plain=entry.groups == (entry.target,),
        details=tuple(
            (_NAMES.get(name, name), _told(value))
            for name, value in entry.detail.items()
            if value and name not in _OWN
        ),
        undoable=feedback if feedback in said else "",
    )


def _told(value: Value) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)

"""What follows from what was seen of codebooks: promoting, rejecting, rolling back, by the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from stormcell.codebook.canary import Action, Edits, probation, verdict
from stormcell.codebook.document import dump
from stormcell.config import Settings
from stormcell.engine.model_state import Canary, Probation
from stormcell.engine.model_training import Trained
from stormcell.store import SqliteStore
from stormcell.store.listing import Order, Wanted
from stormcell.types import (
    CORRECTIONS,
    MADE_LIVE,
    SIDECAR,
    AuditEntry,
    CodebookState,
    ModelNote,
    NoteKind,
    Value,
    WindowSummary,
)

Write = Callable[[SqliteStore], object]
"""Writes to the store, within a transaction."""

_MOST: Final = 1000
"""Edits, and groups, that are looked at to count them."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What decisions are made by.

    Attributes
    ----------
    store : SqliteStore
        Is looked at, and not written to.
    settings : Settings
    wall : int
        Wall clock, ns.
    """

    store: SqliteStore
    settings: Settings
    wall: int

    def promote(self, version: str, live: str, reasons: tuple[str, ...]) -> Write:
        """Return what makes a codebook live instead of another."""
        return self._succeed(NoteKind.PROMOTED, "promote", version, live, reasons, CodebookState.RETIRED)

    def roll_back(self, former: str, live: str, reasons: tuple[str, ...]) -> Write:
        """Return what makes the former codebook live again."""
        return self._succeed(NoteKind.ROLLED_BACK, "roll-back", former, live, reasons, CodebookState.REJECTED)

    def note(self, kind: NoteKind, version: str, **detail: Value) -> ModelNote:
        """Return a note of the sidecar's own."""
        return ModelNote(self.wall, kind, version, {"by": SIDECAR, **detail})

    def _succeed(
        self,
        kind: NoteKind,
        action: str,
        version: str,
        live: str,
        reasons: tuple[str, ...],
        replaced: CodebookState,
    ) -> Write:
        why = "; ".join(reasons)
        entry = AuditEntry(self.wall, SIDECAR, action, version, (), {"from": live, "why": why})
        note = self.note(kind, version, why=why, **{"from": live})
        return lambda store: store.set_codebook_state(
            version, CodebookState.LIVE, note=note, audit=[entry], expected=live, replaced=replaced
        )


def was_promoted(store: SqliteStore, version: str) -> bool:
    """Whether a codebook became live as a new one, and not by a roll back."""
    if not version:
        return False
    return [note.kind for note in store.notes(*MADE_LIVE, version=version, limit=1)] == [NoteKind.PROMOTED]


def judge_canary(decisions: Decisions, canary: Canary, released: int) -> tuple[Canary | None, list[Write]]:
    """Say what becomes of a canary, a window of which is complete.

    Returns
    -------
    Canary or None
        As it goes on; None where it is one no longer.
    list of Write
    """
    settings = decisions.settings
    edits = _edits(decisions, canary, released)
    found = verdict(canary.comparison, settings.rollout, min_events=settings.drift.min_events, edits=edits)
    judged = replace(canary, action=found.action.value, reasons=found.reasons)
    match found.action:
        case Action.REJECT:
            return None, [refuse(decisions, judged)]
        case Action.PROMOTE if settings.rollout.promote == "auto":
            note = _ended(decisions, judged, "promoted")
            return None, [
                lambda store: store.add_note(note),
                decisions.promote(canary.version, canary.live, found.reasons),
            ]
        case Action.PROMOTE if canary.action != Action.PROMOTE.value:
            note = _ended(decisions, judged, "ready")
            return judged, [lambda store: store.add_note(note)]
    return judged, []


def refuse(decisions: Decisions, canary: Canary) -> Write:
    """Return what rejects a canary, for the reasons that it bears."""
    entry = AuditEntry(decisions.wall, SIDECAR, "reject", canary.version, (), {"why": "; ".join(canary.reasons)})
    note = _ended(decisions, canary, "rejected")
    return lambda store: store.set_codebook_state(canary.version, CodebookState.REJECTED, note=note, audit=[entry])


def judge_promoted(
    decisions: Decisions, one: Probation, window: WindowSummary, slowest: float, can_go_back: bool
) -> tuple[Probation | None, list[Write]]:
    """Say what becomes of a codebook that was promoted, a window of which is complete.

    Returns
    -------
    Probation or None
        As it goes on; None where it is over.
    list of Write
    """
    store, settings = decisions.store, decisions.settings
    most = settings.rollout.windows
    before = store.windows(one.former, most)
    after = [window, *(old for old in store.windows(one.version, most) if one.since <= old.end != window.end)]
    found = probation(
        before,
        after,
        settings.rollout,
        former=one.comparison,
        slowest=slowest,
        min_events=settings.drift.min_events,
    )
    if found.action is Action.ROLL_BACK and can_go_back:
        return None, [decisions.roll_back(one.former, one.version, found.reasons)]
    return (None if found.action is Action.KEEP else one), []


def trained(decisions: Decisions, found: Trained, live: str, *, canary: bool) -> list[Write]:
    """Return what is to be stored of a training: the codebook, as the canary where it can be one."""
    store = decisions.store
    outcome = "done" if found.codebook is not None else "failed"
    detail: dict[str, Value] = {"job": "retrain", "seconds": round(found.seconds, 3), "why": found.why}
    if found.problem:
        detail["problem"] = found.problem
    codebook = found.codebook
    version = "" if codebook is None else codebook.version
    if codebook is not None and any(one.version == version for one in store.codebooks()):
        codebook, outcome = None, "skipped"
    writes: list[Write] = []
    if codebook is not None:
        document, made = dump(codebook), codebook
        told = decisions.note(
            NoteKind.TRAINED,
            version,
            why=found.why,
            codewords=len(codebook.codewords),
            events=codebook.provenance.events,
        )
        writes.append(lambda store: store.add_codebook(made, document, [told], now=decisions.wall))
        if not live and decisions.settings.rollout.promote == "auto":
            writes.append(decisions.promote(version, "", ("there was none",)))
        elif live and not canary:
            start = decisions.note(NoteKind.CANARY_STARTED, version, why=found.why)
            entry = AuditEntry(decisions.wall, SIDECAR, "canary", version, (), {"why": found.why})
            writes.append(
                lambda store: store.set_codebook_state(version, CodebookState.CANARY, note=start, audit=[entry])
            )
    job = decisions.note(NoteKind.JOB, version, **detail, outcome=outcome)
    return [*writes, lambda store: store.add_note(job)]


def _ended(decisions: Decisions, canary: Canary, outcome: str) -> ModelNote:
    one = canary.comparison
    means: dict[str, Value] = {name: dict(side) for name, side in one.means().items()}
    return decisions.note(
        NoteKind.CANARY_ENDED,
        canary.version,
        verdict=outcome,
        reasons=list(canary.reasons),
        live=canary.live,
        events=one.events,
        agreement=one.agreement,
        churn=one.churn,
        means=means,
    )


def _edits(decisions: Decisions, canary: Canary, released: int) -> Edits:
    """Return how often people mended groups since a canary is watched, and in as much time before."""
    store, wall = decisions.store, max(decisions.wall, canary.started)
    earlier = 2 * canary.started - wall
    entries = [entry for entry in store.newest_entries(limit=_MOST) if entry.action in CORRECTIONS]
    times = [entry.time for entry in entries if entry.who != SIDECAR and earlier <= entry.time]
    during = sum(time >= canary.started for time in times)
    if not during:
        return Edits()
    since = 2 * canary.since - released
    groups = store.page_of_groups(Wanted(since=since, until=released), Order(), limit=_MOST)
    began = [group.first_seen for group in groups if group.first_seen >= since]
    begun = sum(time >= canary.since for time in began)
    return Edits(len(times) - during, len(began) - begun, during, begun)

"""What people said of groups, applied to the groups of a session.

Each feedback is a constraint between atoms: merge is a must-link between groups, split a cannot-link between an
event and a group's exemplar, move both, pin names an exemplar (links as in Wagstaff et al., "Constrained k-means
clustering with background knowledge", ICML 2001). The clustering is solved without them first, then mended: what
they do not speak of stays where it is, and the result is the same whether they were known before or said later.

An atom is known again by the events of which it was said, and elsewhere by its voice: the fingerprint of its most
surprising row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stormcell.types import Feedback, IntArray, Kind, Mark, Outcome, State

_Set = set[int]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The p atoms of a session in k groups, as feedback sees them; atoms and groups are numbers from 0.

    Attributes
    ----------
    labels : IntArray, shape (p,)
        The group of each atom, ascending by time.
    medoids : IntArray, shape (k,)
        The exemplar's atom of each group.
    items : IntArray, shape (p,)
        Events.
    voices : sequence of str, length p
    holders : mapping of str to int
        The atom that holds an event; at least of those that are spoken of.
    carriers : mapping of str to sequence of int
        The atoms that hold a fingerprint; at least of those that are pinned.
    """

    labels: IntArray
    medoids: IntArray
    items: IntArray
    voices: Sequence[str]
    holders: Mapping[str, int]
    carriers: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The groups of a session under feedback.

    Attributes
    ----------
    labels : IntArray, shape (p,)
        Index into the groups that are left, those of before first.
    medoids : IntArray, shape (k,)
        The exemplar's atom of each group, -1 where one is to be found.
    origins : tuple of int, length k
        Which group of before it is, -1 for a new one.
    exemplars : tuple of str, length k
        The event, or else the fingerprint, that a person wants for the exemplar; "" for none.
    founders : tuple of str, length k
        The event for which a new group was opened, by which it is known; "" for none.
    placed : mapping of int to tuple of str
        The feedback that put an atom where it is, oldest first.
    outcomes : tuple of Outcome
        One for each feedback that counts.
    """

    labels: IntArray
    medoids: IntArray
    origins: tuple[int, ...]
    exemplars: tuple[str, ...]
    founders: tuple[str, ...]
    placed: Mapping[int, tuple[str, ...]]
    outcomes: tuple[Outcome, ...]


def judge(feedback: Iterable[Feedback], scene: Scene) -> Verdict:
    """Apply feedback to a session's groups, oldest first, pins last; of what contradicts the latest wins.

    A group that is merged or loses atoms keeps its exemplar unless that leaves or another is pinned. Of merged
    groups the one with the most events is kept.
    """
    said = [one for one in feedback if not one.undone]
    before = review(said, scene)
    board = _Board(scene)
    for one in sorted(said, key=lambda one: one.kind is Kind.PIN):
        _APPLY[one.kind](board, one)
    outcomes = (
        replace(_outcome(board, at, said), needed=state not in (State.HONOURED, State.ABSENT))
        for at, state in enumerate(before)
    )
    return board.verdict(tuple(outcomes))


def review(feedback: Iterable[Feedback], scene: Scene) -> list[State]:
    """Return whether the groups of a session are as each feedback wants them, without applying any."""
    said = [one for one in feedback if not one.undone]
    board = _Board(scene)
    return [_outcome(board, at, said).state for at in range(len(said))]


@dataclass(slots=True)
class _Board:
    """Where the atoms are while feedback is applied."""

    scene: Scene
    labels: list[int] = field(init=False)
    medoids: list[int] = field(init=False)
    exemplars: dict[int, str] = field(init=False, default_factory=dict)
    founders: dict[int, str] = field(init=False, default_factory=dict)
    placed: dict[int, list[str]] = field(init=False, default_factory=dict)
    _heard: dict[str, _Set] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.labels, self.medoids = self.scene.labels.tolist(), self.scene.medoids.tolist()
        for atom, voice in enumerate(self.scene.voices):
            if voice:
                self._heard.setdefault(voice, set()).add(atom)

    def exact(self, mark: Mark) -> _Set:
        """Return the atoms that hold the very events."""
        return {self.scene.holders[uid] for uid in mark.uids if uid in self.scene.holders}

    def find(self, mark: Mark) -> _Set:
        """Return the atoms that hold the very events; if there are none, those that say the same."""
        return self.exact(mark) or self.saying({mark.fingerprint})

    def saying(self, voices: set[str]) -> _Set:
        return set().union(*(self._heard.get(voice, ()) for voice in voices))

    def groups(self, atoms: Iterable[int]) -> _Set:
        return {self.labels[atom] for atom in atoms}

    def inside(self, groups: _Set) -> _Set:
        return {atom for atom, label in enumerate(self.labels) if label in groups}

    def largest(self, groups: Iterable[int]) -> int:
        """Return the group with the most events, of equals the one whose atoms begin first."""

        def rank(group: int) -> tuple[int, int]:
            atoms = self.inside({group})
            return -sum(int(self.scene.items[atom]) for atom in atoms), min(atoms)

        return min(groups, key=rank)

    def open(self, medoid: int) -> int:
        """Open a group; -1 for a medoid that is to be found."""
        self.medoids.append(medoid)
        return len(self.medoids) - 1

    def place(self, atoms: Iterable[int], group: int, by: Feedback) -> None:
        for atom in sorted(atoms):
            before = self.labels[atom]
            if before == group:
                continue
            if self.medoids[before] == atom:
                self.medoids[before] = -1
                self.exemplars.pop(before, None)
            self.labels[atom] = group
            self.placed.setdefault(atom, []).append(by.id)

    def verdict(self, outcomes: tuple[Outcome, ...]) -> Verdict:
        left = sorted(set(self.labels))
        known = len(self.scene.medoids)
        return Verdict(
            labels=np.searchsorted(left, self.labels),
            medoids=np.array([self.medoids[group] for group in left], dtype=np.int64),
            origins=tuple(group if group < known else -1 for group in left),
            exemplars=tuple(self.exemplars.get(group, "") for group in left),
            founders=tuple(self.founders.get(group, "") for group in left),
            placed={
                atom: tuple(ids)
                for atom, ids in self.placed.items()
                if self.labels[atom] >= known or self.labels[atom] != self.scene.labels[atom]
            },
            outcomes=outcomes,
        )


def _sides(board: _Board, said: Feedback) -> list[_Set]:
    """Return the atoms of each mark. Where voices alone speak, what sounds the same cannot be kept apart."""
    apart = said.marks[0].fingerprint if said.kind in (Kind.SPLIT, Kind.MOVE) else None
    rest = (board.exact(mark) if mark.fingerprint == apart else board.find(mark) for mark in said.marks[1:])
    return [board.find(said.marks[0]), *rest]


def _merge(board: _Board, said: Feedback) -> None:
    sides = [atoms for atoms in _sides(board, said) if atoms]
    if len(sides) < 2:
        return
    atoms = set().union(*sides)
    # A group comes as a whole if what speaks for it does, or says the same: while a group grows, another of its
    # atoms may come to speak for it. Of others come only those who are spoken of.
    heard = atoms | board.saying({mark.fingerprint for mark in said.marks})
    here = board.groups(atoms)
    whole = {group for group, medoid in enumerate(board.medoids) if medoid in heard and group in here}
    target = board.largest(whole or board.groups(atoms))
    board.place(atoms | board.inside(whole), target, said)


def _split(board: _Board, said: Feedback) -> None:
    own, *_ = _sides(board, said)
    first = said.marks[1]
    for left in sorted(board.groups(own)):
        leaving = (_unlike(board, said.marks[0], said.marks[1:]) & board.inside({left})) - own
        if leaving:
            named = board.exact(first) & leaving
            new = board.open(min(named, default=-1))
            if named:
                board.exemplars[new] = board.founders[new] = first.uids[0]
            board.place(leaving, new, said)


def _unlike(board: _Board, group: Mark, events: Sequence[Mark]) -> _Set:
    """Return the atoms that may not be with a group's exemplar: the events' own, and all that say the same."""
    voices = {event.fingerprint for event in events} - {group.fingerprint}
    return set().union(*map(board.exact, events)) | (board.saying(voices) - board.find(group))


def _move(board: _Board, said: Feedback) -> None:
    old, event, _ = said.marks
    own, moving, there = _sides(board, said)
    if not own:
        return
    alike = _unlike(board, old, [event]) & board.inside(board.groups(own))
    moving, there = (moving | alike) - own, there - own
    if not there:
        moving &= alike
        target = board.open(-1)
    elif elsewhere := board.groups(there) - board.groups(own):
        target = board.largest(elsewhere)
    else:
        # What it belongs with is itself among what it does not belong with: both leave.
        target = board.open(-1)
        moving |= there if moving else set()
    board.place(moving, target, said)


def _pin(board: _Board, said: Feedback) -> None:
    [event] = said.marks
    for group, atom in _pinnable(board, event).items():
        board.medoids[group] = atom
        board.exemplars[group] = _wanted(board, event)


def _wanted(board: _Board, event: Mark) -> str:
    """Return what the exemplar is to be: the event, or else any of its fingerprint."""
    return event.uids[0] if board.exact(event) else event.fingerprint


def _pinnable(board: _Board, event: Mark) -> dict[int, int]:
    """Return the groups that hold the event, or else its like, and the first atom of each that does."""
    atoms = board.exact(event) or set(board.scene.carriers.get(event.fingerprint, ()))
    return {board.labels[atom]: atom for atom in sorted(atoms, reverse=True)}


_APPLY: Mapping[Kind, Callable[[_Board, Feedback], None]] = {
    Kind.MERGE: _merge,
    Kind.SPLIT: _split,
    Kind.MOVE: _move,
    Kind.PIN: _pin,
}


def _outcome(board: _Board, at: int, said: Sequence[Feedback]) -> Outcome:
    """Look at where the atoms are in the end, not at what was done."""
    one = said[at]
    sides = _sides(board, one)
    match one.kind:
        case Kind.MERGE:
            there = sum(map(bool, sides)) > 1
            # Other atoms may have been split off since: what speaks for the groups is what is together.
            speaking = (board.exact(replace(mark, uids=mark.uids[:1])) or board.find(mark) for mark in one.marks)
            kept = len(board.groups(set().union(*speaking))) < 2
        case Kind.SPLIT:
            there = bool(sides[0] and any(sides[1:]))
            kept = _apart(board, one)
        case Kind.MOVE:
            own, moved, new = sides
            there = bool(own and moved)
            kept = _apart(board, one) and (
                not new or (len(board.groups(moved)) == 1 and board.groups(moved) <= board.groups(new))
            )
        case Kind.PIN:
            groups = _pinnable(board, one.marks[0])
            there = bool(groups)
            kept = all(board.exemplars.get(group) == _wanted(board, one.marks[0]) for group in groups)
    if not there:
        return Outcome(one.id, State.ABSENT, "what it speaks of is not in one session")
    if kept:
        return Outcome(one.id, State.HONOURED)
    if one.kind in (Kind.SPLIT, Kind.MOVE) and sides[0] & set().union(*sides[1:]):
        why = "one atom (the same trace, request, resource or burst) holds what it keeps apart"
        return Outcome(one.id, State.IMPOSSIBLE, why)
    later = said[at + 1 :]
    ids = {other.id for other in later}
    by = [id for atom in sorted(set().union(*sides)) for id in board.placed.get(atom, ()) if id in ids]
    if one.kind is Kind.PIN:
        by = [other.id for other in later if other.kind is Kind.PIN]
    if by:
        return Outcome(one.id, State.OVERRULED, f"{by[-1]} was said later and contradicts it")
    return Outcome(one.id, State.IMPOSSIBLE, "what else was said leaves it no place")


def _apart(board: _Board, said: Feedback) -> bool:
    """Whether nothing is with the first mark's exemplar that the second (of a split: any other) keeps away."""
    events = said.marks[1:] if said.kind is Kind.SPLIT else said.marks[1:2]
    own = board.find(said.marks[0])
    return not board.groups(own) & board.groups(_unlike(board, said.marks[0], events))

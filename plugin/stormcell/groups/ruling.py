"""What became of the rules of the house in a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.config import RulesSettings, TogetherRule
from stormcell.features.outline import Outline
from stormcell.groups.feedback import Verdict
from stormcell.groups.units import Clash, Marks, parts
from stormcell.types import IntArray, Rows, RuleOutcome, State


@dataclass(frozen=True, slots=True, eq=False)
class Ruled:
    """A run as rules see it.

    Attributes
    ----------
    rows : Rows, n rows
    atom_of : IntArray, shape (n,)
    outline : Outline
        Of the atoms that are in sessions.
    marks : mapping of int to Marks
        Of all atoms.
    sessions : sequence of IntArray
        Atoms.
    labels : sequence of IntArray
        The group of each, people's judgements included.
    placed : sequence of mapping of int to tuple of str
        For each session the rules that put atoms where they are, by position.
    clashes : sequence of mapping of int to Clash
        For each session why rules cannot hold there; the atoms are numbered as in ``marks``.
    verdicts : mapping of int to Verdict
        By session.
    silence : int
        That ends a session, ns.
    """

    rows: Rows
    atom_of: IntArray
    outline: Outline
    marks: Mapping[int, Marks]
    sessions: Sequence[IntArray]
    labels: Sequence[IntArray]
    placed: Sequence[Mapping[int, tuple[str, ...]]]
    clashes: Sequence[Mapping[int, Clash]]
    verdicts: Mapping[int, Verdict]
    silence: int


def rule(ruled: Ruled, rules: RulesSettings) -> tuple[RuleOutcome, ...]:
    """Return what became of each rule: ``same``, then ``together``, then ``apart``, in their order."""
    if not rules.same and not rules.named:
        return ()
    group_of = {
        atom: (number, label)
        for number, session in enumerate(ruled.sessions)
        for atom, label in zip(session.tolist(), ruled.labels[number].tolist(), strict=True)
    }
    outcomes = [_same(ruled, at, one.name, group_of) for at, one in enumerate(rules.same)]
    outcomes += [_named(ruled, at, rules, group_of) for at in range(len(rules.named))]
    return tuple(outcomes)


def _same(ruled: Ruled, at: int, name: str, group_of: Mapping[int, tuple[int, int]]) -> RuleOutcome:
    rows = ruled.rows
    own = [row for row, values in enumerate(rows.same) if values[at]]
    if not own:
        return RuleOutcome(name, "same", State.ABSENT, "nothing that is there has it")
    return RuleOutcome(
        rule=name,
        kind="same",
        state=State.HONOURED,
        events=int(rows.weight[own].sum()),
        groups=_groups(ruled, own, group_of),
        example=rows.events[own[0]].uid,
        values=len({rows.same[row][at] for row in own}),
    )


def _named(ruled: Ruled, at: int, rules: RulesSettings, group_of: Mapping[int, tuple[int, int]]) -> RuleOutcome:
    rows, one = ruled.rows, rules.named[at]
    own = [row for row, sides in enumerate(rows.sides) if sides[at]]
    kind = "together" if isinstance(one, TogetherRule) else "apart"
    if not own:
        return RuleOutcome(one.name, kind, State.ABSENT, "it speaks of nothing that is there")
    moved = {
        int(session[place])
        for session, placed in zip(ruled.sessions, ruled.placed, strict=True)
        for place, names in placed.items()
        if one.name in names
    }
    inside = [row for row, atom in enumerate(ruled.atom_of.tolist()) if atom in moved] if moved else []
    state, why = _state(ruled, at, rules)
    by = isinstance(one, TogetherRule) and bool(one.by)
    return RuleOutcome(
        rule=one.name,
        kind=kind,
        state=state,
        why=why,
        events=int(rows.weight[own].sum()),
        groups=_groups(ruled, own, group_of),
        moved=int(rows.weight[inside].sum()) if inside else 0,
        example=rows.events[(inside or own)[0]].uid,
        values=len({side for row in own for side in rows.sides[row][at]}) if by else 0,
    )


def _groups(ruled: Ruled, own: Sequence[int], group_of: Mapping[int, tuple[int, int]]) -> int:
    return len({group_of[atom] for atom in ruled.atom_of[np.array(own)].tolist() if atom in group_of})


def _state(ruled: Ruled, at: int, rules: RulesSettings) -> tuple[State, str]:
    """Look at where the atoms are in the end, not at what was done."""
    clash = next((found[at] for found in ruled.clashes if at in found), None)
    if clash is not None:
        return State.IMPOSSIBLE, _clash(ruled, at, clash, rules)
    one = rules.named[at]
    for number, session in enumerate(ruled.sessions):
        marks = [_sides(ruled.marks.get(atom, ()), at) for atom in session.tolist()]
        if _kept(marks, ruled.labels[number].tolist(), joins=isinstance(one, TogetherRule), parts=parts(one)):
            continue
        verdict = ruled.verdicts.get(number)
        said = sorted({name for names in verdict.placed.values() for name in names}) if verdict else []
        return State.OVERRULED, f"of these very groups people said otherwise: {', '.join(said)}"
    if isinstance(one, TogetherRule) and (names := _across(ruled, at, rules)):
        return State.IMPOSSIBLE, f"it joins what rules.same keeps apart ({names}); it holds within each value"
    return State.HONOURED, ""


def _clash(ruled: Ruled, at: int, clash: Clash, rules: RulesSettings) -> str:
    rows = np.flatnonzero(ruled.atom_of == clash.atom).tolist()
    first = ruled.rows.events[rows[0]].uid
    if clash.rule is not None:
        return f"{rules.named[clash.rule].name} keeps apart what it joins: {first}"
    both = [row for row in rows if len(ruled.rows.sides[row][at]) > 1]
    if both:
        return f"an event is on both sides of it: {ruled.rows.events[both[0]].uid}"
    return f"one atom (the same trace, request or resource) is on two sides of it: {first}"


def _sides(marks: Iterable[tuple[int, str]], at: int) -> list[str]:
    return [side for rule, side in marks if rule == at]


def _kept(marks: Sequence[list[str]], labels: Sequence[int], *, joins: bool, parts: bool) -> bool:
    """Whether a rule holds in a session; an atom on several sides says nothing."""
    groups: dict[str, set[int]] = {}
    sides: dict[int, set[str]] = {}
    for own, label in zip(marks, labels, strict=True):
        if len(own) == 1:
            groups.setdefault(own[0], set()).add(label)
            sides.setdefault(label, set()).add(own[0])
    together = all(len(found) < 2 for found in groups.values())
    return (together or not joins) and (not parts or all(len(found) < 2 for found in sides.values()))


def _across(ruled: Ruled, at: int, rules: RulesSettings) -> str:
    """Return the labels that keep apart what a rule joins at one time; "" for none."""
    if not ruled.rows.same:
        return ""
    spans: dict[str, list[tuple[int, int, tuple[str, ...]]]] = {}
    first_row = np.unique(ruled.atom_of, return_index=True)[1]
    for session in ruled.sessions:
        if len(session) == 0:
            continue
        begin = int(ruled.outline.first[session].min())
        end = int(ruled.outline.last[session].max())
        same = ruled.rows.same[first_row[session[0]]]
        for side in {side for atom in session.tolist() for side in _sides(ruled.marks.get(atom, ()), at)}:
            for other_begin, other_end, other in spans.get(side, ()):
                if other != same and begin - ruled.silence <= other_end and other_begin - ruled.silence <= end:
                    pairs = zip(rules.same, same, other, strict=True)
                    return ", ".join(label.name for label, mine, theirs in pairs if mine != theirs)
            spans.setdefault(side, []).append((begin, end, same))
    return ""

"""Units: atoms that rules join, each on one side of every rule that keeps apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stormcell.config import ApartRule, TogetherRule

Marks = frozenset[tuple[int, str]]
"""Pairs of a rule, by its place in ``rules.named``, and a side of it."""

Rules = Sequence[TogetherRule | ApartRule]


def parts(rule: TogetherRule | ApartRule) -> bool:
    """Whether what is on different sides of the rule is never in one group."""
    return isinstance(rule, ApartRule) or bool(rule.by)


@dataclass(frozen=True, slots=True)
class Clash:
    """Why a rule cannot hold: an atom on several of its sides, or another rule that keeps apart what it joins."""

    atom: int
    rule: int | None = None


@dataclass(slots=True)
class Units:
    """The units of a session's atoms; atoms are positions, rules are places in ``rules``.

    Atoms that no rule joins are units of themselves. A unit is called by the first of its atoms.

    Attributes
    ----------
    rules : sequence of rules
    marks : mapping of int to Marks
    unit : dict of int to int
        The unit of each atom with marks.
    members : dict of int to list of int
    sides : dict of int to dict of int to str
        Of each unit, the side of each rule that it is on.
    joined : dict of int to list of int
        The rules that joined each unit.
    clashes : dict of int to Clash
        The first of each rule.
    """

    rules: Rules
    marks: Mapping[int, Marks]
    unit: dict[int, int] = field(init=False, default_factory=dict)
    members: dict[int, list[int]] = field(init=False, default_factory=dict)
    sides: dict[int, dict[int, str]] = field(init=False, default_factory=dict)
    joined: dict[int, list[int]] = field(init=False, default_factory=dict)
    clashes: dict[int, Clash] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for atom in sorted(self.marks):
            self.unit[atom], self.members[atom], self.joined[atom] = atom, [atom], []
            self.sides[atom] = {rule: side for rule, side in sorted(self.marks[atom]) if parts(self.rules[rule])}
            several = len([rule for rule, _ in self.marks[atom] if parts(self.rules[rule])])
            if several > len(self.sides[atom]):
                self._set_free(atom)
        for rule, one in enumerate(self.rules):
            if isinstance(one, TogetherRule):
                self._join(rule)

    def side(self, atom: int, rule: int) -> str | None:
        """Return the side of a rule that an atom's unit is on."""
        return self.sides[self.unit[atom]].get(rule) if atom in self.unit else None

    def _set_free(self, atom: int) -> None:
        """Take an atom off rules of which it is on several sides: what is one atom certainly belongs together."""
        own = sorted(self.marks[atom])
        for rule in {rule for rule, _ in own}:
            if len([1 for other, _ in own if other == rule]) > 1 and parts(self.rules[rule]):
                del self.sides[atom][rule]
                self.clashes.setdefault(rule, Clash(atom))

    def _join(self, rule: int) -> None:
        """Join the atoms of each side of a rule, but for those that other rules keep apart."""
        by_side: dict[str, list[int]] = {}
        for atom in sorted(self.marks):
            sides = [side for other, side in self.marks[atom] if other == rule]
            if len(sides) == 1:
                by_side.setdefault(sides[0], []).append(atom)
        for side in sorted(by_side):
            made: list[int] = []
            for atom in by_side[side]:
                own = self.unit[atom]
                fitting = next((unit for unit in made if self._between(unit, own) is None), None)
                if fitting is None:
                    made.append(own)
                    if len(made) > 1:
                        self.clashes.setdefault(rule, Clash(atom, self._between(made[0], own)))
                elif fitting != own:
                    made[made.index(fitting)] = self._unite(fitting, own, rule)
            for unit in made:
                if len(self.members[unit]) > 1 and rule not in self.joined[unit]:
                    self.joined[unit].append(rule)

    def _between(self, one: int, other: int) -> int | None:
        """Return the first rule that keeps two units apart."""
        mine, theirs = self.sides[one], self.sides[other]
        return next((rule for rule in sorted(mine) if theirs.get(rule, mine[rule]) != mine[rule]), None)

    def _unite(self, one: int, other: int, rule: int) -> int:
        low, high = sorted((one, other))
        for atom in self.members[high]:
            self.unit[atom] = low
        self.members[low] = sorted([*self.members[low], *self.members.pop(high)])
        self.sides[low] |= self.sides.pop(high)
        self.joined[low] = sorted({*self.joined[low], *self.joined.pop(high), rule})
        return low

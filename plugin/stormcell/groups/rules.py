"""The rules of the house, applied to the clusters of a session.

A rule that joins is a must-link between atoms, one that keeps apart a cannot-link (Wagstaff et al., "Constrained
k-means clustering with background knowledge", ICML 2001). The session is clustered without them first, and mended
then: what they do not speak of stays where it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stormcell.config import GroupingSettings
from stormcell.distance.mixed import MixedPoints
from stormcell.features.outline import Outline
from stormcell.groups.central import labelled, most_central
from stormcell.groups.partition import Partition
from stormcell.groups.units import Clash, Marks, Rules, Units, parts
from stormcell.types import DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Obeyed:
    """A session under rules.

    Attributes
    ----------
    part : Partition
        The same object where nothing changed.
    placed : mapping of int to tuple of str
        The rules that put an atom where it is, by its position in ``part.kept``.
    clashes : mapping of int to Clash
        For each rule that cannot hold, why; the atom is a position in the session.
    """

    part: Partition
    placed: Mapping[int, tuple[str, ...]]
    clashes: Mapping[int, Clash]

    def named(self, session: IntArray) -> dict[int, Clash]:
        """Return the clashes with atoms as they are numbered in the whole run."""
        return {rule: replace(clash, atom=int(session[clash.atom])) for rule, clash in self.clashes.items()}


def obey(
    points: MixedPoints,
    session: IntArray,
    outline: Outline,
    weights: DoubleArray,
    part: Partition,
    marks: Mapping[int, Marks],
    rules: Rules,
    settings: GroupingSettings,
) -> Obeyed:
    """Mend the clusters of a session so that rules hold.

    First each unit of atoms that rules join comes into one group: of those whose exemplar is in the unit, which
    come as a whole, else of those that hold any of it, the one with the most events. Then what is on another side
    than the exemplar leaves: for the nearest group of its time that it may join, or, where that costs less (see
    ``grouping.opening_cost``), for a new one.

    Parameters
    ----------
    points : MixedPoints
        All atoms.
    session : IntArray, shape (p,)
        The session's atoms, strays included.
    outline : Outline
        Of all atoms.
    weights : DoubleArray, shape (p,)
        Of the session's atoms, inside the objective.
    part : Partition
        Of the session.
    marks : mapping of int to Marks
        The sides of rules that atoms are on.
    rules : sequence of rules
        ``rules.named``.
    settings : GroupingSettings
    """
    own = {at: marks[atom] for at, atom in enumerate(session.tolist()) if atom in marks}
    if not own:
        return Obeyed(part, {}, {})
    units = Units(rules, own)
    board = _Board(points, session, outline, weights, part, units, settings)
    board.gather()
    board.part_ways()
    return Obeyed(board.partition(), board.reasons(), units.clashes)


@dataclass(slots=True)
class _Board:
    """Where the atoms of a session are while rules are applied; atoms are positions in it."""

    points: MixedPoints
    session: IntArray
    outline: Outline
    weights: DoubleArray
    before: Partition
    units: Units
    settings: GroupingSettings
    labels: IntArray = field(init=False)
    medoids: list[int] = field(init=False)
    placed: dict[int, list[str]] = field(init=False, default_factory=dict)
    _start: IntArray = field(init=False)
    # Of each group, how many atoms it holds of each side of each rule.
    _held: dict[int, dict[int, Counter[str]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.labels = np.full(len(self.session), -1)
        self.labels[self.before.kept] = self.before.clustering.labels
        self._start = self.labels.copy()
        self.medoids = self.before.kept[self.before.clustering.medoids].tolist()
        for atom in self.units.unit:
            self._hold(atom, int(self.labels[atom]), 1)

    def gather(self) -> None:
        """Bring each unit into one group."""
        for unit in sorted(self.units.members):
            members = self.units.members[unit]
            if len(members) < 2:
                continue
            inside = set(self.labels[members].tolist()) - {-1}
            whole = {label for label in inside if self.medoids[label] in members}
            target = self._largest(whole or inside) if inside else self._open(-1)
            coming = {*members, *np.flatnonzero(np.isin(self.labels, list(whole))).tolist()}
            self._place(coming, target, [self.units.rules[rule].name for rule in self.units.joined[unit]])
        self._find_medoids()

    def part_ways(self) -> None:
        """Let leave each group what may not be with its exemplar."""
        for rule, one in enumerate(self.units.rules):
            if not parts(one):
                continue
            for label in range(len(self.medoids)):
                sides = self._sides(label, rule)
                if len(sides) > 1:
                    kept = self.units.side(self.medoids[label], rule)
                    heaviest = max(sides, key=lambda side: (self.weights[sides[side]].sum(), -sides[side][0]))
                    for side in sorted(set(sides) - {heaviest if kept is None else kept}):
                        self._leave(sides[side], label, one.name)

    def partition(self) -> Partition:
        """Return the session as it is now."""
        if (self.labels == self._start).all():
            return self.before
        kept = np.flatnonzero(self.labels >= 0)
        left = sorted(np.unique(self.labels[kept]).tolist(), key=lambda label: self.medoids[label])
        number = {label: at for at, label in enumerate(left)}
        medoids = np.searchsorted(kept, [self.medoids[label] for label in left])
        labels = np.array([number[label] for label in self.labels[kept].tolist()])
        return Partition(labelled(self.points, self.session[kept], self.weights[kept], medoids, labels), kept)

    def reasons(self) -> dict[int, tuple[str, ...]]:
        """Return the rules that put atoms elsewhere than they were."""
        kept = np.flatnonzero(self.labels >= 0)
        return {
            at: tuple(dict.fromkeys(self.placed[atom]))
            for at, atom in enumerate(kept.tolist())
            if atom in self.placed and self.labels[atom] != self._start[atom]
        }

    def _largest(self, labels: Iterable[int]) -> int:
        """Return the group with the most events, of equals the one whose atoms begin first."""

        def rank(label: int) -> tuple[int, int]:
            inside = np.flatnonzero(self.labels == label)
            return -int(self.outline.items[self.session[inside]].sum()), int(inside[0])

        return min(labels, key=rank)

    def _open(self, medoid: int) -> int:
        self.medoids.append(medoid)
        return len(self.medoids) - 1

    def _place(self, atoms: Collection[int], target: int, names: Sequence[str]) -> None:
        for atom in atoms:
            label = int(self.labels[atom])
            if label == target:
                continue
            if label >= 0 and self.medoids[label] == atom:
                self.medoids[label] = -1
            self._hold(atom, label, -1)
            self._hold(atom, target, 1)
            self.labels[atom] = target
            self.placed.setdefault(atom, []).extend(names)

    def _hold(self, atom: int, label: int, count: int) -> None:
        """Count an atom into (or out of) the sides that a group holds."""
        if atom in self.units.unit:
            for rule, side in self.units.sides[self.units.unit[atom]].items():
                self._held.setdefault(label, {}).setdefault(rule, Counter())[side] += count

    def _find_medoids(self) -> None:
        for label, medoid in enumerate(self.medoids):
            inside = np.flatnonzero(self.labels == label)
            if medoid < 0 and len(inside):
                self.medoids[label] = most_central(self.points, self.session, self.weights, inside)

    def _sides(self, label: int, rule: int) -> dict[str, list[int]]:
        """Return the atoms of a group on each side of a rule; a unit is on a side as a whole."""
        sides: dict[str, list[int]] = {}
        for atom in np.flatnonzero(self.labels == label).tolist():
            side = self.units.side(atom, rule)
            if side is not None:
                sides.setdefault(side, []).append(atom)
        return sides

    def _leave(self, atoms: list[int], label: int, name: str) -> None:
        """Let atoms leave for the nearest groups that they may join, or for a new one if that costs less."""
        leaving: dict[int, list[int]] = {}
        for atom in atoms:
            leaving.setdefault(self.units.unit[atom], []).append(atom)
        costs = self._costs(atoms, label)
        near = sum(self._nearest(members, costs)[0] for members in leaving.values())
        centre = most_central(self.points, self.session, self.weights, np.array(atoms))
        own = dict(zip(atoms, self._far([centre], atoms)[0] * self.weights[atoms], strict=True))
        opening = self.settings.opening_cost * math.sqrt(self.weights.sum())
        opened = [self._open(centre)] if near > opening + sum(own.values()) else []
        # The centre's unit first, so that nobody keeps it out of its own group.
        for members in sorted(leaving.values(), key=lambda members: centre not in members):
            # Others have found their places meanwhile.
            cost, target = self._nearest(members, costs)
            if opened and (centre in members or sum(own[atom] for atom in members) <= cost):
                target = next((new for new in opened if self._fits(members, new)), target)
            if target < 0:
                target = self._open(most_central(self.points, self.session, self.weights, np.array(members)))
                opened.append(target)
            self._place(members, target, [name])

    def _costs(self, atoms: list[int], label: int) -> dict[int, dict[int, float]]:
        """Return what each atom adds to the loss of each other group that was there at its time."""
        labels = [other for other in np.unique(self.labels[self.labels >= 0]).tolist() if other != label]
        lull = int(self.settings.lull_seconds * 1e9)
        first, last = self.outline.first[self.session], self.outline.last[self.session]
        costs: dict[int, dict[int, float]] = {}
        for other, far in zip(labels, self._far([self.medoids[other] for other in labels], atoms), strict=True):
            inside = self.labels == other
            begin, end = first[inside].min() - lull, last[inside].max() + lull
            there = (first[atoms] <= end) & (last[atoms] >= begin)
            cost = np.where(there, far * self.weights[atoms], np.inf)
            costs[other] = dict(zip(atoms, cost.tolist(), strict=True))
        return costs

    def _nearest(self, members: list[int], costs: Mapping[int, Mapping[int, float]]) -> tuple[float, int]:
        """Return the least cost of a group that a unit may join, and the group: -1 and no end for none."""
        options = (
            (sum(cost[atom] for atom in members), label)
            for label, cost in costs.items()
            if self._fits(members, label)
        )
        cost, label = min(options, default=(math.inf, -1))
        return (cost, label) if math.isfinite(cost) else (math.inf, -1)

    def _fits(self, members: list[int], label: int) -> bool:
        """Whether no rule keeps a unit out of a group."""
        held = self._held.get(label, {})
        sides = self.units.sides[self.units.unit[members[0]]]
        return all(
            other == side or not count
            for rule, side in sides.items()
            for other, count in held.get(rule, {}).items()
        )

    def _far(self, medoids: Sequence[int], atoms: Sequence[int]) -> FloatArray:
        if not medoids:
            return np.empty((0, len(atoms)), dtype=np.float32)
        near = self.points.take(self.session[np.array(medoids, dtype=np.int64)])
        return near.cross(self.points.take(self.session[np.array(atoms, dtype=np.int64)]))

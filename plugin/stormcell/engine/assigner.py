"""Provisional assignment: where an event belongs by what the last tick knew, at once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from stormcell.config import Settings
from stormcell.engine.tick import Living, Tick
from stormcell.features.counted import fingerprint
from stormcell.features.keys import own_keys
from stormcell.features.knowledge import Knowledge
from stormcell.features.outline import outline
from stormcell.features.rows import RowBuilder
from stormcell.features.table import fields, tabulate
from stormcell.features.traits import Same, Traits
from stormcell.pipeline import describe
from stormcell.privacy import Concealer
from stormcell.text.skeleton import Skeleton
from stormcell.text.templates import Parser
from stormcell.types import NOTHING_KNOWN, Assignment, Group, Record, Rows, Signal, Template

_LASTING: Final = ("trace:", "id:", "alert:")
"""Link keys that tell where an event belongs; a burst is over before the next tick."""

Kind = tuple[Signal, str, Skeleton | str, int, Same]
"""What is judged alike: signal, service, template before it is mined, severity, what rules want to be the same."""


class Verdicts:
    """What one tick knows of kinds of events; kinds that it did not see are judged when they first come.

    Parameters
    ----------
    settings : Settings
    found : Tick
    """

    def __init__(self, settings: Settings, found: Tick) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._knowledge: Knowledge = found.knowledge
        self._living: Mapping[str, Living] = {id: one for id, one in found.living.items() if not one.final}
        self._traces = {id: _traces(one.group) for id, one in self._living.items()}
        self._kinds: dict[Kind, Assignment] = {}
        self._prints: dict[tuple[str, Same], Assignment] = {}
        self._keys: dict[tuple[str, Same], str] = {}
        self._same: dict[str, Same] = {}
        rows, solution = found.solution.rows, found.solution
        member = dict(
            zip(
                np.concatenate(solution.sessions).tolist() if solution.sessions else (),
                found.memberships,
                strict=True,
            )
        )
        atom_of, sames = solution.atom_of.tolist(), rows.same or [()] * len(rows)
        # Rows ascend by time, so that the latest of a kind has the last word.
        latest = dict(zip(zip(rows.fingerprints, sames, strict=True), range(len(rows)), strict=True))
        for (name, same), row in latest.items():
            one, surprise = member.get(atom_of[row]), float(solution.features.surprise.value[row])
            if one is None or one.group not in self._living:
                self._prints[name, same] = replace(NOTHING_KNOWN, surprise=surprise, why="background")
                continue
            assert one.group is not None, "None is no living group"
            self._prints[name, same] = self._nearest(one.group, one.dissimilarity, surprise)
        for keys, atom, same in zip(rows.keys, atom_of, sames, strict=True):
            one = member.get(atom)
            if one is not None and one.group in self._living:
                self._same[one.group] = same
                for key in keys:
                    if key.startswith(_LASTING):
                        self._keys[key, same] = one.group

    def of(self, kind: Kind, keys: Sequence[str], record: Record | None = None) -> Assignment | None:
        """Return where an event belongs; None where its kind is unknown and no record is there to judge it by."""
        return self._linked(self._kinds.get(kind) or self._find(kind, record), kind, keys)

    def follow(self, before: Verdicts) -> None:
        """Look at once for the kinds that were asked for since the tick before: they are asked for again."""
        for kind in list(before._kinds):
            self._find(kind, None)

    def known(self, kind: Kind, keys: Sequence[str]) -> Assignment | None:
        """Return the same without ever waiting; None where nobody has asked for its kind yet."""
        return self._linked(self._kinds.get(kind), kind, keys)

    def _linked(self, verdict: Assignment | None, kind: Kind, keys: Sequence[str]) -> Assignment | None:
        if verdict is not None and self._keys:
            for key in keys:
                group = self._keys.get((key, kind[-1]))
                if group is not None:
                    exemplar = self._living[group].group.medoid.uid
                    return replace(verdict, group=group, exemplar=exemplar, why="key", traces=self._traces[group])
        return verdict

    def _find(self, kind: Kind, record: Record | None) -> Assignment | None:
        signal, service, raw, severity, same = kind
        with self._lock:
            text = raw if isinstance(raw, str) else self._knowledge.miner.template(raw)
            found = self._prints.get((fingerprint(Template(signal, service, text), severity), same))
            if found is None and record is not None:
                [found] = self.judge([record], same)
            if found is not None:
                found = self._kinds[kind] = replace(found, template=text)
        return found

    def _nearest(self, group: str, dissimilarity: float, surprise: float) -> Assignment:
        exemplar = self._living[group].group.medoid.uid
        return Assignment(group, exemplar, dissimilarity, surprise, "nearest", traces=self._traces[group])

    def judge(self, records: Sequence[Record], same: Same = ()) -> list[Assignment]:
        """Return for each event the nearest living group, by its mixed dissimilarity to the exemplars alone.

        What is less surprising than the gate lets through is background; what is as far from every exemplar as a
        stray is like nothing that lives. Templates are left out.

        Parameters
        ----------
        records : sequence of Record
        same : tuple of str
            What rules want to be the same, of all of them: no other group is looked at.
        """
        living = [one for id, one in self._living.items() if self._same.get(id) == same]
        builder = RowBuilder(self._settings)
        for at, event in enumerate([*(one.event() for one in records), *(one.group.medoid for one in living)]):
            builder.add(replace(event, uid=str(at)))
        # What is learned of texts here is forgotten with the verdicts.
        rows = builder.counted().rows(self._knowledge.miner.copy())
        return self._judged(rows, len(records), living)

    def _judged(self, rows: Rows, count: int, living: Sequence[Living]) -> list[Assignment]:
        at = {uid: row for row, members in enumerate(rows.members) for uid in members}
        place = np.array([at[str(number)] for number in range(count + len(living))], dtype=np.int64)
        features = describe(rows, self._knowledge, self._settings)
        alone = np.arange(len(rows))
        judged = outline(rows, features, alone).surprise
        gate = self._settings.grouping.gate
        found = [
            replace(NOTHING_KNOWN, surprise=float(features.surprise.value[row])) for row in place[:count].tolist()
        ]
        if living:
            points = fields(tabulate(rows, features, alone), self._settings.weights, self._settings.grouping)
            far = points.take(place[:count]).cross(points.take(place[count:]))
            nearest = far.argmin(axis=1)
            for number, (other, distance) in enumerate(
                zip(nearest.tolist(), far[np.arange(count), nearest].tolist(), strict=True)
            ):
                if distance < self._settings.grouping.stray:
                    found[number] = self._nearest(living[other].group.id, distance, found[number].surprise)
        return [
            replace(NOTHING_KNOWN, surprise=one.surprise, why="background") if judged[row] < gate else one
            for one, row in zip(found, place[:count].tolist(), strict=True)
        ]


def _traces(group: Group) -> tuple[str, ...]:
    """Return the traces that a group is shown by, the exemplar's first."""
    shown = (group.medoid.trace_id, *(event.trace_id for event in group.exemplars))
    return tuple(dict.fromkeys(trace for trace in shown if trace))


class LiveAssigner:
    """Assigns records by the verdicts of the last tick; for any thread (see protocols.Assigner)."""

    def __init__(self, settings: Settings) -> None:
        self._traits = Traits(settings)
        self._private = settings.privacy.mask
        self._show = Concealer().text if self._private else str
        self._parser = Parser(settings.text.masks, private=self._private)
        self._lock = threading.Lock()
        self.verdicts: Verdicts | None = None

    def assign(self, record: Record) -> Assignment:
        """Return where an event belongs."""
        with self._lock:
            verdicts = self.verdicts
            if verdicts is None:
                return NOTHING_KNOWN
            return verdicts.of(*self._seen(record), record) or NOTHING_KNOWN

    def use(self, verdicts: Verdicts) -> None:
        """Go by these verdicts from now on."""
        if self.verdicts is not None:
            verdicts.follow(self.verdicts)
        self.verdicts = verdicts

    def known(self, record: Record) -> Assignment:
        """Return the same without ever waiting, if an event of its kind was assigned by the last tick."""
        verdicts = self.verdicts
        if verdicts is None:
            return NOTHING_KNOWN
        return verdicts.known(*self._seen(record)) or NOTHING_KNOWN

    def _seen(self, record: Record) -> tuple[Kind, list[str]]:
        log = record.signal is Signal.LOG
        parsed = self._parser.log(record.text) if log else self._parser.name(record.text)
        same = self._traits.same(record)
        kind = record.signal, self._show(record.service), parsed.template, record.severity, same
        return kind, [*parsed.keys, *own_keys(record, self._show)]

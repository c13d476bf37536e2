"""Clusters into groups: the exemplar, what is said of the whole, and why each member is there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from stormcell.config import Settings
from stormcell.distance.mixed import explain
from stormcell.features.compact import united
from stormcell.features.profile import profile_of
from stormcell.features.shelf import take
from stormcell.groups.hearing import amended, founders, wanted
from stormcell.groups.parameters import group_templates
from stormcell.groups.solution import Solution
from stormcell.groups.speakers import Speaker, speak
from stormcell.text.shorten import shorten
from stormcell.types import (
    Blame,
    BoolArray,
    Clustering,
    DoubleArray,
    Event,
    Group,
    IntArray,
    MemberLink,
    Membership,
    Row,
    Share,
    Signal,
)

_TITLE = 100
_NO_EVENT: Final = Event("", Signal.LOG, 0, "", 0, "")
_NO_ROW: Final = Row(_NO_EVENT, ())
"""In the place of rows that nothing is told of."""


def assemble(solution: Solution, settings: Settings) -> tuple[list[Group], list[Membership]]:
    """Return the groups, ascending by (first_seen, id), and a membership for every atom.

    Those in groups come first, session by session in their order there.
    """
    groups, memberships = assemble_groups(solution, settings)
    return groups, memberships + background(solution)


def assemble_groups(solution: Solution, settings: Settings) -> tuple[list[Group], list[Membership]]:
    """Return the groups, ascending by (first_seen, id), and the memberships of their atoms (see assemble)."""
    rows_of = _rows_by_atom(solution.atom_of)
    kept = _Kept(solution, rows_of, solution.grouped)
    groups: list[Group] = []
    memberships: list[Membership] = []
    taken: Counter[tuple[str, int, tuple[str, ...]]] = Counter()
    for number, (session, clustering) in enumerate(zip(solution.sessions, solution.clusterings, strict=True)):
        if len(session) == 0:
            continue
        start = int(solution.table.outline.first[session].min())
        speakers = _speakers(solution, rows_of, session, clustering, settings)
        same = solution.rows.same[rows_of[int(session[0])][0]] if solution.rows.same else ()
        ids = [_next_id(solution.rows.fingerprints[one.exemplar], start, same, taken) for one in speakers]
        verdict = solution.verdicts.get(number)
        if verdict is not None:
            clustering = amended(solution.fields, session, solution.weights[session], verdict)
            before = [one.exemplar for one in speakers]
            speakers = _speakers(solution, rows_of, session, clustering, settings)
            found = [one.exemplar for one in speakers]
            exemplars = wanted(solution.rows, rows_of, session, clustering, verdict, before, found)
            speakers = [replace(one, exemplar=row) for one, row in zip(speakers, exemplars, strict=True)]
            # A group that feedback changes stays the same group.
            ids = [
                ids[origin] if origin >= 0 else _next_id(solution.rows.fingerprints[row], start, same, taken)
                for origin, row in zip(
                    verdict.origins, founders(solution.rows, rows_of, session, verdict, exemplars), strict=True
                )
            ]
        members = [session[clustering.labels == label] for label in range(len(clustering.medoids))]
        explained = _explain(kept, session, clustering, ids)
        for at, names in solution.ruled[number].items():
            explained[at] = replace(explained[at], rules=names)
        for at, said in {} if verdict is None else verdict.placed.items():
            explained[at] = replace(explained[at], feedback=said, rules=())
        memberships.extend(explained)
        for label, atoms in enumerate(members):
            own = [explained[at] for at in np.flatnonzero(clustering.labels == label).tolist()]
            groups.append(_group(kept, ids[label], speakers[label], atoms, own))
    groups.sort(key=lambda group: (group.first_seen, group.id))
    return groups, memberships


def background(solution: Solution, wanted: BoolArray | None = None) -> list[Membership]:
    """Return the memberships of the atoms in no group.

    Parameters
    ----------
    solution : Solution
    wanted : BoolArray, shape (m,), optional
        Of which atoms; of all by default.
    """
    chosen = ~solution.grouped if wanted is None else ~solution.grouped & wanted
    kept = _Kept(solution, _rows_by_atom(solution.atom_of), chosen)
    return [
        # The atoms of the table are those that passed the gate.
        Membership(
            rows=kept.rows(atom),
            links=kept.links(atom),
            surprise=kept.surprise[atom],
            stray=atom < len(solution.weights),
            voice=kept.voice(atom),
        )
        for atom in np.flatnonzero(chosen).tolist()
    ]


def _rows_by_atom(atom_of: IntArray) -> list[IntArray]:
    if len(atom_of) == 0:
        return []
    order = np.argsort(atom_of, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(atom_of[order])) + 1)


class _Kept:
    """What is told of some atoms, of each row and each link once.

    Parameters
    ----------
    solution : Solution
    rows_of : sequence of IntArray
        Of each atom.
    wanted : BoolArray, shape (m,)
        The atoms.
    """

    def __init__(self, solution: Solution, rows_of: Sequence[IntArray], wanted: BoolArray) -> None:
        self.solution, self.rows_of = solution, rows_of
        self.surprise: list[float] = solution.surprise.tolist()
        rows = solution.rows
        inside = wanted[solution.atom_of]
        chosen = np.flatnonzero(inside)
        # By row; lists take far less than dicts.
        self.events = [_NO_EVENT] * len(rows)
        self._rows = [_NO_ROW] * len(rows)
        self._voices: list[int] = solution.voices.tolist()
        texts = [template.text for template in rows.templates]
        templates = rows.template[chosen].tolist()
        for row, event, template in zip(chosen.tolist(), take(rows.events, chosen), templates, strict=True):
            self.events[row] = event
            self._rows[row] = Row(event, rows.members[row], rows.fingerprints[row], texts[template])
        self._fingerprints = rows.fingerprints
        self._links: dict[int, list[MemberLink]] = {}
        atoms, told_of = solution.atom_of.tolist(), inside.tolist()
        for link in solution.links:
            if told_of[link.a]:
                told_link = MemberLink(self.events[link.a].uid, self.events[link.b].uid, link.reason, link.key)
                self._links.setdefault(atoms[link.a], []).append(told_link)

    def rows(self, atom: int) -> tuple[Row, ...]:
        """Return the rows of an atom."""
        return tuple(map(self._rows.__getitem__, self.rows_of[atom].tolist()))

    def links(self, atom: int) -> tuple[MemberLink, ...]:
        """Return the links in an atom."""
        return tuple(self._links.get(atom, ()))

    def voice(self, atom: int) -> str:
        """Return the fingerprint of an atom's most surprising row."""
        return self._fingerprints[self._voices[atom]]


def _speakers(
    solution: Solution,
    rows_of: Sequence[IntArray],
    session: IntArray,
    clustering: Clustering,
    settings: Settings,
) -> list[Speaker]:
    """Return who speaks for each cluster."""
    speakers = []
    for label, medoid in enumerate(clustering.medoids.tolist()):
        atoms = session[clustering.labels == label]
        members = [rows_of[atom] for atom in atoms.tolist()]
        speakers.append(speak(solution, members, atoms, rows_of[int(session[medoid])], settings))
    return speakers


def _next_id(
    fingerprint: str, start: int, same: tuple[str, ...], taken: Counter[tuple[str, int, tuple[str, ...]]]
) -> str:
    taken[fingerprint, start, same] += 1
    return group_id(fingerprint, start, taken[fingerprint, start, same] - 1, same)


def group_id(fingerprint: str, start: int, number: int, same: tuple[str, ...] = ()) -> str:
    """Hash the exemplar's fingerprint and the session's start; a second such group in it counts up.

    What rules want to be the same belongs to it, too, so that no tenant changes the ids of another's groups.
    """
    text = "\0".join((fingerprint, str(start), str(number), *(same if any(same) else ())))
    return "g-" + hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _explain(kept: _Kept, session: IntArray, clustering: Clustering, ids: Sequence[str]) -> list[Membership]:
    """Return the memberships of a session's atoms, in its order."""
    fields = kept.solution.fields
    medoids = session[clustering.medoids[clustering.labels]]
    parts = explain(fields, session, medoids)
    several = len(ids) > 1
    others = session[clustering.medoids[clustering.second]] if several else medoids
    other_parts = explain(fields, session, others) if several else parts
    memberships = []
    for at, atom in enumerate(session.tolist()):
        memberships.append(
            Membership(
                rows=kept.rows(atom),
                links=kept.links(atom),
                surprise=kept.surprise[atom],
                group=ids[clustering.labels[at]],
                dissimilarity=_total(parts[at], same=medoids[at] == atom),
                shares=parts[at],
                runner_up=ids[clustering.second[at]] if several else None,
                runner_up_dissimilarity=_total(other_parts[at], same=False) if several else None,
                voice=kept.voice(atom),
            )
        )
    return memberships


def _total(shares: tuple[Share, ...], *, same: bool) -> float:
    """Sum the shares; two atoms without a field in common are as different as can be."""
    if not same and not any(share.weight for share in shares):
        return 1.0
    return sum(share.share for share in shares)


def _group(
    kept: _Kept, group_id: str, speaker: Speaker, atoms: IntArray, memberships: Sequence[Membership]
) -> Group:
    solution = kept.solution
    rows = solution.rows
    own = np.sort(np.concatenate([kept.rows_of[atom] for atom in atoms.tolist()]))
    weight = rows.weight[own]
    events = [kept.events[row] for row in own.tolist()]
    weights = solution.weights[atoms] / solution.weights[atoms].sum()
    margins = [m.margin for m in memberships if m.margin is not None]
    signals: Counter[str] = Counter()
    for template, count in zip(rows.template[own].tolist(), weight.tolist(), strict=True):
        signals[rows.templates[template].signal.value] += count
    surprise = solution.features.surprise.value[own]
    exemplar = speaker.exemplar
    medoid = kept.events[exemplar]
    services = _blame(solution, own)
    return Group(
        id=group_id,
        title=title_of(medoid, services),
        status="open",
        medoid=medoid,
        earliest=events[0],
        latest=max(events, key=lambda event: (event.time, event.uid)),
        most_severe=_most_severe(events, surprise),
        count=int(weight.sum()),
        signals=dict(sorted(signals.items())),
        services=services,
        first_seen=int(rows.first[own].min()),
        last_seen=int(rows.last[own].max()),
        radius=max(m.dissimilarity for m in memberships),
        margin=float(weights @ np.array(margins)) if margins else None,
        fields=tuple(mean_shares(memberships, weights)),
        members=united(rows.members, own),
        template=rows.templates[rows.template[exemplar]].text,
        templates=group_templates(rows, own, exemplar),
        exemplars=tuple(
            # Of its own signal the exemplar speaks, which need not be the most central outside its atom.
            medoid if kept.events[row].signal is medoid.signal else kept.events[row]
            for row in speaker.by_signal
        ),
        trace=_trace(events, weight.tolist()),
        profile=profile_of(rows, own, surprise, {part.name: part.blame for part in services}),
    )


def _most_severe(events: Sequence[Event], surprise: DoubleArray) -> Event:
    """Return the most severe event, of equals the most surprising, of equals the first."""
    unusual = surprise.tolist()
    return events[max(range(len(events)), key=lambda at: (events[at].severity, unusual[at], -at))]


def _blame(solution: Solution, own: IntArray) -> tuple[Blame, ...]:
    """Return how much the rows accuse each service, as parts of the whole, the most accused first."""
    accusations = solution.features.accusations
    accused, amount = accusations.accused[own], accusations.amount[own]
    known = accused >= 0
    sums = np.bincount(accused[known], weights=amount[known], minlength=len(accusations.services))
    if sums.sum() <= 0:
        return ()
    parts = sums / sums.sum()
    order = np.lexsort((np.arange(len(parts)), -parts))
    return tuple(Blame(accusations.services[at], float(parts[at])) for at in order.tolist() if parts[at] > 0)


def mean_shares(memberships: Sequence[Membership], weights: DoubleArray) -> Iterator[Share]:
    """Return the means of the memberships' shares by weights that sum to 1."""
    for column in zip(*(m.shares for m in memberships), strict=True):
        yield Share(
            name=column[0].name,
            dissimilarity=float(weights @ np.array([share.dissimilarity for share in column])),
            weight=float(weights @ np.array([share.weight for share in column])),
            share=float(weights @ np.array([share.share for share in column])),
        )


def _trace(events: Sequence[Event], weights: Sequence[int]) -> str:
    """Return the trace with most events of the rows, of equals the one that began first; "" without any."""
    counts: dict[str, int] = {}
    for event, weight in zip(events, weights, strict=True):
        counts[event.trace_id] = counts.get(event.trace_id, 0) + weight
    counts.pop("", None)
    return max(counts, key=lambda trace: counts[trace], default="")


def title_of(medoid: Event, services: Sequence[Blame]) -> str:
    """Say what happened and where: the exemplar's text and the most blamed service."""
    text = shorten(medoid.text, _TITLE) or "(no text)"
    where = services[0].name if services else medoid.service
    return f"{text} · {where}" if where else text

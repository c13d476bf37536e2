"""Clusters into groups: the exemplar, what is said of the whole, and why each member is there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stormcell.config import Settings
from stormcell.distance.mixed import MixedPoints, explain
from stormcell.features.outline import RowFeatures
from stormcell.features.table import Table, fields, tabulate
from stormcell.groups.feedback import Verdict
from stormcell.groups.hearing import amended, founders, wanted
from stormcell.groups.parameters import group_templates
from stormcell.text.shorten import shorten
from stormcell.types import (
    Blame,
    Clustering,
    DoubleArray,
    Event,
    Group,
    IntArray,
    Link,
    MemberLink,
    Membership,
    Outcome,
    Row,
    Rows,
    Share,
)

_CANDIDATES = 256
_TITLE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A run's atoms and clusters, before they are groups.

    Attributes
    ----------
    rows : Rows
    features : RowFeatures
    atom_of : IntArray, shape (n,)
        The atom of each row: 0 to p - 1 those that passed the gate, then to m - 1 background.
    surprise : DoubleArray, shape (m,)
        Of the atoms.
    table : Table, p atoms
    fields : MixedPoints
        The p atoms.
    weights : DoubleArray, shape (p,)
        Inside the objective.
    links : sequence of Link
    sessions : sequence of IntArray
        Atoms of each session.
    clusterings : sequence of Clustering
        One a session; points are positions in the session.
    speakers : IntArray, shape (m,)
        The most surprising row of each atom.
    verdicts : mapping of int to Verdict
        What people want otherwise, by session.
    outcomes : tuple of Outcome
        What became of each feedback.
    """

    rows: Rows
    features: RowFeatures
    atom_of: IntArray
    surprise: DoubleArray
    table: Table
    fields: MixedPoints
    weights: DoubleArray
    links: Sequence[Link]
    sessions: Sequence[IntArray]
    clusterings: Sequence[Clustering]
    speakers: IntArray
    verdicts: Mapping[int, Verdict]
    outcomes: tuple[Outcome, ...]


def assemble(solution: Solution, settings: Settings) -> tuple[list[Group], list[Membership]]:
    """Return the groups, ascending by (first_seen, id), and a membership for every atom."""
    rows_of = _rows_by_atom(solution.atom_of)
    links_of = _links_by_atom(solution)
    groups: list[Group] = []
    memberships: list[Membership] = []
    taken: Counter[tuple[str, int]] = Counter()
    grouped: set[int] = set()
    for number, (session, clustering) in enumerate(zip(solution.sessions, solution.clusterings, strict=True)):
        start = int(solution.table.outline.first[session].min())
        exemplars = _exemplars(solution, rows_of, session, clustering, settings)
        ids = [_next_id(solution.rows.fingerprints[row], start, taken) for row in exemplars]
        verdict = solution.verdicts.get(number)
        if verdict is not None:
            clustering = amended(solution.fields, session, solution.weights[session], verdict)
            found = _exemplars(solution, rows_of, session, clustering, settings)
            exemplars = wanted(solution.rows, rows_of, session, clustering, verdict, exemplars, found)
            # A group that feedback changes stays the same group.
            ids = [
                ids[origin] if origin >= 0 else _next_id(solution.rows.fingerprints[row], start, taken)
                for origin, row in zip(
                    verdict.origins, founders(solution.rows, rows_of, session, verdict, exemplars), strict=True
                )
            ]
        members = [session[clustering.labels == label] for label in range(len(clustering.medoids))]
        explained = _explain(solution, session, clustering, ids, rows_of, links_of)
        if verdict is not None:
            explained = [replace(m, feedback=verdict.placed.get(at, ())) for at, m in enumerate(explained)]
        memberships.extend(explained)
        grouped.update(session.tolist())
        for label, atoms in enumerate(members):
            own = [explained[at] for at in np.flatnonzero(clustering.labels == label).tolist()]
            groups.append(_group(solution, ids[label], exemplars[label], atoms, rows_of, own))
    for atom in range(len(rows_of)):
        if atom not in grouped:
            memberships.append(_membership(solution, atom, rows_of, links_of))
    groups.sort(key=lambda group: (group.first_seen, group.id))
    return groups, memberships


def _rows_by_atom(atom_of: IntArray) -> list[IntArray]:
    if len(atom_of) == 0:
        return []
    order = np.argsort(atom_of, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(atom_of[order])) + 1)


def _links_by_atom(solution: Solution) -> dict[int, list[MemberLink]]:
    events = solution.rows.events
    links: dict[int, list[MemberLink]] = {}
    for link in solution.links:
        atom = int(solution.atom_of[link.a])
        links.setdefault(atom, []).append(
            MemberLink(events[link.a].uid, events[link.b].uid, link.reason, link.key)
        )
    return links


def _exemplars(
    solution: Solution,
    rows_of: Sequence[IntArray],
    session: IntArray,
    clustering: Clustering,
    settings: Settings,
) -> list[int]:
    """Return the exemplar's row of each cluster."""
    return [
        _exemplar(solution, rows_of, int(session[medoid]), session[clustering.labels == label], settings)
        for label, medoid in enumerate(clustering.medoids.tolist())
    ]


def _exemplar(
    solution: Solution, rows_of: Sequence[IntArray], medoid: int, atoms: IntArray, settings: Settings
) -> int:
    """Return the row of the medoid atom whose weighted sum of dissimilarities to the group is smallest.

    The medoid atom holds many events; each of its distinct ones is judged alone, as a unit of one row.
    """
    rows = solution.rows
    seen: set[str] = set()
    candidates: list[int] = []
    for row in rows_of[medoid].tolist():
        if rows.fingerprints[row] not in seen and len(candidates) < _CANDIDATES:
            seen.add(rows.fingerprints[row])
            candidates.append(row)
    if len(candidates) == 1:
        return candidates[0]
    members = np.concatenate([rows_of[atom] for atom in atoms.tolist()])
    labels = np.repeat(np.arange(len(atoms)), [len(rows_of[atom]) for atom in atoms.tolist()])
    chosen = np.concatenate([members, np.array(candidates)])
    units = np.concatenate([labels, len(atoms) + np.arange(len(candidates))])
    table = tabulate(rows, solution.features, units, chosen)
    compared = fields(table, settings.weights, settings.grouping)
    far = compared.take(len(atoms) + np.arange(len(candidates))).cross(compared.take(np.arange(len(atoms))))
    sums = far.astype(np.float64) @ solution.weights[atoms]
    # Rows ascend by (time, uid), so of equals the earliest wins.
    return candidates[int(sums.round(9).argmin())]


def _next_id(fingerprint: str, start: int, taken: Counter[tuple[str, int]]) -> str:
    taken[fingerprint, start] += 1
    return group_id(fingerprint, start, taken[fingerprint, start] - 1)


def group_id(fingerprint: str, start: int, number: int) -> str:
    """Hash the exemplar's fingerprint and the session's start; a second such group in it counts up."""
    text = f"{fingerprint}\0{start}\0{number}"
    return "g-" + hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _membership(
    solution: Solution, atom: int, rows_of: Sequence[IntArray], links_of: Mapping[int, list[MemberLink]]
) -> Membership:
    rows = solution.rows
    return Membership(
        rows=tuple(
            Row(
                rows.events[row],
                rows.members[row],
                rows.fingerprints[row],
                rows.templates[rows.template[row]].text,
            )
            for row in rows_of[atom].tolist()
        ),
        links=tuple(links_of.get(atom, ())),
        surprise=float(solution.surprise[atom]),
        voice=rows.fingerprints[solution.speakers[atom]],
    )


def _explain(
    solution: Solution,
    session: IntArray,
    clustering: Clustering,
    ids: Sequence[str],
    rows_of: Sequence[IntArray],
    links_of: Mapping[int, list[MemberLink]],
) -> list[Membership]:
    """Return the memberships of a session's atoms, in its order."""
    medoids = session[clustering.medoids[clustering.labels]]
    parts = explain(solution.fields, session, medoids)
    several = len(ids) > 1
    others = session[clustering.medoids[clustering.second]] if several else medoids
    other_parts = explain(solution.fields, session, others)
    memberships = []
    for at, atom in enumerate(session.tolist()):
        base = _membership(solution, atom, rows_of, links_of)
        memberships.append(
            replace(
                base,
                group=ids[clustering.labels[at]],
                dissimilarity=_total(parts[at], same=medoids[at] == atom),
                shares=parts[at],
                runner_up=ids[clustering.second[at]] if several else None,
                runner_up_dissimilarity=_total(other_parts[at], same=False) if several else None,
            )
        )
    return memberships


def _total(shares: tuple[Share, ...], *, same: bool) -> float:
    """Sum the shares; two atoms without a field in common are as different as can be."""
    if not same and not any(share.weight for share in shares):
        return 1.0
    return sum(share.share for share in shares)


def _group(
    solution: Solution,
    group_id: str,
    exemplar: int,
    atoms: IntArray,
    rows_of: Sequence[IntArray],
    memberships: Sequence[Membership],
) -> Group:
    rows = solution.rows
    own = np.sort(np.concatenate([rows_of[atom] for atom in atoms.tolist()]))
    events = [rows.events[row] for row in own.tolist()]
    weights = solution.weights[atoms] / solution.weights[atoms].sum()
    margins = [m.margin for m in memberships if m.margin is not None]
    signals: Counter[str] = Counter()
    for row in own.tolist():
        signals[rows.events[row].signal.value] += int(rows.weight[row])
    surprise = solution.features.surprise.value[own]
    severe = max(range(len(own)), key=lambda at: (events[at].severity, surprise[at], -at))
    medoid = rows.events[exemplar]
    services = _blame(solution, own)
    return Group(
        id=group_id,
        title=title_of(medoid, services),
        status="open",
        medoid=medoid,
        earliest=events[0],
        latest=max(events, key=lambda event: (event.time, event.uid)),
        most_severe=events[severe],
        count=int(rows.weight[own].sum()),
        signals=dict(sorted(signals.items())),
        services=services,
        first_seen=int(rows.first[own].min()),
        last_seen=int(rows.last[own].max()),
        radius=max(m.dissimilarity for m in memberships),
        margin=float(weights @ np.array(margins)) if margins else None,
        fields=tuple(mean_shares(memberships, weights)),
        members=tuple(sorted(uid for row in own.tolist() for uid in rows.members[row])),
        template=rows.templates[rows.template[exemplar]].text,
        templates=group_templates(rows, own, exemplar),
    )


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


def title_of(medoid: Event, services: Sequence[Blame]) -> str:
    """Say what happened and where: the exemplar's text and the most blamed service."""
    text = shorten(medoid.text, _TITLE) or "(no text)"
    where = services[0].name if services else medoid.service
    return f"{text} · {where}" if where else text

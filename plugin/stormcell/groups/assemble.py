"""Clusters into groups: the exemplar, what is said of the whole, and why each member is there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from stormcell.config import Settings
from stormcell.distance.mixed import explain
from stormcell.features.profile import profile_of
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
    Rows,
    Share,
    union,
)

_TITLE = 100


def assemble(solution: Solution, settings: Settings) -> tuple[list[Group], list[Membership]]:
    """Return the groups, ascending by (first_seen, id), and a membership for every atom.

    Those in groups come first, session by session in their order there.
    """
    groups, memberships = assemble_groups(solution, settings)
    return groups, memberships + background(solution)


def assemble_groups(solution: Solution, settings: Settings) -> tuple[list[Group], list[Membership]]:
    """Return the groups, ascending by (first_seen, id), and the memberships of their atoms (see assemble)."""
    rows_of = _rows_by_atom(solution.atom_of)
    links_of = _links_by_atom(solution, solution.grouped)
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
        explained = _explain(solution, session, clustering, ids, rows_of, links_of)
        for at, names in solution.ruled[number].items():
            explained[at] = replace(explained[at], rules=names)
        for at, said in {} if verdict is None else verdict.placed.items():
            explained[at] = replace(explained[at], feedback=said, rules=())
        memberships.extend(explained)
        for label, atoms in enumerate(members):
            own = [explained[at] for at in np.flatnonzero(clustering.labels == label).tolist()]
            groups.append(_group(solution, ids[label], speakers[label], atoms, rows_of, own))
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
    rows_of = _rows_by_atom(solution.atom_of)
    links_of = _links_by_atom(solution, chosen)
    return [
        # The atoms of the table are those that passed the gate.
        replace(_membership(solution, atom, rows_of, links_of), stray=atom < len(solution.weights))
        for atom in np.flatnonzero(chosen).tolist()
    ]


def _rows_by_atom(atom_of: IntArray) -> list[IntArray]:
    if len(atom_of) == 0:
        return []
    order = np.argsort(atom_of, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(atom_of[order])) + 1)


def _links_by_atom(solution: Solution, wanted: BoolArray) -> dict[int, list[MemberLink]]:
    events = solution.rows.events
    links: dict[int, list[MemberLink]] = {}
    for link in solution.links:
        atom = int(solution.atom_of[link.a])
        if not wanted[atom]:
            continue
        links.setdefault(atom, []).append(
            MemberLink(events[link.a].uid, events[link.b].uid, link.reason, link.key)
        )
    return links


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
        voice=rows.fingerprints[solution.voices[atom]],
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
    speaker: Speaker,
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
        signals[rows.templates[rows.template[row]].signal.value] += int(rows.weight[row])
    surprise = solution.features.surprise.value[own]
    severe = max(range(len(own)), key=lambda at: (events[at].severity, surprise[at], -at))
    exemplar = speaker.exemplar
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
        members=union([rows.members[row] for row in own.tolist()]),
        template=rows.templates[rows.template[exemplar]].text,
        templates=group_templates(rows, own, exemplar),
        exemplars=tuple(
            # Of its own signal the exemplar speaks, which need not be the most central outside its atom.
            medoid if rows.events[row].signal is medoid.signal else rows.events[row]
            for row in speaker.by_signal
        ),
        trace=_trace(rows, own),
        profile=profile_of(rows, own, surprise, {part.name: part.blame for part in services}),
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


def _trace(rows: Rows, own: IntArray) -> str:
    """Return the trace with most events of the rows, of equals the one that began first; "" without any."""
    counts: Counter[str] = Counter()
    for row in own.tolist():
        counts[rows.events[row].trace_id] += int(rows.weight[row])
    del counts[""]
    return max(counts, key=lambda trace: counts[trace], default="")


def title_of(medoid: Event, services: Sequence[Blame]) -> str:
    """Say what happened and where: the exemplar's text and the most blamed service."""
    text = shorten(medoid.text, _TITLE) or "(no text)"
    where = services[0].name if services else medoid.service
    return f"{text} · {where}" if where else text

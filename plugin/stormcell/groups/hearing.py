"""Feedback and the solution of a run: from rows to scenes, and from verdicts back to clusterings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from stormcell.distance.mixed import MixedPoints
from stormcell.groups.central import labelled, most_central
from stormcell.groups.feedback import Scene, Verdict, judge
from stormcell.types import Clustering, DoubleArray, Feedback, IntArray, Outcome, Rows, State

_RANK = (State.ABSENT, State.HONOURED, State.OVERRULED, State.IMPOSSIBLE)


def hear(
    feedback: Sequence[Feedback],
    rows: Rows,
    atom_of: IntArray,
    voices: IntArray,
    sessions: Sequence[IntArray],
    clusterings: Sequence[Clustering],
) -> tuple[dict[int, Verdict], tuple[Outcome, ...]]:
    """Judge the sessions of which something was said.

    Parameters
    ----------
    feedback : sequence of Feedback
        Oldest first.
    rows : Rows, n rows
    atom_of : IntArray, shape (n,)
    voices : IntArray, shape (m,)
        The most surprising row of each atom.
    sessions : sequence of IntArray
        Atoms.
    clusterings : sequence of Clustering

    Returns
    -------
    verdicts : dict of int to Verdict
        By session; of those in which something changes.
    outcomes : tuple of Outcome
        Of each feedback: where its very events are, else the worst of all sessions.
    """
    said = [one for one in feedback if not one.undone]
    if not said:
        return {}, ()
    about_uid, about_print = _index(said)
    number_of = {atom: number for number, session in enumerate(sessions) for atom in session.tolist()}
    numbers: dict[str, int | None] = {}
    holders: list[dict[str, int]] = [{} for _ in sessions]
    carriers: list[dict[str, set[int]]] = [{} for _ in sessions]
    about: list[set[int]] = [set() for _ in sessions]
    for row, atom in enumerate(atom_of.tolist()):
        number = number_of.get(atom)
        for uid in rows.members[row]:
            if uid in about_uid:
                numbers[uid] = number
                if number is not None:
                    holders[number][uid] = atom
                    about[number] |= about_uid[uid]
        name = rows.fingerprints[row]
        if number is not None and name in about_print:
            carriers[number].setdefault(name, set()).add(atom)
            about[number] |= about_print[name]
    items = np.bincount(atom_of, weights=rows.weight).astype(np.int64)
    ranked: dict[str, list[tuple[bool, Outcome]]] = {}
    verdicts: dict[int, Verdict] = {}
    for number, (session, clustering) in enumerate(zip(sessions, clusterings, strict=True)):
        if not about[number]:
            continue
        place = {atom: at for at, atom in enumerate(session.tolist())}
        scene = Scene(
            labels=clustering.labels,
            medoids=clustering.medoids,
            items=items[session],
            voices=[rows.fingerprints[voices[atom]] for atom in session.tolist()],
            holders={uid: place[atom] for uid, atom in holders[number].items()},
            carriers={name: sorted(place[atom] for atom in atoms) for name, atoms in carriers[number].items()},
        )
        verdict = judge([said[at] for at in sorted(about[number])], scene)
        if verdict.placed or any(verdict.exemplars):
            verdicts[number] = verdict
        here = {said[at].id for uid in holders[number] for at in about_uid[uid]}
        for outcome in verdict.outcomes:
            ranked.setdefault(outcome.feedback, []).append((outcome.feedback in here, outcome))
    return verdicts, tuple(_together(one, _overall(one, ranked.get(one.id, ())), numbers) for one in said)


def _overall(one: Feedback, found: Sequence[tuple[bool, Outcome]]) -> Outcome:
    """Return the worst outcome, where the very events are before elsewhere; needed if it is so anywhere."""
    if not found:
        return Outcome(one.id, State.ABSENT, "what it speaks of is not in the input")
    _, worst = max(found, key=lambda pair: (pair[0], _RANK.index(pair[1].state)))
    return replace(worst, needed=any(outcome.needed for _, outcome in found))


def _index(said: Sequence[Feedback]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Return which feedback speaks of an event, and which of a fingerprint."""
    uids: dict[str, set[int]] = {}
    prints: dict[str, set[int]] = {}
    for at, one in enumerate(said):
        for mark in one.marks:
            for uid in mark.uids:
                uids.setdefault(uid, set()).add(at)
            if mark.fingerprint:
                prints.setdefault(mark.fingerprint, set()).add(at)
    return uids, prints


def _together(one: Feedback, outcome: Outcome, sessions: Mapping[str, int | None]) -> Outcome:
    """Tell it if all of which it was said is in the input, but not in one session.

    Parameters
    ----------
    one : Feedback
    outcome : Outcome
    sessions : mapping of str to int or None
        Of the events in the input, None for background.
    """
    places = [{sessions[uid] for uid in mark.uids if uid in sessions} for mark in one.marks]
    if all(places) and not set.intersection(*places) - {None}:
        why = "the events of which it was said are background now, or in different sessions"
        return replace(outcome, state=State.IMPOSSIBLE, why=why)
    return outcome


def amended(points: MixedPoints, session: IntArray, weights: DoubleArray, verdict: Verdict) -> Clustering:
    """Return the clustering that a verdict makes of a session.

    Parameters
    ----------
    points : MixedPoints
        All atoms.
    session : IntArray, shape (p,)
        The session's atoms.
    weights : DoubleArray, shape (p,)
        Of each, inside the objective.
    verdict : Verdict

    Returns
    -------
    Clustering
        ``medoids`` are in the order of the verdict's groups; see ``labelled``.
    """
    medoids = verdict.medoids.copy()
    for label in np.flatnonzero(medoids < 0).tolist():
        medoids[label] = most_central(points, session, weights, np.flatnonzero(verdict.labels == label))
    return labelled(points, session, weights, medoids, verdict.labels)


def wanted(
    rows: Rows,
    rows_of: Sequence[IntArray],
    session: IntArray,
    clustering: Clustering,
    verdict: Verdict,
    before: Sequence[int],
    found: Sequence[int],
) -> list[int]:
    """Return the exemplar's row of each cluster under a verdict: the pinned one, or that of before, or that found.

    Parameters
    ----------
    rows : Rows
    rows_of : sequence of IntArray
        Of each atom.
    session : IntArray
        Its atoms.
    clustering : Clustering
        As the verdict wants it.
    verdict : Verdict
    before, found : sequence of int
        The exemplars' rows without the verdict, and of the clustering.
    """
    chosen = list(found)
    for label, medoid in enumerate(clustering.medoids.tolist()):
        own = rows_of[int(session[medoid])]
        name, origin = verdict.exemplars[label], verdict.origins[label]
        if name:
            chosen[label] = _row_of(rows, own, name)
        elif origin >= 0 and before[origin] in own:
            chosen[label] = before[origin]
    return chosen


def founders(
    rows: Rows, rows_of: Sequence[IntArray], session: IntArray, verdict: Verdict, exemplars: Sequence[int]
) -> list[int]:
    """Return the row by which each cluster is known, were it new: of its founder, else the exemplar's."""
    chosen = list(exemplars)
    for label, name in enumerate(verdict.founders):
        if name:
            atoms = session[verdict.labels == label]
            own = np.sort(np.concatenate([rows_of[atom] for atom in atoms.tolist()]))
            chosen[label] = _row_of(rows, own, name, exemplars[label])
    return chosen


def _row_of(rows: Rows, own: IntArray, name: str, default: int = -1) -> int:
    """Return the first row that holds an event, or else has the fingerprint."""
    return next((row for row in own.tolist() if name in (*rows.members[row], rows.fingerprints[row])), default)

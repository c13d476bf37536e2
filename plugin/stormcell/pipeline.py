"""The pipeline: events in, groups out; the pure stages in order, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from stormcell.config import Settings
from stormcell.features.blame import accuse
from stormcell.features.embedding import embedder_of
from stormcell.features.knowledge import Knowledge
from stormcell.features.labels import find_labels
from stormcell.features.links import find_links, join
from stormcell.features.outline import RowFeatures, most_surprising, outline, units
from stormcell.features.table import fields, tabulate
from stormcell.features.wording import wording
from stormcell.groups.alike import link_alike
from stormcell.groups.assemble import assemble
from stormcell.groups.gate import passes
from stormcell.groups.hearing import hear
from stormcell.groups.marks import marks_of, parting
from stormcell.groups.partition import partition
from stormcell.groups.rules import obey
from stormcell.groups.ruling import Ruled, rule
from stormcell.groups.sessions import cut_apart
from stormcell.groups.solution import Solution
from stormcell.types import BoolArray, Event, Feedback, Grouping, IntArray, Rows


def group(
    events: Iterable[Event],
    settings: Settings | None = None,
    knowledge: Knowledge | None = None,
    *,
    feedback: Sequence[Feedback] = (),
) -> Grouping:
    """Group events into incidents; what is usual is learned from the same events, and from earlier ones.

    Parameters
    ----------
    events : iterable of Event
        In any order.
    settings : Settings, optional
        The defaults if left out; ``config.load`` reads the file and the environment.
    knowledge : Knowledge, optional
        What earlier events taught; learns from these, too.
    feedback : sequence of Feedback
        What people said of groups, oldest first.

    Returns
    -------
    Grouping
        The same for the same events, in whatever order they came. Of different events with one uid the first is
        kept.
    """
    settings = settings or Settings()
    knowledge = Knowledge(settings) if knowledge is None else knowledge
    return group_rows(knowledge.learn(events), knowledge, settings, feedback=feedback)


def group_rows(
    rows: Rows,
    knowledge: Knowledge,
    settings: Settings,
    *,
    gate: bool = True,
    feedback: Sequence[Feedback] = (),
) -> Grouping:
    """Group rows against what is known.

    Parameters
    ----------
    rows : Rows
    knowledge : Knowledge
        What is usual, who calls whom.
    settings : Settings
    gate : bool
        Whether background is set apart; without it every row comes into a group.
    feedback : sequence of Feedback
    """
    solution = solve(rows, knowledge, settings, gate=gate, feedback=feedback)
    groups, memberships = assemble(solution, settings)
    return Grouping(
        events=int(rows.weight.sum()),
        duplicates=rows.duplicates,
        groups=tuple(groups),
        memberships=tuple(memberships),
        learning=gate and bool(solution.features.surprise.learning.any()),
        buckets=knowledge.background.buckets,
        outcomes=solution.outcomes,
        rules=solution.rules,
    )


def solve(
    rows: Rows, knowledge: Knowledge, settings: Settings, *, gate: bool, feedback: Sequence[Feedback] = ()
) -> Solution:
    """Link rows into atoms, set background apart, cut sessions, cluster each; mend what rules and people say."""
    features = describe(rows, knowledge, settings, labels=np.zeros(len(rows), dtype=bool))
    links = find_links(rows, settings.links, parting(rows, settings.rules.named))
    atom_of = join(len(rows), links)
    atoms = outline(rows, features, atom_of)
    threshold = settings.grouping.gate if gate else 0.0
    learning = np.zeros(len(atoms.items), dtype=bool)
    learning[atom_of[features.surprise.learning]] = True
    kept = passes(atoms.surprise, threshold, learning)
    silence = int(settings.grouping.silence_seconds * 1e9)
    inside = np.flatnonzero(kept)
    same = [rows.same[row] for row in _first_rows(atom_of)[inside].tolist()] if rows.same else ()
    sessions = [inside[at] for at in cut_apart(atoms.first[inside], atoms.last[inside], silence, same)]

    stretch = int(settings.grouping.merge_seconds * 1e9)
    links += link_alike(rows, atom_of, atoms, sessions, stretch, marks_of(rows, atom_of))
    merged_of = _first(join(len(rows), links), kept[atom_of])
    merged = np.zeros(len(atoms.items), dtype=np.int64)
    merged[atom_of] = merged_of
    chosen = np.flatnonzero(kept[atom_of])
    # Of background nobody asks where it happened.
    features = replace(features, labels=find_labels(rows, settings.labels.model_dump(), kept[atom_of]))
    table = tabulate(rows, features, merged_of[chosen], chosen)
    surprise = np.zeros(units(merged_of))
    np.maximum.at(surprise, merged, atoms.surprise)
    weights = np.zeros(len(table.outline.items))
    np.add.at(weights, merged[inside], 1.0 + np.log(atoms.items[inside]))
    sessions = [np.unique(merged[session]) for session in sessions]
    early = np.zeros(len(weights), dtype=bool)
    early[merged[inside[learning[inside]]]] = True
    table_fields = fields(table, settings.weights, settings.grouping)
    parts = [
        partition(
            table_fields,
            session,
            table.outline,
            weights[session],
            settings.grouping,
            # Of what nobody knows what is usual, nothing is set apart.
            gate=gate and not early[session].any(),
        )
        for session in sessions
    ]
    marks = marks_of(rows, merged_of)
    obeyed = [
        obey(
            table_fields, session, table.outline, weights[session], part, marks, settings.rules.named,
            settings.grouping,
        )
        for session, part in zip(sessions, parts, strict=True)
    ]  # fmt: skip
    clashes = [one.named(session) for one, session in zip(obeyed, sessions, strict=True)]
    sessions = [session[one.part.kept] for session, one in zip(sessions, obeyed, strict=True)]
    clusterings = [one.part.clustering for one in obeyed]
    voices = most_surprising(rows, features, merged_of)
    verdicts, outcomes = hear(feedback, rows, merged_of, voices, sessions, clusterings)
    placed = [one.placed for one in obeyed]
    labels = [
        verdicts[number].labels if number in verdicts else clustering.labels
        for number, clustering in enumerate(clusterings)
    ]
    ruled = Ruled(
        rows, merged_of, table.outline, marks, sessions, labels, placed, clashes, verdicts, silence
    )  # fmt: skip
    return Solution(
        rows=rows,
        features=features,
        atom_of=merged_of,
        voices=voices,
        surprise=surprise,
        table=table,
        fields=table_fields,
        weights=weights,
        links=links,
        sessions=sessions,
        clusterings=clusterings,
        verdicts=verdicts,
        outcomes=outcomes,
        ruled=placed,
        rules=rule(ruled, settings.rules),
    )


def _first_rows(labels: IntArray) -> IntArray:
    """Return the first row of each label."""
    return np.unique(labels, return_index=True)[1]


def _first(labels: IntArray, chosen: BoolArray) -> IntArray:
    """Renumber labels so that those of chosen rows come first; a label is chosen as a whole or not at all."""
    apart = np.ones(units(labels), dtype=bool)
    apart[labels[chosen]] = False
    numbers = np.empty(len(apart), dtype=np.int64)
    numbers[np.argsort(apart, kind="stable")] = np.arange(len(apart))
    return numbers[labels]


def describe(
    rows: Rows, knowledge: Knowledge, settings: Settings, *, labels: BoolArray | None = None
) -> RowFeatures:
    """Find out what the stages need to know of each row; of the ``labels``, if given, only those of these rows."""
    background, text = knowledge.background, settings.text
    surprise = background.surprise(rows)
    vectors = wording(rows.templates, embedder_of(text), background, text)
    rarity = background.idf(rows.templates).astype(np.float32)
    accusations = accuse(rows, surprise, knowledge.calls, settings.services)
    places = find_labels(rows, settings.labels.model_dump(), labels)
    return RowFeatures(surprise, accusations, vectors * rarity[:, None], places)

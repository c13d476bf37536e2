"""The pipeline: events in, groups out; the pure stages in order, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from stormcell import registry
from stormcell.config import LEXICAL_ONLY, Settings, TextSettings
from stormcell.features.blame import accuse
from stormcell.features.links import find_links, join
from stormcell.features.outline import RowFeatures, outline, speakers, units
from stormcell.features.rows import build_rows
from stormcell.features.surprise import Background
from stormcell.features.table import fields, tabulate
from stormcell.features.wording import wording
from stormcell.groups.alike import link_alike
from stormcell.groups.assemble import Solution, assemble
from stormcell.groups.gate import passes
from stormcell.groups.hearing import hear
from stormcell.groups.partition import partition
from stormcell.groups.sessions import cut_sessions
from stormcell.text.mining import TemplateMiner
from stormcell.types import BoolArray, Event, Feedback, Grouping, IntArray, Rows


def group(
    events: Iterable[Event],
    settings: Settings | None = None,
    miner: TemplateMiner | None = None,
    *,
    feedback: Sequence[Feedback] = (),
) -> Grouping:
    """Group events into incidents; what is usual is learned from the same events.

    Parameters
    ----------
    events : iterable of Event
        In any order.
    settings : Settings, optional
        The defaults if left out; ``config.load`` reads the file and the environment.
    miner : TemplateMiner, optional
        Knows templates of logs from before, and learns those of the events.
    feedback : sequence of Feedback
        What people said of groups, oldest first.

    Returns
    -------
    Grouping
        The same for the same events, in whatever order they came. Of different events with one uid the first is
        kept.
    """
    settings = settings or Settings()
    rows = build_rows(events, settings, miner)
    background = Background(settings.background)
    background.learn(rows)
    return group_rows(rows, background, settings, feedback=feedback)


def group_rows(
    rows: Rows,
    background: Background,
    settings: Settings,
    *,
    gate: bool = True,
    feedback: Sequence[Feedback] = (),
) -> Grouping:
    """Group rows against a background model.

    Parameters
    ----------
    rows : Rows
    background : Background
        What is usual.
    settings : Settings
    gate : bool
        Whether background is set apart; without it every row comes into a group.
    feedback : sequence of Feedback
    """
    solution = solve(rows, background, settings, gate=gate, feedback=feedback)
    groups, memberships = assemble(solution, settings)
    return Grouping(
        events=int(rows.weight.sum()),
        duplicates=rows.duplicates,
        groups=tuple(groups),
        memberships=tuple(memberships),
        learning=gate and background.learning,
        outcomes=solution.outcomes,
    )


def solve(
    rows: Rows, background: Background, settings: Settings, *, gate: bool, feedback: Sequence[Feedback] = ()
) -> Solution:
    """Link rows into atoms, set background apart, cut sessions, cluster each, and mend what people said of it."""
    features = describe(rows, background, settings.text)
    links = find_links(rows, settings.links)
    atom_of = join(len(rows), links)
    atoms = outline(rows, features, atom_of)
    threshold = settings.grouping.gate if gate else 0.0
    kept = passes(atoms.surprise, threshold, learning=background.learning)
    silence = int(settings.grouping.silence_seconds * 1e9)
    inside = np.flatnonzero(kept)
    sessions = [inside[at] for at in cut_sessions(atoms.first[inside], atoms.last[inside], silence)]

    links += link_alike(rows, atom_of, atoms, sessions, int(settings.grouping.merge_seconds * 1e9))
    merged_of = _first(join(len(rows), links), kept[atom_of])
    merged = np.zeros(len(atoms.items), dtype=np.int64)
    merged[atom_of] = merged_of
    chosen = np.flatnonzero(kept[atom_of])
    table = tabulate(rows, features, merged_of[chosen], chosen)
    surprise = np.zeros(units(merged_of))
    np.maximum.at(surprise, merged, atoms.surprise)
    weights = np.zeros(len(table.outline.items))
    np.add.at(weights, merged[inside], 1.0 + np.log(atoms.items[inside]))
    sessions = [np.unique(merged[session]) for session in sessions]
    table_fields = fields(table, settings.weights, settings.grouping)
    clusterings = [
        partition(table_fields, session, table.outline.items[session], weights[session], settings.grouping)
        for session in sessions
    ]
    voices = speakers(rows, features, merged_of)
    verdicts, outcomes = hear(feedback, rows, merged_of, voices, sessions, clusterings)
    return Solution(
        rows=rows,
        features=features,
        atom_of=merged_of,
        speakers=voices,
        surprise=surprise,
        table=table,
        fields=table_fields,
        weights=weights,
        links=links,
        sessions=sessions,
        clusterings=clusterings,
        verdicts=verdicts,
        outcomes=outcomes,
    )


def _first(labels: IntArray, chosen: BoolArray) -> IntArray:
    """Renumber labels so that those of chosen rows come first; a label is chosen as a whole or not at all."""
    apart = np.ones(units(labels), dtype=bool)
    apart[labels[chosen]] = False
    numbers = np.empty(len(apart), dtype=np.int64)
    numbers[np.argsort(apart, kind="stable")] = np.arange(len(apart))
    return numbers[labels]


def describe(rows: Rows, background: Background, settings: TextSettings) -> RowFeatures:
    """Find out what the stages need to know of each row."""
    surprise = background.surprise(rows)
    chosen = None if settings.embedder == LEXICAL_ONLY else registry.embedder(settings.embedder, settings.model)
    vectors = wording(rows.templates, chosen, background, settings)
    rarity = background.idf(rows.templates).astype(np.float32)
    return RowFeatures(surprise, accuse(rows, surprise.value), vectors * rarity[:, None])

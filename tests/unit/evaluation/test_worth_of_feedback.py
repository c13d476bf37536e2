"""What ten judgements of a person who knows the truth are worth, on real events."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from stormcell.config import Settings
from stormcell.decode import read
from stormcell.evaluation.scores import score
from stormcell.evaluation.truth import Label, label_events, read_truth
from stormcell.features.knowledge import Knowledge
from stormcell.features.rows import build_rows
from stormcell.pipeline import group_rows
from stormcell.types import Feedback, Grouping, Kind, Mark, Membership, State

DATA = Path(__file__).parents[3] / "benchmarks" / "data" / "trainticket-overlap"


def mark(atom: Membership, *uids: str) -> Mark:
    return Mark(uids or (atom.rows[0].event.uid,), atom.voice, "", "", "")


def person(found: Grouping, labels: dict[str, Label], until: int) -> list[Feedback]:
    """Return all that can be said of the groups before a time: what is of another incident than the exemplar."""

    def incident(atom: Membership) -> str:
        own = (labels[uid].incident for row in atom.rows for uid in row.members)
        return Counter(own).most_common(1)[0][0]

    atoms: dict[str, list[Membership]] = defaultdict(list)
    for atom in found.memberships:
        if atom.group is not None and atom.rows[0].event.time < until:
            atoms[atom.group].append(atom)
    own = {
        group.id: atom
        for group in found.groups
        for atom in atoms[group.id]
        if any(group.medoid.uid in row.members for row in atom.rows)
    }
    said: list[tuple[Kind, tuple[Mark, ...]]] = []
    for id, exemplar in own.items():
        said += [
            (
                Kind.MERGE,
                tuple(mark(own[g], *(a.rows[0].event.uid for a in (own[g], *atoms[g]))) for g in (id, other)),
            )
            for other in own
            if id < other and incident(own[other]) == incident(exemplar)
        ]
        for atom in atoms[id]:
            there = [other for other in own.values() if incident(other) == incident(atom)]
            if incident(atom) != incident(exemplar):
                marks = (mark(exemplar), mark(atom), *map(mark, there[:1]))
                said.append((Kind.MOVE if there else Kind.SPLIT, marks))
    return [Feedback(f"f-{at}", kind, marks) for at, (kind, marks) in enumerate(said)]


@pytest.mark.slow
def test_ten_judgements_on_the_first_half_do_no_harm_to_the_whole() -> None:
    events = {event.uid: event for event in read([str(path) for path in sorted(DATA.glob("*.jsonl.gz"))])}
    labels = label_events(events.values(), read_truth(DATA / "truth.csv.gz"))
    own = {uid: label for uid, label in labels.items() if not label.is_noise}
    knowledge = Knowledge(Settings())
    knowledge.learn(events.values())
    rows = build_rows([events[uid] for uid in own], Settings(), knowledge.miner)

    def ari(found: Grouping) -> float:
        return score({uid: group.id for group in found.groups for uid in group.members}, own).agreement.ari

    plain = group_rows(rows, knowledge, Settings(), gate=False)
    times = sorted(events[uid].time for uid in own)
    said = person(plain, own, times[len(times) // 2])
    assert len(said) > 20
    gains = []
    for seed in range(5):
        some = random.Random(seed).sample(said, 10)
        found = group_rows(rows, knowledge, Settings(), gate=False, feedback=some)
        assert not [outcome for outcome in found.outcomes if outcome.state is State.IMPOSSIBLE]
        gains.append(ari(found) - ari(plain))
    assert min(gains) > -0.01
    assert sum(gains) / len(gains) > 0

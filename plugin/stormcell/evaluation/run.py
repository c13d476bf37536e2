"""The two modes: A, telling incidents apart; B, end to end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.evaluation.scores import Scores, ServiceHits, score, service_hits, silence
from stormcell.evaluation.truth import Label, Truth, label_events
from stormcell.features.knowledge import Knowledge
from stormcell.features.rows import build_rows
from stormcell.pipeline import group_rows
from stormcell.types import Event, Group, Grouping

SILENCE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode's outcome.

    Attributes
    ----------
    grouping : Grouping
        With the uids of the truth.
    stormcell : Scores
    baselines : mapping of str to Scores
        Other ways of grouping, by name.
    services : ServiceHits
    """

    grouping: Grouping
    stormcell: Scores
    baselines: Mapping[str, Scores]
    services: ServiceHits


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Both modes.

    Attributes
    ----------
    events, labelled, unlabelled, unmatched : int
        Distinct events; those with a label, noise included; those without; lines of the truth without an event.
    a : Mode
        Background learned from everything, only the incidents' events grouped, gate off.
    b : Mode
        Everything, gated, end to end.
    """

    events: int
    labelled: int
    unlabelled: int
    unmatched: int
    a: Mode
    b: Mode

    def as_json(self) -> dict[str, Any]:
        """Return the scores as JSON types."""
        return {
            "events": self.events,
            "labelled": self.labelled,
            "unlabelled": self.unlabelled,
            "unmatched": self.unmatched,
            "modes": {name: _mode_json(mode) for name, mode in (("A", self.a), ("B", self.b))},
        }


def evaluate(events: Iterable[Event], truth: Truth, settings: Settings | None = None) -> Evaluation:
    """Group events and score the groups.

    Parameters
    ----------
    events : iterable of Event
        Held in memory: both modes need them.
    truth : Truth
    settings : Settings, optional

    Raises
    ------
    InputError
        If no event of an incident is among the events.
    """
    settings = settings or Settings()
    distinct: dict[str, Event] = {}
    for event in events:
        distinct.setdefault(event.uid, event)
    labels = label_events(distinct.values(), truth)
    own = {uid: label for uid, label in labels.items() if not label.is_noise}
    if not own:
        raise InputError(
            f"none of the {len(distinct)} events is in an incident of the truth; are both from the same data?"
        )
    knowledge = Knowledge(settings)
    everything = knowledge.learn(distinct.values())

    incident_events = [distinct[uid] for uid in own]
    incident_rows = build_rows(incident_events, settings, knowledge.miner)
    a = group_rows(incident_rows, knowledge, settings, gate=False)
    b = group_rows(everything, knowledge, settings)
    kept = {uid for group in b.groups for uid in group.members}
    return Evaluation(
        events=len(distinct),
        labelled=len(labels),
        unlabelled=len(distinct) - len(labels),
        unmatched=len(truth) - len({label.uid for label in labels.values()}),
        a=_mode(a, own, {"silence": silence(incident_events, SILENCE_SECONDS)}),
        b=_mode(
            b,
            labels,
            {
                "silence": silence(list(distinct.values()), SILENCE_SECONDS),
                "gate + silence": silence([distinct[uid] for uid in kept], SILENCE_SECONDS),
            },
        ),
    )


def _mode(grouping: Grouping, labels: Mapping[str, Label], baselines: Mapping[str, Mapping[str, str]]) -> Mode:
    groups = {uid: group.id for group in grouping.groups for uid in group.members}
    return Mode(
        grouping=_as_truth(grouping, labels),
        stormcell=score(groups, labels),
        baselines={name: score(other, labels) for name, other in baselines.items()},
        services=service_hits(grouping.groups, labels),
    )


def _as_truth(grouping: Grouping, labels: Mapping[str, Label]) -> Grouping:
    """Spell the uids as the truth does, so that others can join the two.

    An alert that fired several times keeps its own uids: the truth's one would stand for all of them.
    """
    named = Counter(label.uid for label in labels.values())

    def spell(uid: str) -> str:
        label = labels.get(uid)
        return label.uid if label is not None and named[label.uid] == 1 else uid

    def spell_event(event: Event) -> Event:
        return replace(event, uid=spell(event.uid))

    def spell_group(group: Group) -> Group:
        return replace(
            group,
            medoid=spell_event(group.medoid),
            earliest=spell_event(group.earliest),
            latest=spell_event(group.latest),
            most_severe=spell_event(group.most_severe),
            exemplars=tuple(map(spell_event, group.exemplars)),
            members=tuple(sorted(map(spell, group.members))),
        )

    return replace(
        grouping,
        groups=tuple(map(spell_group, grouping.groups)),
        memberships=tuple(
            replace(
                membership,
                rows=tuple(
                    replace(row, event=spell_event(row.event), members=tuple(map(spell, row.members)))
                    for row in membership.rows
                ),
            )
            for membership in grouping.memberships
        ),
    )


def _mode_json(mode: Mode) -> dict[str, Any]:
    def flat(scores: Scores) -> dict[str, Any]:
        values = asdict(scores)
        return {**values.pop("agreement"), **values}

    return {
        "stormcell": flat(mode.stormcell),
        **{name: flat(scores) for name, scores in mode.baselines.items()},
        "services": asdict(mode.services),
    }

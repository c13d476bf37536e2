"""The two modes: A, telling incidents apart; B, end to end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from stormcell.config import Settings
from stormcell.evaluation.case import Case, make_case
from stormcell.evaluation.scores import Scores, ServiceHits, score, service_hits, silence
from stormcell.evaluation.truth import Label, Truth
from stormcell.types import Event, Feedback, Group, Grouping, Outcome

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
    plain : tuple of Scores or None
        Both modes without the feedback, where there was any.
    outcomes : tuple of Outcome
        What became of each feedback in mode B.
    """

    events: int
    labelled: int
    unlabelled: int
    unmatched: int
    a: Mode
    b: Mode
    plain: tuple[Scores, Scores] | None = None
    outcomes: tuple[Outcome, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the scores as JSON types."""
        found: dict[str, Any] = {
            "events": self.events,
            "labelled": self.labelled,
            "unlabelled": self.unlabelled,
            "unmatched": self.unmatched,
            "modes": {name: _mode_json(mode) for name, mode in (("A", self.a), ("B", self.b))},
        }
        if self.plain is not None:
            for name, scores in zip("AB", self.plain, strict=True):
                found["modes"][name]["without feedback"] = _flat(scores)
            found["feedback"] = [asdict(outcome) for outcome in self.outcomes]
        return found


def evaluate(
    events: Iterable[Event],
    truth: Truth,
    settings: Settings | None = None,
    feedback: Sequence[Feedback] | None = None,
) -> Evaluation:
    """Group events and score the groups.

    Parameters
    ----------
    events : iterable of Event
        Held in memory: both modes need them.
    truth : Truth
    settings : Settings, optional
    feedback : sequence of Feedback, optional
        Is tried: the groups are made with it, and without it for comparison.

    Raises
    ------
    InputError
        If no event of an incident is among the events.
    """
    settings = settings or Settings()
    return judge(make_case(events, truth, settings), settings, feedback, lines=len(truth))


def judge(
    case: Case, settings: Settings, feedback: Sequence[Feedback] | None = None, *, lines: int | None = None
) -> Evaluation:
    """Group a case and score the groups (see ``evaluate``).

    Parameters
    ----------
    case : Case
    settings : Settings
    feedback : sequence of Feedback, optional
    lines : int, optional
        Of the truth; as many as there are labels by default.
    """
    a, b = case.group(settings, feedback or ())
    plain = None
    if feedback is not None:
        without = case.group(settings)
        plain = (score(_placed(without[0]), case.own), score(_placed(without[1]), case.labels))
    kept = [case.events[uid] for group in b.groups for uid in group.members]
    every = list(case.events.values())
    known = len({label.uid for label in case.labels.values()})
    return Evaluation(
        plain=plain,
        outcomes=b.outcomes,
        events=len(every),
        labelled=len(case.labels),
        unlabelled=len(every) - len(case.labels),
        unmatched=0 if lines is None else lines - known,
        a=_mode(a, case.own, {"silence": silence([case.events[uid] for uid in case.own], SILENCE_SECONDS)}),
        b=_mode(
            b,
            case.labels,
            {"silence": silence(every, SILENCE_SECONDS), "gate + silence": silence(kept, SILENCE_SECONDS)},
        ),
    )


def _placed(grouping: Grouping) -> dict[str, str]:
    return {uid: group.id for group in grouping.groups for uid in group.members}


def _mode(grouping: Grouping, labels: Mapping[str, Label], baselines: Mapping[str, Mapping[str, str]]) -> Mode:
    groups = _placed(grouping)
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
    return {
        "stormcell": _flat(mode.stormcell),
        **{name: _flat(scores) for name, scores in mode.baselines.items()},
        "services": asdict(mode.services),
    }


def _flat(scores: Scores) -> dict[str, Any]:
    values = asdict(scores)
    return {**values.pop("agreement"), **values}

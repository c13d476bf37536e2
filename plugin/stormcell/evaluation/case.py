"""Data whose incidents are known: read once, grouped as often as wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stormcell.config import Settings
from stormcell.errors import InputError
from stormcell.evaluation.truth import Label, Truth, label_events
from stormcell.features.knowledge import Knowledge
from stormcell.features.rows import build_rows
from stormcell.pipeline import group_rows
from stormcell.types import Event, Feedback, Grouping, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Events and what is known of them.

    Attributes
    ----------
    events : mapping of str to Event
        Distinct, by uid.
    labels, own : mapping of str to Label
        By the events' own uids; the second without noise.
    knowledge : Knowledge
        Has learned all events.
    everything, incidents : Rows
        Of all events, and of those of incidents.
    """

    events: Mapping[str, Event]
    labels: Mapping[str, Label]
    own: Mapping[str, Label]
    knowledge: Knowledge
    everything: Rows
    incidents: Rows

    def group(self, settings: Settings, feedback: Sequence[Feedback] = ()) -> tuple[Grouping, Grouping]:
        """Group the incidents' events with the gate off (mode A), and everything with it (mode B)."""
        return (
            group_rows(self.incidents, self.knowledge, settings, gate=False, feedback=feedback),
            group_rows(self.everything, self.knowledge, settings, feedback=feedback),
        )


def make_case(events: Iterable[Event], truth: Truth, settings: Settings) -> Case:
    """Read events and learn what is usual from all of them.

    Parameters
    ----------
    events : iterable of Event
        Held in memory: both modes need them.
    truth : Truth
    settings : Settings

    Raises
    ------
    InputError
        If no event of an incident is among the events.
    """
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
    incidents = build_rows((distinct[uid] for uid in own), settings, knowledge.miner)
    return Case(distinct, labels, own, knowledge, everything, incidents)

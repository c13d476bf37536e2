"""Scores of one grouping against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stormcell.cluster.quality.agreement import Agreement, agreement
from stormcell.evaluation.truth import Label
from stormcell.types import Event, Group


@dataclass(frozen=True, slots=True)
class Scores:
    """One way of grouping, scored.

    Attributes
    ----------
    agreement : Agreement
        Over the labelled events; one in no group counts as a group of its own.
    groups : int
        Groups that hold events with a label, noise included.
    incidents : int
        True incidents.
    contamination : float
        Of the grouped events with a label, the share that is noise.
    incident_recall : float
        Share of the true incidents for which one group holds at least half of the events and is mostly made
        of them.
    """

    agreement: Agreement
    groups: int
    incidents: int
    contamination: float
    incident_recall: float


@dataclass(frozen=True, slots=True)
class ServiceHits:
    """How often the true service is found.

    For each incident whose faulty service is known, look at the group that holds most of its events.

    Attributes
    ----------
    incidents : int
        How many have a known service; one whose events are in no group counts as not found.
    blamed_at_1, blamed_at_3 : float
        Share for which the service is the most blamed one, or among the three most blamed.
    exemplar_at_1, exemplar_at_3 : float
        Share for which it is the exemplar's service, or that of one of the exemplars of the three groups that
        hold most of the incident's events.
    """

    incidents: int
    blamed_at_1: float
    blamed_at_3: float
    exemplar_at_1: float
    exemplar_at_3: float


def score(groups: Mapping[str, str], labels: Mapping[str, Label]) -> Scores:
    """Score an assignment of events to groups.

    Parameters
    ----------
    groups : mapping of uid to group id
        Only events in a group.
    labels : mapping of uid to Label
    """
    own = {uid: label for uid, label in labels.items() if not label.is_noise}
    predicted = [groups.get(uid, f"alone:{uid}") for uid in own]
    sizes = Counter(label.incident for label in own.values())
    held: dict[str, Counter[str]] = {}
    for uid, group in groups.items():
        if uid in labels:
            held.setdefault(group, Counter())[labels[uid].incident] += 1
    found = {
        incident
        for counts in held.values()
        for incident, count in counts.items()
        if incident in sizes and count * 2 >= sizes[incident] and count * 2 > counts.total()
    }
    total = sum(counts.total() for counts in held.values())
    noise = total - sum(1 for uid in own if uid in groups)
    return Scores(
        agreement=agreement([label.incident for label in own.values()], predicted),
        groups=len(held),
        incidents=len(sizes),
        contamination=noise / total if total else 0.0,
        incident_recall=len(found) / len(sizes) if sizes else 0.0,
    )


def service_hits(groups: Sequence[Group], labels: Mapping[str, Label]) -> ServiceHits:
    """Score the blamed services and the exemplars' services."""
    holders: dict[tuple[str, str], Counter[int]] = {
        (label.incident, label.service): Counter()
        for label in labels.values()
        if label.service and not label.is_noise
    }
    for number, group in enumerate(groups):
        for uid in group.members:
            label = labels.get(uid)
            if label is not None and label.service and not label.is_noise:
                holders[label.incident, label.service][number] += 1
    hits: Counter[str] = Counter()
    for (_, service), counts in holders.items():
        best = [groups[n] for n, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]]
        if not best:
            continue
        blamed = [blame.name for blame in best[0].services[:3]]
        hits["blamed_at_1"] += blamed[:1] == [service]
        hits["blamed_at_3"] += service in blamed
        hits["exemplar_at_1"] += best[0].medoid.service == service
        hits["exemplar_at_3"] += any(group.medoid.service == service for group in best)
    judged = len(holders)
    shares = {
        name: hits[name] / judged if judged else 0.0
        for name in ("blamed_at_1", "blamed_at_3", "exemplar_at_1", "exemplar_at_3")
    }
    return ServiceHits(incidents=judged, **shares)


def silence(events: Sequence[Event], seconds: float) -> dict[str, str]:
    """Group by the baseline: a new group after a silence of ``seconds``; return the group of each uid."""
    groups: dict[str, str] = {}
    number, before = 0, None
    for event in sorted(events, key=lambda event: (event.time, event.uid)):
        if before is not None and event.time - before > seconds * 1e9:
            number += 1
        before = event.time
        groups[event.uid] = str(number)
    return groups

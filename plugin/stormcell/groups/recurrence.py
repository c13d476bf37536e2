"""Have we seen this before? The nearest past incidents, and families of those that come again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.config import RecurrenceSettings
from stormcell.distance.mixed import MixedPoints, explain
from stormcell.features.likeness import likeness
from stormcell.types import Clustering, Family, IntArray, Past, Profile, Similar

MOST_CLUSTERED: Final = 4000
"""Exemplars are looked for among this many of the newest different incidents; older ones are only assigned."""
_SHOWN: Final = 3
"""Decimals to which dissimilarities are shown, and to which they are equal."""


def similar(past: Sequence[Past], group: str, settings: RecurrenceSettings, most: int) -> list[Similar]:
    """Return the incidents most like one, nearest first.

    Of incidents equally near, to the decimals that are shown, resolved ones come first: what helped then is known.

    Parameters
    ----------
    past : sequence of Past
        With the group itself; those without a profile are passed over.
    group : str
    settings : RecurrenceSettings
    most : int
        How many at most.

    Raises
    ------
    ValueError
        If there is no profile of the group.
    """
    known = _known(past)
    at = _place(known, group)
    points = likeness([_profile(each) for each in known], settings)
    others = np.array([number for number in range(len(known)) if number != at], dtype=np.int64)
    found = _similar(known, points, others, np.full(len(others), at))
    resolved = {each.id: each.status == "resolved" for each in known}
    found.sort(key=lambda each: (round(each.dissimilarity, _SHOWN), not resolved[each.group], each.group))
    return found[:most]


def family_of(
    past: Sequence[Past], group: str, families: Sequence[Family], settings: RecurrenceSettings
) -> tuple[Family, Similar] | None:
    """Return the family whose exemplar is nearest to an incident, and how far that is; None beyond the radius.

    Raises
    ------
    ValueError
        If there is no profile of the group.
    """
    known = _known(past)
    at = _place(known, group)
    number = {each.id: place for place, each in enumerate(known)}
    living = sorted((each for each in families if each.exemplar in number), key=lambda each: each.id)
    if not living:
        return None
    points = likeness([_profile(each) for each in known], settings)
    exemplars = np.array([number[each.exemplar] for each in living])
    found = _similar(known, points, exemplars, np.full(len(exemplars), at))
    nearest = min(range(len(found)), key=lambda place: found[place].dissimilarity)
    if found[nearest].dissimilarity > settings.radius:
        return None
    return living[nearest], found[nearest]


def find_families(past: Sequence[Past], before: Sequence[Family], settings: RecurrenceSettings) -> list[Family]:
    """Cluster past incidents into families; an incident that has come once only is in none.

    Minimises ``sum of dissimilarities + radius * exemplars`` by k-medoids that chooses its own k, each of equal
    profiles counted: an exemplar more is worth it where it brings incidents nearer by more than the radius in sum.
    So no incident is farther than the radius from its exemplar. An uncapacitated facility location with one price,
    the exemplar's counterpart of DP-means (Kulis & Jordan 2012).

    Parameters
    ----------
    past : sequence of Past
        In any order; those without a profile are passed over.
    before : sequence of Family
        Of the last run: a family that is mostly still there keeps its id.
    settings : RecurrenceSettings

    Returns
    -------
    list of Family
        Those with most members first.
    """
    known = _known(past)
    if len(known) < 2:
        return []
    points = likeness([_profile(each) for each in known], settings)
    first, same = _distinct(known)
    newest = sorted(range(len(first)), key=lambda place: (-known[first[place]].first_seen, known[first[place]].id))
    clustered = np.sort(first[np.array(newest[:MOST_CLUSTERED])])
    weights = np.bincount(same, minlength=len(first)).astype(np.float64)[np.isin(first, clustered)]
    chosen = points.take(clustered)
    solved = cluster_by_opening_cost(
        chosen.cross(chosen), weights, opening_cost=settings.radius / float(weights.sum()), max_k=len(clustered)
    )
    members = _members(points, clustered, solved, settings.radius)
    found = [
        (exemplar, _similar(known, points, np.array(held), np.full(len(held), exemplar)))
        for exemplar, held in members.items()
        if len(held) > 1
    ]
    sorted_members = [
        (known[exemplar].id, tuple(sorted(held, key=lambda each: (each.dissimilarity, each.group))))
        for exemplar, held in found
    ]
    ids = _ids({exemplar: {each.group for each in held} for exemplar, held in sorted_members}, before)
    families = [Family(ids[exemplar], exemplar, held) for exemplar, held in sorted_members]
    return sorted(families, key=lambda family: (-len(family.members), family.id))


def _known(past: Iterable[Past]) -> list[Past]:
    return sorted((each for each in past if each.profile is not None), key=lambda each: each.id)


def _profile(past: Past) -> Profile:
    assert past.profile is not None
    return past.profile


def _place(known: Sequence[Past], group: str) -> int:
    for place, each in enumerate(known):
        if each.id == group:
            return place
    raise ValueError(f"there is no profile of the group {group!r}; compute one from its members")


def _similar(known: Sequence[Past], points: MixedPoints, some: IntArray, to: IntArray) -> list[Similar]:
    """Return some incidents with the parts of their dissimilarity to others, which is 0 to themselves."""
    parts = explain(points, to, some)
    return [
        Similar(
            known[place].id,
            shares if place != other else tuple(replace(each, dissimilarity=0.0, share=0.0) for each in shares),
        )
        for place, other, shares in zip(some.tolist(), to.tolist(), parts, strict=True)
    ]


def _distinct(known: Sequence[Past]) -> tuple[IntArray, IntArray]:
    """Return the first of each of the equal profiles, and for each incident which of these it is."""
    number: dict[str, int] = {}
    first: list[int] = []
    same = []
    for place, each in enumerate(known):
        at = number.setdefault(repr(each.profile), len(number))
        if at == len(first):
            first.append(place)
        same.append(at)
    return np.array(first, dtype=np.int64), np.array(same, dtype=np.int64)


def _members(
    points: MixedPoints, clustered: IntArray, solved: Clustering, radius: float
) -> Mapping[int, list[int]]:
    """Return all incidents within the radius of each exemplar that is their nearest."""
    exemplars = clustered[solved.medoids]
    far = points.take(exemplars).cross(points)
    nearest = far.argmin(axis=0)
    nearest[exemplars] = np.arange(len(exemplars))
    members: dict[int, list[int]] = {exemplar: [] for exemplar in exemplars.tolist()}
    for place, label in enumerate(nearest.tolist()):
        if far[label, place] <= radius:
            members[int(exemplars[label])].append(place)
    return members


def _ids(members: Mapping[str, set[str]], before: Sequence[Family]) -> dict[str, str]:
    """Return an id a family, by exemplar: its old one where they share half of the smaller of the two.

    Those that share most are matched first; what is left gets an id of its own.
    """
    pairs = []
    for old in before:
        held = {member.group for member in old.members}
        for exemplar, now in members.items():
            shared = len(held & now)
            if 2 * shared >= min(len(held), len(now)) and shared:
                pairs.append((-shared, -shared / len(held | now), old.exemplar != exemplar, old.id, exemplar))
    ids: dict[str, str] = {}
    for *_, old_id, exemplar in sorted(pairs):
        if exemplar not in ids and old_id not in ids.values():
            ids[exemplar] = old_id
    taken = {old.id for old in before} | set(ids.values())
    for exemplar in sorted(set(members) - set(ids)):
        ids[exemplar] = _new_id(exemplar, taken)
        taken.add(ids[exemplar])
    return ids


def _new_id(exemplar: str, taken: set[str]) -> str:
    number = 0
    while True:
        text = f"{exemplar}\0{number}".encode("utf-8", "surrogatepass")
        found = "f-" + hashlib.blake2b(text, digest_size=6).hexdigest()
        if found not in taken:
            return found
        number += 1

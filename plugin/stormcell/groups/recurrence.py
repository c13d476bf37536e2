"""Have we seen this before? The nearest past incidents, and families of those that come again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.config import RecurrenceSettings
from stormcell.distance.mixed import MixedPoints, explain
from stormcell.features.likeness import likeness, usual
from stormcell.types import DoubleArray, Family, IntArray, Past, Similar

MOST_CLUSTERED: Final = 4000
"""Exemplars are looked for among this many of the newest different incidents; older ones are only assigned."""
_SHOWN: Final = 3
"""Decimals to which dissimilarities are shown, and to which they are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Past incidents that have a profile, ready to be compared.

    Attributes
    ----------
    incidents : tuple of Past
        Ascending by id.
    points : MixedPoints
        Their profiles.
    radius : float
    """

    incidents: tuple[Past, ...]
    points: MixedPoints
    radius: float


def compare(past: Iterable[Past], settings: RecurrenceSettings, among: Iterable[Past] = ()) -> Compared:
    """Return past incidents ready to be compared; those without a profile are left out.

    Parameters
    ----------
    past : iterable of Past
        In any order.
    settings : RecurrenceSettings
    among : iterable of Past
        Others, some of them perhaps the same, by which it is judged, too, what is rare.
    """
    known = {each.id: (each, each.profile) for each in past if each.profile is not None}
    pairs = [known[id] for id in sorted(known)]
    profiles = [profile for _, profile in pairs]
    others = [each.profile for each in among if each.profile is not None and each.id not in known]
    points = likeness(profiles, settings, usual([*profiles, *others]))
    return Compared(tuple(each for each, _ in pairs), points, settings.radius)


def similar(compared: Compared, group: str, most: int, *, earlier: bool = False) -> list[Similar]:
    """Return the incidents most like one, nearest first (see ``nearest``).

    Parameters
    ----------
    compared : Compared
    group : str
        The id of one of them.
    most : int
        At most so many, at least 1.
    earlier : bool
        Only those that began before it.

    Raises
    ------
    ValueError
        If the group is not among them.
    """
    at = _place(compared, group)
    own = compared.incidents[at]
    others = np.flatnonzero(
        [each is not own and (not earlier or each.first_seen < own.first_seen) for each in compared.incidents]
    )
    found = _similar(compared, others, np.full(len(others), at))
    order = nearest([compared.incidents[place] for place in others], [each.dissimilarity for each in found])
    return [found[place] for place in order[:most]]


def nearest(incidents: Sequence[Past], far: Sequence[float]) -> list[int]:
    """Return the places of incidents, nearest first, by how far each is.

    Of those equally near, to the decimals that are shown, resolved ones come first: what helped then is known.
    """
    told = [
        (round(dissimilarity, _SHOWN), each.status != "resolved", each.id)
        for each, dissimilarity in zip(incidents, far, strict=True)
    ]
    return sorted(range(len(told)), key=told.__getitem__)


def family_of(compared: Compared, group: str, families: Iterable[Family]) -> tuple[Family, Similar] | None:
    """Return the family whose exemplar is nearest to an incident, and how far that is; None beyond the radius.

    Raises
    ------
    ValueError
        If the group is not among them.
    """
    at = _place(compared, group)
    number = {each.id: place for place, each in enumerate(compared.incidents)}
    living = sorted((each for each in families if each.exemplar in number), key=lambda each: each.id)
    if not living:
        return None
    exemplars = np.array([number[each.exemplar] for each in living])
    found = _similar(compared, exemplars, np.full(len(exemplars), at))
    family, told = min(zip(living, found, strict=True), key=lambda pair: pair[1].dissimilarity)
    return (family, told) if told.dissimilarity <= compared.radius else None


def find_families(compared: Compared, before: Sequence[Family]) -> list[Family]:
    """Cluster past incidents into families; an incident that has come once only is in none.

    Minimises ``sum of dissimilarities + radius * exemplars`` by k-medoids that chooses its own k, each of equal
    profiles counted: an exemplar more is worth it where it brings incidents nearer by more than the radius in sum.
    So no incident is farther than the radius from its exemplar. An uncapacitated facility location with one price,
    the exemplar's counterpart of DP-means (Kulis & Jordan 2012).

    Parameters
    ----------
    compared : Compared
    before : sequence of Family
        Of the last run: a family that is mostly still there keeps its id.

    Returns
    -------
    list of Family
        Those with most members first.
    """
    if len(compared.incidents) < 2:
        return []
    clustered, weights = _distinct(compared.incidents)
    chosen = compared.points.take(clustered)
    solved = cluster_by_opening_cost(
        chosen.cross(chosen), weights, opening_cost=compared.radius / float(weights.sum()), max_k=len(clustered)
    )
    found: dict[str, tuple[Similar, ...]] = {}
    for exemplar, held in _members(compared, clustered[solved.medoids]).items():
        if len(held) > 1:
            members = _similar(compared, np.array(held), np.full(len(held), exemplar))
            members.sort(key=lambda each: (each.dissimilarity, each.group))
            found[compared.incidents[exemplar].id] = tuple(members)
    ids = _ids({exemplar: {each.group for each in held} for exemplar, held in found.items()}, before)
    families = [Family(ids[exemplar], exemplar, held) for exemplar, held in found.items()]
    return sorted(families, key=lambda family: (-len(family.members), family.id))


def _place(compared: Compared, group: str) -> int:
    for place, each in enumerate(compared.incidents):
        if each.id == group:
            return place
    raise ValueError(f"there is no profile of the group {group!r}; compute one from its members")


def _similar(compared: Compared, some: IntArray, to: IntArray) -> list[Similar]:
    """Return some incidents with the parts of their dissimilarity to others, which is 0 to themselves."""
    parts = explain(compared.points, to, some)
    return [
        Similar(
            compared.incidents[place].id,
            shares if place != other else tuple(replace(each, dissimilarity=0.0, share=0.0) for each in shares),
        )
        for place, other, shares in zip(some.tolist(), to.tolist(), parts, strict=True)
    ]


def _distinct(incidents: Sequence[Past]) -> tuple[IntArray, DoubleArray]:
    """Return the newest of the different profiles, one incident each, ascending, and how many have each."""
    same: dict[str, list[int]] = {}
    for place, each in enumerate(incidents):
        same.setdefault(repr(each.profile), []).append(place)
    newest = sorted(same.values(), key=lambda held: (-max(incidents[at].first_seen for at in held), held))
    chosen = sorted(newest[:MOST_CLUSTERED])
    return np.array([held[0] for held in chosen]), np.array([float(len(held)) for held in chosen])


def _members(compared: Compared, exemplars: IntArray) -> Mapping[int, list[int]]:
    """Return all incidents within the radius of each exemplar that is their nearest."""
    far = compared.points.take(exemplars).cross(compared.points)
    nearest = far.argmin(axis=0)
    nearest[exemplars] = np.arange(len(exemplars))
    members: dict[int, list[int]] = {exemplar: [] for exemplar in exemplars.tolist()}
    for place, label in enumerate(nearest.tolist()):
        if far[label, place] <= compared.radius:
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

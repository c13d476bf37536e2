"""Profiles: what is kept of an incident, to know it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that events of an incident say.

    Attributes
    ----------
    signal : str
    service : str
        Who says it; "" where none is known.
    text : str
        A template, a text with the names that stand in it, or either with one attribute of the events in braces.
    count : int
        Events.
    """

    signal: str
    service: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What an incident looked like, without its times and ids: small, and the same however long it took.

    Attributes
    ----------
    services : mapping of str to float
        How much each service is accused, as parts of the whole.
    sayings : tuple of Saying
        The most surprising, ascending by (signal, service, text).
    instances : mapping of str to float
        How much of the surprise comes from each pod, host or other single instance that is named, as parts.
    """

    services: Mapping[str, float]
    sayings: tuple[Saying, ...]
    instances: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Past:
    """An incident of the store, as it is looked for.

    Attributes
    ----------
    id : str
        The group's.
    status : str
    first_seen : int
        ns.
    profile : Profile or None
        None for a group that was stored without one.
    """

    id: str
    status: str
    first_seen: int
    profile: Profile | None

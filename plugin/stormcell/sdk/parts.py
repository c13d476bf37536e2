"""What the choice of traces is made of, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S")
Kind = tuple[str, str]
"""A service, and the template of what begins its traces."""


class Part(NamedTuple, Generic[S]):
    """A span as far as the choice needs it.

    Attributes
    ----------
    span : S
    trace : str
        The id of its trace.
    error : bool
    kind : Kind or None
        Of what begins a trace here, for it has no parent, or none of this process; else None.
    """

    span: S
    trace: str
    error: bool
    kind: Kind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the choice depends on; all times in ns.

    Attributes
    ----------
    surprise : float
        What is at least so surprising is passed on.
    one_in : int
        One of so many others of a kind is passed on.
    per_kind : int
        At most so many of these in each interval, and of those that are as surprising by one template.
    interval : int
    hold : int
        How long a trace is held once what began it has ended, and nothing more comes.
    settle : int
        How old a trace is before it is passed on as an exemplar: a young group has another one every few seconds.
    patience : int
        How old a trace may become that waits to be an exemplar.
    most : int
        Spans that are held; of more, the oldest traces are decided at once.
    """

    surprise: float
    one_in: int
    per_kind: int
    interval: int
    hold: int
    settle: int
    patience: int
    most: int

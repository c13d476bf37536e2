"""What became of the rules of the house."""

from __future__ import annotations

from dataclasses import dataclass

from stormcell.types.feedback import State


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of one rule in a grouping.

    Attributes
    ----------
    rule : str
        Its name.
    kind : str
        "same", "together" or "apart".
    state : State
        "overruled": what a person said of these very groups contradicts it. "impossible": something else that is
        certain does. "absent": it speaks of nothing that is there.
    why : str
        "" where it is honoured.
    events : int
        Of which it speaks, background included.
    groups : int
        In which such events are.
    moved : int
        Events that are in another group because of it.
    example : str
        The uid of an event that was moved, else of one of which it speaks; "" for none.
    values : int
        How many values there are of the labels that it names, 0 where it names none.
    """

    rule: str
    kind: str
    state: State
    why: str = ""
    events: int = 0
    groups: int = 0
    moved: int = 0
    example: str = ""
    values: int = 0

"""Link keys together with what rules see: events that differ in either are never one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stormcell.features.keys import Keys, LinkKeys
from stormcell.features.traits import Same, Traits
from stormcell.types import Event, Record, Sides


class RuledKeys:
    """Link keys as ``LinkKeys`` has them; a number stands for a set of them and for what rules see.

    Parameters
    ----------
    keys : LinkKeys
    traits : Traits
    """

    def __init__(self, keys: LinkKeys, traits: Traits) -> None:
        self._keys = keys
        self._traits = traits
        self._known: list[tuple[int, Same, Sides]] = []
        self._numbers: dict[tuple[int, Same, Sides], int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, number: int) -> Keys:
        return self._keys[self._known[number][0]]

    def number(self, record: Record, spoken: Keys) -> int:
        """Return the number of an event's keys and of what rules see in it."""
        found = self._keys.number(record, spoken), self._traits.same(record), self._traits.sides(record)
        number = self._numbers.setdefault(found, len(self._known))
        if number == len(self._known):
            self._known.append(found)
        return number

    def keep(self, numbers: Iterable[int]) -> RuledKeys:
        """Return another that knows some of them only, numbered anew in the order given."""
        known = [self._known[number] for number in numbers]
        inner = sorted({key for key, *_ in known})
        place = {old: new for new, old in enumerate(inner)}
        found = RuledKeys(self._keys.keep(inner), self._traits)
        found._known = [(place[key], same, sides) for key, same, sides in known]
        found._numbers = {one: new for new, one in enumerate(found._known)}
        return found

    def columns(
        self, numbers: Sequence[int], events: Sequence[Event], alerts: Iterable[int]
    ) -> tuple[Sequence[Same], Sequence[Sides]]:
        """Return the columns ``same`` and ``sides`` of rows.

        Parameters
        ----------
        numbers : sequence of int, length n
        events : sequence of Event, length n
            Unmasked, as ``number`` saw them.
        alerts : iterable of int
            Which of the rows are of alerts.
        """
        same = [self._known[number][1] for number in numbers] if self._traits.any_same else []
        sides = [self._known[number][2] for number in numbers] if self._traits.any_sides else []
        for at in alerts if self._traits.restless else ():
            sides[at] = self._traits.settled(events[at])
        return same, sides

"""Which records are passed on, and for how many each of them stands.

Of the records of one template in a request the few with the smallest hashes of their uids are taken, and each says
for how many it stands (see ``engine.chosen``): each request's weights sum to its records.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from stormcell.config import Settings
from stormcell.engine.chosen import rank, shares
from stormcell.text.templates import Parser
from stormcell.types import ERROR_SEVERITY, Assignment, Record, Signal

_MOST_TEMPLATES: Final = 100_000
_SECOND: Final = 10**9

Candidate = tuple[int, str]
"""A record that may be left out: the number of its template, and its uid."""

_Key = tuple[str, int, object]


class Sampler:
    """Chooses among the records of one request after the other.

    Parameters
    ----------
    settings : Settings
        Of which ``forward`` and the user's masks count.
    seed : int
        Another makes another choice.
    """

    def __init__(self, settings: Settings, seed: int = 0) -> None:
        self._settings, self._seed = settings.forward, seed
        self._parser = Parser(settings.text.masks)
        self._numbers: dict[_Key, int] = {}
        self._interval = -1
        self._taken: dict[int, int] = {}

    def candidate(self, record: Record, assignment: Assignment) -> Candidate | None:
        """Return what of a record matters for the choice; None if it is passed on whatever else there is.

        To be asked for each record of a request, and then ``weigh``: records need not be kept until then.
        """
        log = record.signal is Signal.LOG
        if (
            record.severity >= ERROR_SEVERITY
            or assignment.surprise >= self._settings.sampling_surprise
            or record.uid == assignment.exemplar
            or (record.signal is Signal.SPAN and not self._settings.sampling_spans)
        ):
            return None
        parsed = self._parser.log(record.text) if log else self._parser.name(record.text)
        key = (record.service, record.severity, parsed.template)
        return self._numbers.setdefault(key, len(self._numbers)), record.uid

    def weigh(self, records: Sequence[Candidate | None], received: int) -> list[int]:
        """Return for how many each record stands; 0 if it is not passed on.

        Parameters
        ----------
        records : sequence of Candidate or None
            Of one request; None for one that is passed on whatever it is.
        received : int
            When the request came, ns: intervals are counted by it, so that the same requests give the same choice.

        Returns
        -------
        list of int
            Their sum is the number of the records.
        """
        interval = received // round(self._settings.sampling_interval_seconds * _SECOND)
        if interval != self._interval:
            self._interval = interval
            self._taken.clear()
        weights = [1] * len(records)
        others: dict[int, list[int]] = {}
        for at, candidate in enumerate(records):
            if candidate is not None:
                others.setdefault(candidate[0], []).append(at)
        for number, held in others.items():
            taken = self._taken.get(number, 0)
            kept = min(len(held), max(self._settings.sampling_per_template - taken, 1))
            self._taken[number] = taken + kept
            if kept < len(held):
                self._choose(records, held, kept, weights)
        if len(self._numbers) > _MOST_TEMPLATES:
            self._numbers.clear()
            self._taken.clear()
        return weights

    def _choose(self, records: Sequence[Candidate | None], held: list[int], kept: int, weights: list[int]) -> None:
        ranked = sorted(held, key=lambda at: self._rank(records[at]))
        for at, weight in zip_longest(ranked, shares(len(held), kept), fillvalue=0):
            weights[at] = weight

    def _rank(self, candidate: Candidate | None) -> bytes:
        assert candidate is not None, "only candidates are chosen among"
        return rank(candidate[1], self._seed)

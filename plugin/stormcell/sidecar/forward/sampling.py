"""Which records are passed on, and for how many each of them stands.

Of the records of one template in a request the few with the smallest hashes of their uids are taken, which is a
simple random sample (of a fixed size, without replacement), the same in whatever order they come. Of n records m
stand for n/m each, rounded so that the sum is n: each request's weights sum to its records, and a record's weight
is 1 on average (Horvitz & Thompson 1952, doi:10.1080/01621459.1952.10483446).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from stormcell.config import Settings
from stormcell.text.templates import Parser
from stormcell.types import ERROR_SEVERITY, Assignment, Record, Signal

_MOST_TEMPLATES: Final = 100_000
_SECOND: Final = 10**9

Seen = tuple[Record, Assignment]
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
        self._interval = -1
        self._taken: dict[_Key, int] = {}

    def weigh(self, records: Sequence[Seen | None], received: int) -> list[int]:
        """Return for how many each record stands; 0 if it is not passed on.

        Parameters
        ----------
        records : sequence of (Record, Assignment) or None
            Of one request; None for one that is passed on whatever it is.
        received : int
            When the request came, ns: intervals are counted by it, so that the same requests give the same choice.

        Returns
        -------
        list of int
            Their sum is the number of the records.
        """
        interval = received // round(self._settings.sampling_interval_seconds * _SECOND)
        if interval != self._interval or len(self._taken) > _MOST_TEMPLATES:
            self._interval = interval
            self._taken.clear()
        weights = [1] * len(records)
        others: dict[_Key, list[int]] = {}
        for at, seen in enumerate(records):
            if seen is not None and not self._always(*seen):
                others.setdefault(self._key(seen[0]), []).append(at)
        for key, held in others.items():
            room = self._settings.sampling_per_template - self._taken.get(key, 0)
            kept = min(len(held), max(room, 1))
            self._taken[key] = self._taken.get(key, 0) + kept
            if kept < len(held):
                self._choose(records, held, kept, weights)
        return weights

    def _always(self, record: Record, assignment: Assignment) -> bool:
        return (
            (record.signal is Signal.SPAN and not self._settings.sampling_spans)
            or record.severity >= ERROR_SEVERITY
            or assignment.surprise >= self._settings.sampling_surprise
            or record.uid == assignment.exemplar
        )

    def _key(self, record: Record) -> _Key:
        parse = self._parser.log if record.signal is Signal.LOG else self._parser.name
        return record.service, record.severity, parse(record.text).template

    def _choose(self, records: Sequence[Seen | None], held: list[int], kept: int, weights: list[int]) -> None:
        ranked = sorted(held, key=lambda at: self._rank(records[at]))
        share, rest = divmod(len(held), kept)
        for place, at in enumerate(ranked):
            weights[at] = 0 if place >= kept else share + (place < rest)

    def _rank(self, seen: Seen | None) -> bytes:
        assert seen is not None, "only records are chosen among"
        text = f"{self._seed}/{seen[0].uid}"
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()

"""Surprise: how unusual an event is against the background model of template counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from stormcell.config import BackgroundSettings
from stormcell.features.deviation import Counts, deviations
from stormcell.features.pairs import distinct_pairs
from stormcell.text.lexical import Lexicon
from stormcell.text.words import spoken
from stormcell.types import BoolArray, DoubleArray, IntArray, Rows, Signal, Template

FORMAT: Final = "stormcell.background/1"
_DAY: Final = 86_400 * 10**9
_HALF_LIVES: Final = 4
"""After so many nothing is remembered: it would weigh a sixteenth."""

_Tally = dict[Template, dict[int, int]]
"""How many of each template there were in each bucket."""


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """How unusual each row is, and how new its template.

    Attributes
    ----------
    value : DoubleArray, shape (n,)
        ``-ln(1 - novelty) + ln(1 + burst)``, at least 0.
    novelty : DoubleArray, shape (n,)
        1 minus the share of the other buckets that hold the template, in [0, 1].
    learning : BoolArray, shape (n,)
        Whether too little had been seen to call the row usual.
    failure : DoubleArray, shape (n,)
        Of a failed span how unusual it is that its template fails; of other rows their ``value``.
    """

    value: DoubleArray
    novelty: DoubleArray
    learning: BoolArray
    failure: DoubleArray


class Background:
    """Counts of each template per time bucket, and of what words and letters occur in them.

    The text of a log tells that something failed, that of a span does not: how often the spans of a template
    failed is counted, too.

    What was seen fades: a bucket's weight halves with every ``half_life_days`` between it and the one that is
    judged, whole days counted, and after four half-lives it is forgotten. Of more than ``max_templates`` those
    seen least recently are forgotten.

    Parameters
    ----------
    settings : BackgroundSettings

    Attributes
    ----------
    lexicon : Lexicon
        Has learned the text of every template once.
    """

    def __init__(self, settings: BackgroundSettings) -> None:
        self._settings = settings
        self._width = int(settings.bucket_seconds * 1e9)
        self._counts: _Tally = {}
        self._failures: _Tally = {}
        self._buckets: set[int] = set()
        self._texts: set[str] = set()
        self._alerts: set[str] = set()
        self.lexicon = Lexicon()

    def learn(self, rows: Rows, *, new: bool = False) -> None:
        """Count ``rows``.

        Parameters
        ----------
        rows : Rows
        new : bool
            None of them was counted before: counts of one template in one bucket add up. Else the larger stays, so
            that what is read again is not counted again.
        """
        buckets = rows.first // self._width
        self._buckets.update(np.unique(buckets).tolist())
        _count(self._counts, rows, np.arange(len(rows)), buckets, new=new)
        _count(self._failures, rows, _failing(rows), buckets, new=new)
        self._forget()
        self.read(rows.templates)

    def read(self, templates: Iterable[Template]) -> None:
        """Learn what words and letters occur in templates, each text once."""
        read = [(spoken(template.text), template.signal) for template in templates]
        new = {text for text, _ in read} - self._texts
        self.lexicon.learn(sorted(new))
        self._texts |= new
        self._alerts.update(text for text, signal in read if signal is Signal.ALERT)

    @property
    def alerts(self) -> list[str]:
        """The texts of the alerts seen, without masks, ascending."""
        return sorted(self._alerts)

    @property
    def buckets(self) -> int:
        """How many buckets hold anything."""
        return len(self._buckets)

    @property
    def templates(self) -> int:
        """How many templates are remembered."""
        return len(self._counts)

    def idf(self, templates: Sequence[Template]) -> DoubleArray:
        """Return ln of the inverse share of buckets that hold each template, at least 0."""
        held = np.array([len(self._counts.get(template, ())) for template in templates], dtype=np.float64)
        return np.log((len(self._buckets) + 1.0) / (held + 0.5)).clip(min=0.0)

    def surprise(self, rows: Rows) -> Surprise:
        """Judge each row against the buckets other than its own: all, or without hindsight those before it.

        With a template held by buckets of the weight ``df`` of ``N`` in all, novelty is ``1 - (df + .5) / (N +
        1)``. The burst is how many robust deviations the count in the row's bucket is above the median of the
        others. A failure is judged in the same way, by the counts of failures alone.
        """
        every, failing, buckets = np.arange(len(rows)), _failing(rows), rows.first // self._width
        value, novelty, known = self._judge(self._counts, rows, every, buckets)
        failure = value.copy()
        if len(failing):
            failure[failing], _, _ = self._judge(self._failures, rows, failing, buckets)
        return Surprise(value, novelty, known < self._settings.learning_buckets, failure)

    def _judge(
        self, tally: _Tally, rows: Rows, chosen: IntArray, buckets: IntArray
    ) -> tuple[DoubleArray, DoubleArray, IntArray]:
        """Return surprise and novelty of the chosen rows by a tally, and how many buckets were known to each."""
        counts = [tally.get(template, {}) for template in rows.templates]
        seen = np.array(sorted(self._buckets), dtype=np.int64)
        template, bucket, place = distinct_pairs(rows.template[chosen], buckets[chosen])
        own = np.array(
            [counts[number].get(at, 0) for number, at in zip(template.tolist(), bucket.tolist(), strict=True)],
            dtype=np.float64,
        )
        owners, owner = np.unique(bucket, return_inverse=True)
        weights = self._weights(owners, seen)
        held, burst = deviations(_entries(counts, seen), template, owner.reshape(-1), own, weights)
        others = weights.sum(axis=1)[owner.reshape(-1)]
        novelty = 1.0 - (held + 0.5) / (others + 1.0)
        value = -np.log(np.maximum(1.0 - novelty, 1.0 / (others + 2.0))) + np.log1p(burst)
        known = self._known(owners, seen)[owner.reshape(-1)]
        return value[place], novelty[place], known[place]

    def copy(self) -> Self:
        """Return one that knows the same and learns on its own."""
        other = type(self)(self._settings)
        other._counts, other._failures = dict(self._counts), dict(self._failures)
        other._buckets = set(self._buckets)
        other._texts, other._alerts = set(self._texts), set(self._alerts)
        other.lexicon = self.lexicon.copy()
        return other

    def snapshot(self) -> dict[str, Any]:
        """Return all that was learned as JSON values; ``restore`` goes on from there."""
        return {
            "format": FORMAT,
            "bucket_seconds": self._settings.bucket_seconds,
            "buckets": sorted(self._buckets),
            "templates": _listed(self._counts),
            "failures": _listed(self._failures),
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Learn what a snapshot tells.

        Raises
        ------
        ValueError
            If it is no snapshot, or its buckets are of another width.
        """
        if snapshot.get("format") != FORMAT:
            raise ValueError(f"expected a snapshot of the format {FORMAT}, found {snapshot.get('format')!r}")
        if snapshot.get("bucket_seconds") != self._settings.bucket_seconds:
            raise ValueError(
                f"what is usual was learned with background.bucket_seconds at {snapshot.get('bucket_seconds')}, "
                f"which is now {self._settings.bucket_seconds}"
            )
        try:
            counts = _tally(snapshot["templates"])
            if "failures" in snapshot:
                failures = _tally(snapshot["failures"])
            else:
                # An older one: until it is known better it is as usual that an operation fails as the operation.
                failures = {template: held for template, held in counts.items() if template.signal is Signal.SPAN}
            buckets = set(map(int, snapshot["buckets"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a snapshot of a background: {error!r}") from error
        self._counts, self._failures, self._buckets = counts, failures, buckets
        self.read(counts)

    def _forget(self) -> None:
        oldest = max(self._buckets, default=0) - int(
            _HALF_LIVES * self._settings.half_life_days * _DAY / self._width
        )
        if min(self._buckets, default=oldest) < oldest:
            self._buckets = {bucket for bucket in self._buckets if bucket >= oldest}
            for tally in (self._counts, self._failures):
                for template, held in list(tally.items()):
                    tally[template] = {at: count for at, count in held.items() if at >= oldest}
                    if not tally[template]:
                        del tally[template]
        surplus = len(self._counts) - self._settings.max_templates
        if surplus > 0:
            for template in sorted(self._counts, key=lambda t: (max(self._counts[t]), _order(t)))[:surplus]:
                del self._counts[template]
                self._failures.pop(template, None)

    def _weights(self, owners: IntArray, seen: IntArray) -> DoubleArray:
        """Return what each bucket seen weighs for each that is judged."""
        apart = np.abs((owners * self._width // _DAY)[:, None] - (seen * self._width // _DAY)[None, :])
        compared = self._compared(owners, seen)
        weights: DoubleArray = np.where(compared, 0.5 ** (apart / self._settings.half_life_days), 0.0)
        return weights

    def _compared(self, owners: IntArray, seen: IntArray) -> BoolArray:
        if self._settings.hindsight:
            return np.asarray(owners[:, None] != seen[None, :])
        return np.asarray(owners[:, None] > seen[None, :])

    def _known(self, owners: IntArray, seen: IntArray) -> IntArray:
        """Return how many buckets had been seen when each was judged, itself included where it was learned."""
        if self._settings.hindsight:
            return np.full(len(owners), len(seen))
        return np.searchsorted(seen, owners, side="right").astype(np.int64)


def _failing(rows: Rows) -> IntArray:
    """Return which rows are of failed spans, ascending."""
    return np.flatnonzero(rows.failed & rows.of(Signal.SPAN))


def _count(tally: _Tally, rows: Rows, chosen: IntArray, buckets: IntArray, *, new: bool) -> None:
    """Count the chosen rows into a tally (see Background.learn)."""
    template, bucket_of, place = distinct_pairs(rows.template[chosen], buckets[chosen])
    counted = np.bincount(place, weights=rows.weight[chosen], minlength=len(template)).astype(np.int64)
    # New ones: what a copy shares is left alone.
    own = {number: dict(tally.get(rows.templates[number], {})) for number in set(template.tolist())}
    for number, bucket, count in zip(template.tolist(), bucket_of.tolist(), counted.tolist(), strict=True):
        held = own[number].get(bucket, 0)
        own[number][bucket] = held + count if new else max(held, count)
    tally.update((rows.templates[number], counts) for number, counts in own.items())


def _entries(held: Sequence[Mapping[int, int]], seen: IntArray) -> Counts:
    buckets = np.array([bucket for entries in held for bucket in entries], dtype=np.int64)
    return Counts(
        start=np.cumsum([0, *map(len, held)]),
        bucket=np.searchsorted(seen, buckets),
        count=np.array([count for entries in held for count in entries.values()], dtype=np.float64),
    )


def _listed(tally: _Tally) -> list[list[Any]]:
    return [
        [template.signal.value, template.service, template.text, sorted(tally[template].items())]
        for template in sorted(tally, key=_order)
    ]


def _tally(listed: Iterable[Sequence[Any]]) -> _Tally:
    return {
        Template(Signal(signal), str(service), str(text)): {int(at): int(count) for at, count in entries}
        for signal, service, text, entries in listed
    }


def _order(template: Template) -> tuple[str, str, str]:
    return template.signal.value, template.service, template.text

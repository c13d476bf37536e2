"""Surprise: how unusual an event is against the background model of template counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from stormcell.config import BackgroundSettings
from stormcell.text.lexical import Lexicon
from stormcell.text.words import spoken
from stormcell.types import DoubleArray, Rows, Signal, Template

# A median absolute deviation times this estimates a standard deviation (normal distribution).
_MAD_TO_SIGMA = 1.4826
_NEVER: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """How unusual each row is, and how new its template.

    Attributes
    ----------
    value : DoubleArray, shape (n,)
        ``-ln(1 - novelty) + ln(1 + burst)``, at least 0.
    novelty : DoubleArray, shape (n,)
        1 minus the share of the other buckets that hold the template, in [0, 1].
    """

    value: DoubleArray
    novelty: DoubleArray


class Background:
    """Counts of each template per time bucket, and of what words and letters occur in them.

    Parameters
    ----------
    settings : BackgroundSettings

    Attributes
    ----------
    lexicon : Lexicon
        Has learned the text of every template once.
    """

    def __init__(self, settings: BackgroundSettings) -> None:
        self._width = int(settings.bucket_seconds * 1e9)
        self._needed = settings.learning_buckets
        self._counts: dict[Template, Counter[int]] = {}
        self._buckets: set[int] = set()
        self._texts: set[str] = set()
        self._alerts: set[str] = set()
        self.lexicon = Lexicon()

    def learn(self, rows: Rows) -> None:
        """Count ``rows``."""
        buckets = rows.first // self._width
        self._buckets.update(buckets.tolist())
        for number, bucket, weight in zip(
            rows.template.tolist(), buckets.tolist(), rows.weight.tolist(), strict=True
        ):
            self._counts.setdefault(rows.templates[number], Counter())[bucket] += weight
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
    def learning(self) -> bool:
        """Whether too little has been seen to call anything usual."""
        return len(self._buckets) < self._needed

    def idf(self, templates: tuple[Template, ...]) -> DoubleArray:
        """Return ln of the inverse share of buckets that hold each template, at least 0."""
        held = np.array([len(self._counts.get(template, ())) for template in templates], dtype=np.float64)
        return np.log((len(self._buckets) + 1.0) / (held + 0.5)).clip(min=0.0)

    def surprise(self, rows: Rows) -> Surprise:
        """Judge each row against the buckets other than its own.

        With ``df`` of ``N`` other buckets holding the template, novelty is ``1 - (df + .5) / (N + 1)``. The
        burst is how many robust deviations the count in the row's bucket is above the median of the others.
        """
        buckets = (rows.first // self._width).tolist()
        judged: dict[tuple[int, int, bool], tuple[float, float]] = {}
        value, novelty = np.empty(len(rows)), np.empty(len(rows))
        for row, (number, bucket) in enumerate(zip(rows.template.tolist(), buckets, strict=True)):
            counts = self._counts.get(rows.templates[number], _NEVER)
            # Without its own bucket, all that tells one bucket from another is the count that is left out.
            key = (number, counts.get(bucket, 0), bucket in self._buckets)
            found = judged.get(key)
            if found is None:
                found = judged[key] = self._judge(counts, key[1], known=key[2])
            value[row], novelty[row] = found
        return Surprise(value, novelty)

    def _judge(self, counts: Mapping[int, int], own: int, *, known: bool) -> tuple[float, float]:
        """Judge a count against those in the other buckets."""
        total = len(self._buckets) + (not known)
        seen = list(counts.values())
        if own:
            seen.remove(own)
        others = np.zeros(total - 1)
        others[: len(seen)] = seen
        novelty = 1.0 - (len(seen) + 0.5) / total
        burst = 0.0
        if total > 1:
            median = float(np.median(others))
            spread = _MAD_TO_SIGMA * float(np.median(np.abs(others - median))) + float(np.sqrt(median + 1.0))
            burst = max((own - median) / spread, 0.0)
        rarity = -np.log(max(1.0 - novelty, 1.0 / (total + 1.0)))
        return float(rarity + np.log1p(burst)), novelty

"""What was counted, at one moment, and the rows it makes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np

from stormcell.features.compact import Members, Uids
from stormcell.features.keys import LinkKeys
from stormcell.features.merge import Merged, merge, runs
from stormcell.features.ruled import RuledKeys
from stormcell.features.shelf import Events, Shelf
from stormcell.features.traits import Same
from stormcell.text.mining import TemplateMiner, closed
from stormcell.text.skeleton import Skeleton, spell
from stormcell.text.slots import differing
from stormcell.types import Event, IntArray, Rows, Sides, Signal, Spans, Template

Raw = tuple[Signal, str, Skeleton | str]
"""A template before it is mined: signal, service, skeleton or text."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Columns of n events in m rows, of which some may yet turn out to be one: their skeletons have one template.

    Nothing in it changes while more is counted.

    Attributes
    ----------
    bucket : int
        Width of a time bucket, ns.
    templates : sequence of Raw
    kinds : IntArray, shape (k, 2)
        Template and severity.
    keys : LinkKeys or RuledKeys
    uids : Uids
        Of the events, perhaps of later ones too.
    shelf : Shelf
    show : callable or None
        Masks an event.
    number : IntArray, shape (n,)
        Of each event, among ``uids``.
    hash : IntArray, shape (n,)
        Of each event's uid.
    row_of : IntArray, shape (n,)
        The row of each event.
    kind, key, event, spot, first, last : IntArray, shape (m,)
        Of each row; ``event`` is the number of the one that stands for it, ``spot`` where it is on the shelf.
    varied : mapping of int to int
        The slots that differ between the events of a row, a bit each.
    spans : Spans
        In the order they came.
    duplicates : int
    """

    bucket: int
    templates: Sequence[Raw]
    kinds: IntArray
    keys: LinkKeys | RuledKeys
    uids: Uids
    shelf: Shelf
    show: Callable[[Event], Event] | None
    number: IntArray
    hash: IntArray
    row_of: IntArray
    kind: IntArray
    key: IntArray
    event: IntArray
    spot: IntArray
    first: IntArray
    last: IntArray
    varied: Mapping[int, int]
    spans: Spans
    duplicates: int

    def before(self, time: int) -> Self:
        """Return what would have been counted of the events before a time, ns, where a time bucket begins."""
        kept = self.first < time
        if kept.all():
            return self
        into = np.cumsum(kept) - 1
        events, spans = kept[self.row_of], kept[self.spans.row]
        kinds, kind = np.unique(self.kind[kept], return_inverse=True)
        templates, template = np.unique(self.kinds[kinds, 0], return_inverse=True)
        return replace(
            self,
            templates=[self.templates[one] for one in templates.tolist()],
            kinds=np.stack([template, self.kinds[kinds, 1]], axis=1),
            number=self.number[events],
            hash=self.hash[events],
            row_of=into[self.row_of[events]],
            kind=kind,
            **{name: getattr(self, name)[kept] for name in ("key", "event", "spot", "first", "last")},
            varied={int(into[row]): bits for row, bits in self.varied.items() if kept[row]},
            spans=Spans(
                into[self.spans.row[spans]],
                self.spans.span[spans],
                self.spans.parent[spans],
                self.spans.duration[spans],
            ),
        )

    def rows(self, miner: TemplateMiner) -> Rows:
        """Return the rows, whose order depends on the events alone and not on how they came in.

        Parameters
        ----------
        miner : TemplateMiner
            Learns the templates in order of time.
        """
        order = self._order()
        of_kind = self.kinds.copy()
        known = self._mined(miner, of_kind[self.kind[order], 0])
        # Templates are numbered by first use, which would depend on the order of arrival.
        templates = sorted(set(known), key=lambda t: (t.signal, t.service, t.text))
        number = {template: new for new, template in enumerate(templates)}
        renumbered = np.array([number[template] for template in known], dtype=np.int64)
        of_kind[:, 0] = renumbered[of_kind[:, 0]]
        identity = (*of_kind[self.kind].T, self.first // self.bucket, self.key)
        merged = merge(order, identity, self.last)
        rows = merged.shown
        row_of = merged.into[self.row_of]
        weight = np.bincount(row_of, minlength=len(rows))
        by_row = np.argsort(row_of, kind="stable")
        prints = [fingerprint(templates[template], severity) for template, severity in of_kind.tolist()]
        keys = self.key[rows].tolist()
        same, sides = self._traits(rows, templates, of_kind)
        return Rows(
            # Of all events only those that stand for others are kept, so that only these need masks.
            events=Events(self.shelf, self.spot[rows], self.show),
            members=Members(self.uids, self.number[by_row], self.hash[by_row], np.cumsum(weight)),
            weight=weight,
            first=self.first[rows],
            last=merged.last,
            template=of_kind[self.kind[rows], 0],
            severity=of_kind[self.kind[rows], 1],
            templates=tuple(templates),
            fingerprints=tuple(prints[one] for one in self.kind[rows].flat),
            keys=tuple(self.keys[one] for one in keys),
            spans=self._spans(merged.into),
            varied=self._variations(miner, merged, known),
            duplicates=self.duplicates,
            same=same,
            sides=sides,
        )

    def _traits(
        self, rows: IntArray, templates: Sequence[Template], of_kind: IntArray
    ) -> tuple[Sequence[Same], Sequence[Sides]]:
        """Return what rules see in rows (see Rows)."""
        if not isinstance(self.keys, RuledKeys):
            return (), ()
        template_of = of_kind[self.kind[rows], 0].tolist()
        alerts = [at for at, one in enumerate(template_of) if templates[one].signal is Signal.ALERT]
        return self.keys.columns(self.key[rows].tolist(), Events(self.shelf, self.spot[rows], None), alerts)

    def _order(self) -> IntArray:
        """Return the rows ascending by the time and the uid of their events."""
        order = np.argsort(self.first, kind="stable")
        ascending = self.first[order]
        starts = np.append(True, ascending[1:] != ascending[:-1])[: len(order)]
        for start, end in runs(starts):
            order[start:end] = sorted(order[start:end].tolist(), key=lambda row: self.uids[int(self.event[row])])
        return order

    def _mined(self, miner: TemplateMiner, numbers: IntArray) -> list[Template]:
        """Return the templates by their numbers, after the miner has learned them in order of time.

        Parameters
        ----------
        miner : TemplateMiner
        numbers : IntArray
            Of the templates of all rows, in order of time.
        """
        _, first = np.unique(numbers, return_index=True)
        for number in numbers[np.sort(first)].tolist():
            found = self.templates[number][2]
            if not isinstance(found, str):
                miner.add(found)
        return [
            Template(signal, service, found if isinstance(found, str) else miner.template(found))
            for signal, service, found in self.templates
        ]

    def _variations(self, miner: TemplateMiner, merged: Merged, known: list[Template]) -> tuple[int, ...]:
        """Return the slots that differ within each merged row, a bit each."""
        template_of = self.kinds[:, 0]
        varied = [0] * len(merged.shown)

        def of(row: int) -> int:
            bits, found = self.varied.get(row, 0), self.templates[template_of[self.kind[row]]][2]
            if not bits or isinstance(found, str):
                return bits
            into = miner.places(found)
            return sum({1 << to for at, to in enumerate(into) if bits >> at & 1 and to >= 0})

        for row in self.varied:
            varied[merged.into[row]] = of(row)
        for first, *others in merged.several:
            template = known[template_of[self.kind[first]]].text
            bits, held = of(first), first
            for row in others:
                event, shown = self.shelf[self.spot[row]], self.shelf[self.spot[held]]
                bits |= of(row)
                if event.text != shown.text:
                    bits |= differing(template, event.text, shown.text)
                if _when(event) < _when(shown):
                    held = row
            varied[merged.into[first]] = bits
        return tuple(varied)

    def _spans(self, into: IntArray) -> Spans:
        row, span, parent = into[self.spans.row], self.spans.span, self.spans.parent
        duration = self.spans.duration
        sort = np.lexsort((parent, duration, span, row))
        return Spans(row[sort], span[sort], parent[sort], duration[sort])


@lru_cache(4096)
def spelled(template: Skeleton | str) -> str:
    """Return a template as a text, before it is mined."""
    return template if isinstance(template, str) else spell(closed(template.tokens))


def _when(event: Event) -> tuple[int, str]:
    return event.time, event.uid


def fingerprint(template: Template, severity: int) -> str:
    """Return the identity of events with this template and severity."""
    parts = "\0".join((template.signal, template.service, str(severity), template.text))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()

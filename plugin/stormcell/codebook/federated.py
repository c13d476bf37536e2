"""Codebooks of several sites: each sends few of its events, and what they send is merged into one codebook.

A site trains on its own events, much more finely than a codebook is: what it sends are medoids with the number of
events that each speaks for. k-medoids on these weighted medoids finds nearly what it would on all events of all
sites, as on any coreset (Har-Peled & Mazumdar 2004; of several sites, Balcan, Ehrlich & Liang 2013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from typing import Final

import numpy as np

from stormcell.cluster.reservoir import Reservoir
from stormcell.codebook.document import seal
from stormcell.codebook.learning import learn, ranges_of
from stormcell.codebook.points import TraitReader
from stormcell.codebook.reader import MOST_TEXTS
from stormcell.codebook.summary import added
from stormcell.codebook.training import Trainer
from stormcell.config import Settings
from stormcell.errors import CodebookError, InputError
from stormcell.privacy import Concealer
from stormcell.types import (
    OTHER,
    Codebook,
    Codeword,
    DoubleArray,
    Event,
    Histogram,
    Provenance,
    TextTable,
    WindowSummary,
)

CHEAPER: Final = 50.0
"""By so much a codeword of a site costs less than one of a codebook."""
MORE: Final = 3
"""So many times as many of them there may be."""
_MOST: Final = 2000
_DECIMALS: Final = 6
_OWN: Final = ("distance",)
"""Fields that are seen through the codebook of the site itself."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a site sends.

    Attributes
    ----------
    name : str
    codebook : Codebook
        A fine one of its own. Its events are masked, and no text is in it but those of its medoids.
    ranges : mapping of str to tuple of float
        The least and the most of each numeric field that its events have.
    """

    name: str
    codebook: Codebook
    ranges: Mapping[str, tuple[float, float]]


def finer(settings: Settings) -> Settings:
    """Return the settings by which a site trains: many codewords, and masks whatever the settings say of them."""
    of = settings.codebook
    fine = of.model_copy(
        update={"price": of.price / CHEAPER, "max_codewords": min(MORE * of.max_codewords, _MOST)}
    )
    masked = settings.privacy.model_copy(update={"mask": True})
    return settings.model_copy(update={"codebook": fine, "privacy": masked})


def site_of(trainer: Trainer, name: str, settings: Settings) -> Site:
    """Return what a site sends of the events that a trainer has seen.

    Parameters
    ----------
    trainer : Trainer
        Made with ``finer`` settings.
    name : str
    settings : Settings
        The same.

    Raises
    ------
    InputError
        If it has seen no event.
    """
    codebook = trainer.train()
    reader, concealer = TraitReader(settings), Concealer()
    events, _ = trainer.sample()
    words = tuple(
        replace(word, medoid=concealer.event(word.medoid)) for word in codebook.codewords if word.weight > 0
    )
    told = replace(codebook, codewords=words, reference=_told(codebook.reference, words))
    return Site(name, seal(told), ranges_of([reader.read(event) for event in events]))


def merge(sites: Sequence[Site], settings: Settings, *, seed: int = 0, parent: Codebook | None = None) -> Codebook:
    """Return the codebook of all sites; in which order they are given makes no difference.

    Its medoids are medoids of sites. How events are spread over services, severities, durations and labels is
    known exactly; over templates, as far as sites told; over codewords, by the medoids that speak for them.

    Parameters
    ----------
    sites : sequence of Site
    settings : Settings
        Where sites sent more medoids than ``codebook.sample``, a sample of them is taken.
    seed : int
        Of that sample.
    parent : Codebook, optional
        Whose ids are kept for kinds that are still there; returned where nothing has changed.

    Raises
    ------
    InputError
        If there is no site, or two have one name.
    CodebookError
        If they turn texts into vectors in different ways, or in another way than the settings.
    """
    ordered = _checked(sites)
    events, weights = _sample(ordered, settings.codebook.sample, seed)
    books = [site.codebook for site in ordered]
    seen = [book.provenance for book in books]
    provenance = Provenance(
        first_seen=min(one.first_seen for one in seen),
        last_seen=max(one.last_seen for one in seen),
        events=sum(one.events for one in seen),
        rows=sum(one.rows for one in seen),
        sampled=len(events),
        seed=seed,
        software=version("stormcell"),
        parent="" if parent is None else parent.version,
        sites=tuple(site.name for site in ordered),
    )
    merged = learn(
        events, weights, provenance, settings, parent,
        text=_table([book.text for book in books]), ranges=_ranges(ordered),
    )  # fmt: skip
    made = _measured(merged, added([book.reference for book in books]))
    if parent is not None:
        again = seal(replace(made, provenance=replace(made.provenance, parent=parent.provenance.parent)))
        if again.version == parent.version:
            return parent
    return seal(made)


def _checked(sites: Sequence[Site]) -> list[Site]:
    """Return the sites by their names."""
    if not sites:
        raise InputError("there is no site to merge; name files that `stormcell codebook send` wrote")
    ordered = sorted(sites, key=lambda site: site.name)
    for one, other in pairwise(ordered):
        if one.name == other.name:
            raise InputError(
                f"two files are of the site {one.name!r}; name the newer one of them, or send the other under "
                "another name"
            )
        how, expected = _how(other), _how(ordered[0])
        if how != expected:
            raise CodebookError(
                f"the sites {ordered[0].name!r} and {other.name!r} turn texts into vectors in different ways: "
                f"{_spelled(expected)}, and {_spelled(how)}; let both send anew with the same settings of `text`"
            )
    return ordered


def _how(site: Site) -> TextTable:
    return replace(site.codebook.text, rarity={})


def _spelled(table: TextTable) -> str:
    letters = ", ".join(f"{signal} {share:g}" for signal, share in sorted(table.letters.items()))
    model = f" ({table.model!r})" if table.model else ""
    return f"{table.embedder!r}{model} with {table.dimensions} numbers and letters by {letters}"


def _sample(sites: Sequence[Site], most: int, seed: int) -> tuple[list[Event], DoubleArray]:
    """Return the medoids of all sites, ascending by (time, uid, site), and how many events each speaks for."""
    words: list[Codeword] = sorted(
        (word for site in sites for word in site.codebook.codewords),
        key=lambda word: (word.medoid.time, word.medoid.uid),
    )
    weights = np.array([word.weight for word in words])
    if len(words) > most:
        strata = [(word.medoid.signal, word.medoid.service, word.medoid.severity, word.template) for word in words]
        reservoir = Reservoir(most, seed=seed)
        reservoir.offer(np.arange(len(words)), weights=weights, strata=strata)
        words, weights = [words[at] for at in reservoir.handles.tolist()], reservoir.estimates()
    return [word.medoid for word in words], weights


def _table(tables: Sequence[TextTable]) -> TextTable:
    """Return what is known of texts at all sites together: one that several have counts at each."""
    rarity: dict[str, float] = {}
    for table in tables:
        for bucket, count in table.rarity.items():
            rarity[bucket] = min(rarity.get(bucket, 0.0) + count, float(MOST_TEXTS))
    return replace(tables[0], rarity=rarity)


def _ranges(sites: Sequence[Site]) -> dict[str, tuple[float, float]]:
    names = sorted({name for site in sites for name in site.ranges})
    held = {name: [site.ranges[name] for site in sites if name in site.ranges] for name in names}
    return {
        name: (min(least for least, _ in all_of), max(most for _, most in all_of)) for name, all_of in held.items()
    }


def _told(reference: WindowSummary, words: Sequence[Codeword]) -> WindowSummary:
    """Return a summary that names no template but those of the medoids, and no event but these."""
    templates, uids = {word.template for word in words}, {word.medoid.uid for word in words}

    def told(name: str, held: Histogram) -> Histogram:
        counts = dict(held.counts)
        if name == "template":
            counts = {value: count for value, count in counts.items() if value in templates}
            rest = sum(held.counts.values()) - sum(counts.values())
            if rest > 0:
                counts[OTHER] = rest
        examples = {value: uid for value, uid in held.examples.items() if value in counts and uid in uids}
        return Histogram(counts, examples)

    return replace(
        reference,
        codewords={word.id: word.weight for word in words},
        fields={name: told(name, held) for name, held in reference.fields.items() if name not in _OWN},
    )


def _measured(merged: Codebook, known: WindowSummary) -> Codebook:
    """Return a merged codebook with what the sites know exactly of their events."""
    through = merged.reference
    fields = {**known.fields, **{name: through.fields[name] for name in _OWN}}
    # From an event to the medoid of its site, and from there to its codeword: seldom nearer than the straight way.
    distance = through.distance + known.distance
    loss = round(distance / through.events, _DECIMALS)
    return replace(
        merged,
        reference=replace(through, fields=fields, distance=distance),
        provenance=replace(merged.provenance, metrics={**merged.provenance.metrics, "loss": loss}),
    )

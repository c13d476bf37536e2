"""How near the codebook of eight sites that send few events comes to that of all events in one place."""

from __future__ import annotations

import gzip
import json
import time
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from _recurrence import DATA, load
from _report import Result, arguments, report
from stormcell import read
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import event_json
from stormcell.codebook.federated import Site, finer, merge, site_of
from stormcell.codebook.points import Texts, Traits, durations, severities
from stormcell.codebook.site_document import dump_site, load_site
from stormcell.codebook.training import Trainer, train
from stormcell.config import Settings
from stormcell.features.rows import build_rows
from stormcell.types import Codebook, DoubleArray, Event, FloatArray

SETTINGS = Settings()
SITES = 8
DATA_SETS = ("trainticket", "trainticket-overlap", "onlineboutique-overlap", "sockshop")
SHARDINGS = ("by service", "at random")
SIZES = (25, 50, 100)
"""Numbers of codewords at which the loss is compared; what the settings choose is another at each site."""
PEERS_AT = 50
TARGET = 3.0
"""Percent by which the loss may be higher, in the mean over ``SIZES``."""
_SEED = 0
_QUICK = 1500


@dataclass(frozen=True, slots=True, eq=False)
class Everything:
    """All events, as if they were in one place.

    Attributes
    ----------
    events : list of Event
    rows : int
    traits : list of Traits, length n
        The different ones of their rows.
    weights : DoubleArray, shape (n,)
        How many events have each.
    whole : Codebook
        Trained on them by the settings.
    sized : mapping of int to Codebook
        Trained on them with a given number of codewords.
    seconds : float
        What the first took.
    """

    events: list[Event]
    rows: int
    traits: list[Traits]
    weights: DoubleArray
    whole: Codebook
    sized: dict[int, Codebook]
    seconds: float

    def loss(self, medoids: Sequence[Event]) -> float:
        """Return the mean dissimilarity of all events to the nearest of some, compared as in ``whole``."""
        word = self.whole.codewords[0]
        words = tuple(replace(word, id=f"k-{at:06d}", medoid=medoid) for at, medoid in enumerate(medoids))
        found = Assigning(replace(self.whole, codewords=words), SETTINGS).assign_traits(self.traits)
        return float(self.weights @ found.dissimilarity / self.weights.sum())

    def new(self, codebook: Codebook) -> float:
        """Return the share of all events that are new to a codebook, in percent."""
        found = Assigning(codebook, SETTINGS).assign_traits(self.traits)
        return float(100 * self.weights[found.new].sum() / self.weights.sum())


def of_size(k: int) -> Settings:
    """Return settings that give k codewords wherever there are as many kinds."""
    sized = SETTINGS.codebook.model_copy(update={"price": 0.0, "radius": 1.0, "max_codewords": k})
    return SETTINGS.model_copy(update={"codebook": sized})


def events_of(name: str, *, quick: bool) -> list[Event]:
    """Return the events of a data set, by time."""
    if name == "sockshop":
        cases = load(name, timeless=True)
        found = [*(event for case in cases.events for event in case), *cases.noise]
    else:
        found = list(read(sorted((DATA / name).glob("*.jsonl.gz"))))
    found.sort(key=lambda event: (event.time, event.uid))
    return found[:: max(1, len(found) // _QUICK)] if quick else found


def gathered(events: list[Event]) -> Everything:
    """Train on all events in one place."""
    rows = build_rows(events, SETTINGS)
    train(rows, SETTINGS)  # numba compiles at first
    began = time.perf_counter()
    whole = train(rows, SETTINGS, seed=_SEED)
    seconds = time.perf_counter() - began
    sized = {k: train(rows, of_size(k), seed=_SEED) for k in SIZES}
    held: dict[Traits, float] = {}
    for one, weight in zip(Assigning(whole, SETTINGS).read_rows(rows), rows.weight.tolist(), strict=True):
        held[one] = held.get(one, 0.0) + weight
    return Everything(events, len(rows), [*held], np.array([*held.values()]), whole, sized, seconds)


def shards(events: Sequence[Event], how: str) -> list[list[Event]]:
    """Share events out: all of a service to one site, or each by chance."""
    parts: list[list[Event]] = [[] for _ in range(SITES)]
    for event in events:
        key = event.service if how == "by service" else event.uid
        parts[zlib.crc32(key.encode("utf-8", "replace")) % SITES].append(event)
    return [part for part in parts if part]


def sent(part: Sequence[Event], name: str) -> bytes:
    """Return what a site sends."""
    settings = finer(SETTINGS)
    trainer = Trainer(settings, seed=_SEED)
    trainer.offer(build_rows(part, settings))
    return dump_site(site_of(trainer, name, settings))


def federated(name: str, how: str, every: Everything, *, quick: bool) -> list[Result]:
    """Let sites send, merge, and compare."""
    parts = shards(every.events, how)
    documents, took = [], []
    for at, part in enumerate(parts):
        began = time.perf_counter()
        documents.append(sent(part, f"site-{at}"))
        took.append(time.perf_counter() - began)
    sites = [load_site(document, "site") for document in documents]
    began = time.perf_counter()
    merged = merge(sites, SETTINGS)
    seconds = time.perf_counter() - began

    what = f"{name}, {how}"
    more = {k: _more(every, _medoids(merge(sites, of_size(k))), k) for k in SIZES}
    mean = sum(more.values()) / len(more)
    loss, central = every.loss(_medoids(merged)), every.loss(_medoids(every.whole))
    plain = [json.dumps(event_json(event), separators=(",", ":")).encode() for event in every.events]
    bytes_sent, bytes_all = sum(map(len, documents)), sum(map(len, plain))
    packed = sum(len(gzip.compress(document)) for document in documents) / len(gzip.compress(b"\n".join(plain)))
    return [
        Result.at_most(f"{what}: loss more than of all in one place", mean, "%", None if quick else TARGET),
        *(Result(f"{what}: the same at {k} codewords", value, "%") for k, value in more.items()),
        Result(
            f"{what}: medoids sent", sum(len(site.codebook.codewords) for site in sites), f"by {len(sites)} sites"
        ),
        Result(f"{what}: bytes a site", bytes_sent / len(sites) / 1024, "KiB"),
        Result(f"{what}: of the bytes of all events", 100 * bytes_sent / bytes_all, "%"),
        Result(f"{what}: the same, both with gzip", 100 * packed, "%"),
        Result(f"{what}: slowest site", max(took), "s"),
        Result(f"{what}: merge", seconds, "s"),
        Result(f"{what}: codewords by the settings", len(merged.codewords), f"and {len(every.whole.codewords)}"),
        Result(f"{what}: loss by the settings", loss, f"and {central:.4g}"),
        Result(f"{what}: estimated loss", merged.provenance.metrics["loss"], ""),
        Result(f"{what}: new by the settings", every.new(merged), f"% and {every.new(every.whole):.2g}"),
        *peers(what, every, parts, sites),
    ]


def _medoids(codebook: Codebook) -> list[Event]:
    return [word.medoid for word in codebook.codewords]


def _more(every: Everything, medoids: Sequence[Event], k: int) -> float:
    """Return how much higher the loss is than with as many codewords of all events in one place, in percent."""
    return 100 * (every.loss(medoids) / every.loss(_medoids(every.sized[k])) - 1)


def peers(what: str, every: Everything, parts: list[list[Event]], sites: list[Site]) -> list[Result]:
    """Return what other ways come to, at ``PEERS_AT`` codewords."""
    alone = [train(build_rows(part, SETTINGS), of_size(PEERS_AT), seed=_SEED) for part in parts]
    union = [medoid for codebook in alone for medoid in _medoids(codebook)]
    found = [
        Result(
            f"{what}: best single site, at {PEERS_AT}",
            min(_more(every, _medoids(codebook), PEERS_AT) for codebook in alone),
            "%",
        ),
        Result(f"{what}: all codewords of all sites", _more(every, union, PEERS_AT), f"% with {len(union)}"),
    ]
    try:
        import sklearn.cluster  # noqa: F401
    except ImportError:
        print("scikit-learn is not here: federated k-means is left out")
        return found
    medoids, numbers = _k_means(every, sites, parts)
    return [
        *found,
        Result(f"{what}: k-means on centroids, at {PEERS_AT}", _more(every, medoids, PEERS_AT), "%"),
        Result(f"{what}: the same, bytes a site", 4 * numbers / len(parts) / 1024, "KiB"),
    ]


def _k_means(every: Everything, sites: list[Site], parts: list[list[Event]]) -> tuple[list[Event], int]:
    """Return the events nearest to centres of k-means on the centroids of k-means at each site.

    Half of a squared distance of two vectors is their dissimilarity as far as that can be: without labels, and
    with numbers squared. Centroids are no events; the nearest are looked for among all, which takes another round.
    """
    from sklearn.cluster import KMeans

    services = sorted({one.service for one in every.traits})
    signals = sorted({one.signal.value for one in every.traits})

    def vectors(traits: Sequence[Traits]) -> FloatArray:
        weight = {field.name: field.weight for field in every.whole.fields}
        spans = {field.name: field.span or 1.0 for field in every.whole.fields}
        texts = Texts(every.whole.text, SETTINGS.text)
        said = list(dict.fromkeys((one.signal, one.template) for one in traits))
        place = {one: at for at, one in enumerate(said)}
        text = texts.vectors([signal for signal, _ in said], [template for _, template in said])
        columns = [
            np.sqrt(weight["text"]) * text[[place[one.signal, one.template] for one in traits]],
            np.sqrt(weight["service"]) * np.eye(len(services))[[services.index(one.service) for one in traits]],
            np.sqrt(weight["signal"]) * np.eye(len(signals))[[signals.index(one.signal.value) for one in traits]],
            *(
                np.sqrt(2 * weight[name]) * np.nan_to_num(values)[:, None] / spans[name]
                for name, values in (("severity", severities(traits)), ("duration", durations(traits)))
            ),
        ]
        return np.hstack(columns).astype(np.float32)

    assigning = Assigning(every.whole, SETTINGS)
    centres, weights, numbers = [], [], 0
    for part in parts:
        rows = build_rows(part, SETTINGS)
        here = vectors(assigning.read_rows(rows))
        k = min(3 * PEERS_AT, len(np.unique(here, axis=0)))
        with warnings.catch_warnings(action="ignore"):  # of points that have twins
            fitted = KMeans(k, n_init=1, max_iter=10, random_state=_SEED).fit(here, sample_weight=rows.weight)
        centres.append(fitted.cluster_centers_)
        weights.append(np.bincount(fitted.labels_, weights=rows.weight, minlength=k))
        numbers += fitted.cluster_centers_.size + k
    held = np.concatenate(weights)
    fitted = KMeans(PEERS_AT, n_init=3, random_state=_SEED).fit(
        np.concatenate(centres)[held > 0], sample_weight=held[held > 0]
    )
    rows = build_rows(every.events, SETTINGS)
    everyone = vectors(assigning.read_rows(rows))
    squares = (everyone**2).sum(axis=1)
    nearest = {int((squares - 2 * everyone @ centre).argmin()) for centre in fitted.cluster_centers_}
    return [rows.events[at] for at in sorted(nearest)], numbers


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    results: list[Result] = []
    for name in DATA_SETS[:1] if options.quick else DATA_SETS:
        every = gathered(events_of(name, quick=options.quick))
        results += [
            Result(f"{name}: events", len(every.events), f"in {every.rows} rows"),
            Result(f"{name}: in one place", every.seconds, "s"),
        ]
        for how in SHARDINGS:
            results += federated(name, how, every, quick=options.quick)
    report("federated", results, as_json=options.json)


if __name__ == "__main__":
    main()

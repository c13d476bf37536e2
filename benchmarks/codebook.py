"""How small, stable and telling codebooks are and how fast, beside other ways to choose exemplars."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from _codebook_ticks import look, replayed
from _recurrence import DATA, load
from _report import Result, arguments, report
from stormcell import read
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import dump
from stormcell.codebook.points import Texts, durations, points, severities
from stormcell.codebook.training import train
from stormcell.config import Settings
from stormcell.features.rows import build_rows
from stormcell.types import Codebook, DoubleArray, Event, FloatArray, IntArray, Rows

SETTINGS = Settings()
SEED = 0
TUNED = ("trainticket", "onlineboutique-overlap")
"""The settings were chosen on these; the others say whether they fit elsewhere."""
OTHERS = ("trainticket-overlap", "sockshop", "holmesgpt", "opensre")
FEW = 1000
"""Data sets of fewer events have kinds that are there once, which no half tells the other of: without targets."""
NEW, STRANGERS, KEPT, MILLISECONDS = 0.02, 0.8, 0.9, 1.0
"""What is asked for."""
OFTEN = 3
"""A kind that has come once or twice is, by chance, often in one half alone."""
_TIMED = 4000
_PASSES = 3
_REPLAYED = 3000
"""Events of a data set that go through ticks."""
_WORDS = ("order", "lookup", "failed", "reading", "chunk", "upstream", "reply", "retry", "budget", "node", "pool")


@dataclass(frozen=True, slots=True)
class Share:
    """Of weighted rows, how near they are to codewords."""

    new: float
    loss: float


def events_of(name: str, *, quick: bool) -> list[Event]:
    """Return the events of a data set, by time."""
    if name == "sockshop":
        cases = load(name, timeless=True)
        found = [*(event for case in cases.events for event in case), *cases.noise]
    else:
        found = list(read(sorted((DATA / name).glob("*.jsonl.gz"))))
    found.sort(key=lambda event: (event.time, event.uid))
    return found[:: max(1, len(found) // 1500)] if quick else found


def rows_of(events: Sequence[Event]) -> Rows:
    """Count events into rows."""
    return build_rows(events, SETTINGS)


def seen(codebook: Codebook, rows: Rows) -> Share:
    """Return how near rows are to a codebook."""
    found, weight = Assigning(codebook, SETTINGS).assign_rows(rows), rows.weight
    total = weight.sum()
    return Share(float(weight[found.new].sum() / total), float((weight * found.dissimilarity).sum() / total))


def kept(before: Codebook, after: Codebook, least: float = 0.0) -> float:
    """Return the share of the kinds of one codebook, of at least so many events, that are known to another."""
    assigning = Assigning(after, SETTINGS)
    words = [word for word in before.codewords if word.weight >= least]
    traits = assigning.read([word.medoid for word in words])
    return float(1.0 - assigning.assign_traits(traits).new.mean()) if words else 1.0


def quality(name: str, events: list[Event], *, quick: bool) -> tuple[Codebook, list[Result]]:
    """Train on a data set, on halves of it and with another seed."""
    rows = rows_of(events)
    train(rows, SETTINGS)  # numba compiles at first
    began = time.perf_counter()
    codebook = train(rows, SETTINGS, seed=SEED)
    seconds = time.perf_counter() - began
    told, k = codebook.provenance, len(codebook.codewords)
    half = np.random.default_rng(SEED).random(len(events)) < 0.5
    one, other = (
        rows_of([e for e, mine in zip(events, half, strict=True) if mine == side]) for side in (True, False)
    )
    first, second = train(one, SETTINGS), train(other, SETTINGS)
    middle = len(events) // 2
    early, late = rows_of(events[:middle]), rows_of(events[middle:])
    again = train(rows, SETTINGS, seed=SEED + 1, parent=codebook)
    same = {word.id for word in codebook.codewords} & {word.id for word in again.codewords}
    halves, often = ((kept(first, second, least) + kept(second, first, least)) / 2 for least in (0.0, OFTEN))
    seeds = (kept(codebook, again) + kept(again, codebook)) / 2
    held = not quick and len(events) >= FEW
    return codebook, [
        Result(f"{name}: events", len(events), f"in {len(rows)} rows"),
        Result(f"{name}: codewords", k, ""),
        Result(f"{name}: events a codeword", told.events / k, ""),
        Result(f"{name}: document", len(dump(codebook)) / 1024, "KiB"),
        Result(f"{name}: training", seconds, "s"),
        Result(f"{name}: mean dissimilarity", told.metrics["loss"], ""),
        Result(f"{name}: silhouette", told.metrics.get("silhouette", 0.0), ""),
        Result.at_most(f"{name}: new in the other half", seen(first, other).new, "", NEW if held else None),
        Result(f"{name}: new in the second half of the time", seen(train(early, SETTINGS), late).new, ""),
        Result(f"{name}: kinds kept, other half", halves, ""),
        Result.at_least(
            f"{name}: kinds of {OFTEN} events or more kept, other half", often, "", KEPT if held else None
        ),
        Result.at_least(f"{name}: kinds kept, other seed", seeds, "", KEPT if held else None),
        Result(f"{name}: ids kept, other seed", len(same) / k, ""),
    ]


def strangers(name: str, codebook: Codebook, every: dict[str, list[Event]], *, quick: bool) -> list[Result]:
    """Return how much of other systems, of services never seen and of failures never seen is new."""
    events = every[name]
    found = []
    for other, theirs in every.items():
        if other.partition("-")[0] != name.partition("-")[0]:
            share = seen(codebook, rows_of(theirs)).new
            held = not quick and len(events) >= FEW
            found.append(Result.at_least(f"{name}: new of {other}", share, "", STRANGERS if held else None))
    if len(events) < FEW:
        return found
    service = Counter(event.service for event in events).most_common(1)[0][0]
    parts = {
        "its largest service": [event.service == service for event in events],
        "failures": [event.is_error for event in events],
    }
    for what, chosen in parts.items():
        rest = [event for event, mine in zip(events, chosen, strict=True) if not mine]
        left_out = [event for event, mine in zip(events, chosen, strict=True) if mine]
        if rest and left_out:
            share = seen(train(rows_of(rest), SETTINGS), rows_of(left_out)).new
            found.append(Result(f"{name}: new of {what}, never shown", share, ""))
    return found


def speed(name: str, codebook: Codebook, events: list[Event], *, quick: bool) -> list[Result]:
    """Time the assignment of single events, and of such with a text that was never seen: the medians of passes."""
    rng = Random(SEED)  # noqa: S311
    some = events[:: max(1, len(events) // _TIMED)]
    strange = [replace(event, text=_strange(rng)) for event in some]
    first = replace(some[0], text=_strange(rng))
    found = []
    for what, asked in (("event", some), ("text never seen", strange)):
        # Each pass knows nothing of the one before; what else the machine does then spoils one of them.
        p50, p99 = np.median(
            [_quantiles(Assigning(codebook, SETTINGS), first, asked) for _ in range(_PASSES)], axis=0
        ).tolist()
        found.append(Result(f"{name}: {what}, p50", p50, "ms"))
        found.append(Result.at_most(f"{name}: {what}, p99", p99, "ms", None if quick else MILLISECONDS))
    rows, assigning = rows_of(events), Assigning(codebook, SETTINGS)
    began = time.perf_counter()
    assigning.assign_rows(rows)
    found.append(Result(f"{name}: rows a second, together", len(rows) / (time.perf_counter() - began), "/s"))
    return found


def _quantiles(assigning: Assigning, first: Event, events: list[Event]) -> list[float]:
    """Return the median and the 99th percentile of the milliseconds of each event, after an uncounted one."""
    assigning.assign(first)
    took = []
    for event in events:
        began = time.perf_counter()
        assigning.assign(event)
        took.append(1000 * (time.perf_counter() - began))
    found: list[float] = np.quantile(took, [0.5, 0.99]).tolist()
    return found


def _strange(rng: Random) -> str:
    """Return a text of words of which some were never seen."""
    words = (rng.choice(_WORDS) + rng.choice("abcdefgh") * rng.randint(0, 2) for _ in range(rng.randint(4, 24)))
    return " ".join(words)


def ticks(name: str, codebook: Codebook, events: list[Event], *, quick: bool) -> list[Result]:
    """Return what a live codebook costs ticks: over a while, and where all events are settled by one."""
    some = events[: _REPLAYED // 10 if quick else _REPLAYED]
    replayed(some[: _REPLAYED // 10], SETTINGS, codebook)  # numba compiles at first
    alone, along = replayed(some, SETTINGS, None), replayed(some, SETTINGS, codebook)
    rest = along.seconds - along.watch
    rows = rows_of(events)
    return [
        Result(f"{name}: tick, mean", 1000 * along.seconds / along.count, f"ms, of {along.count}"),
        Result(f"{name}: ticks, with a live codebook over without", 1 + (along.watch - alone.watch) / rest, ""),
        Result(
            f"{name}: the watch at one tick over {len(rows)} rows", 1000 * look(rows, SETTINGS, codebook), "ms"
        ),
        Result(f"{name}: the same without a live codebook", 1000 * look(rows, SETTINGS, None), "ms"),
    ]


def peers(name: str, codebook: Codebook, events: list[Event]) -> list[Result]:
    """Return the mean dissimilarity to as many exemplars, chosen in other ways among a sample of the rows."""
    rows, k = rows_of(events), len(codebook.codewords)
    rng = np.random.default_rng(SEED)
    some = np.sort(rng.permutation(len(rows))[: SETTINGS.codebook.sample])
    assigning = Assigning(codebook, SETTINGS)
    traits = assigning.read([rows.events[row] for row in some.tolist()])
    medoids = assigning.read([word.medoid for word in codebook.codewords])
    every = points([*traits, *medoids], codebook.fields, Texts(codebook.text, SETTINGS.text))
    weights = rows.weight[some].astype(np.float64)
    prints = [rows.fingerprints[row] for row in some.tolist()]
    k = min(k, len(some))

    def shown(what: str, chosen: IntArray) -> list[Result]:
        far = every.take(chosen).cross(every.take(np.arange(len(some)))).min(axis=0)
        kinds: dict[str, list[float]] = {}
        for print_, one in zip(prints, far.tolist(), strict=True):
            kinds.setdefault(print_, []).append(one)
        radius = codebook.codewords[0].radius
        told = {
            "mean dissimilarity of events": float((far * weights).sum() / weights.sum()),
            "mean dissimilarity of kinds": float(np.mean([np.mean(each) for each in kinds.values()])),
            "kinds beyond the radius": float(np.mean([np.mean(each) > radius for each in kinds.values()])),
        }
        return [Result(f"{name}: {what}: {metric}", value, "") for metric, value in told.items()]

    masses: Counter[str] = Counter()
    for print_, weight in zip(prints, weights.tolist(), strict=True):
        masses[print_] += int(weight)
    frequent = [prints.index(print_) for print_, _ in masses.most_common(k)]
    drawn = rng.choice(len(some), size=k, replace=False, p=weights / weights.sum())
    vectors = _vectors(every.fields[0].partial.vectors[: len(some)], traits, codebook)  # type: ignore[attr-defined]
    return [
        *shown("ours", np.arange(len(some), len(some) + len(medoids))),
        *shown("k-means, nearest event", _k_means(vectors, weights, k)),
        *shown("most frequent kinds", np.array(frequent)),
        *shown("random events", drawn),
    ]


def _vectors(texts: FloatArray, traits: Sequence[object], codebook: Codebook) -> FloatArray:
    """Return events as vectors whose squared distances are near to their dissimilarities, for k-means."""
    weight = {field.name: np.sqrt(field.weight) for field in codebook.fields}
    span = {field.name: field.span for field in codebook.fields}
    columns = [texts * weight["text"] / np.sqrt(2)]
    for name in ("service", "signal"):
        values, codes = np.unique([getattr(one, name) for one in traits], return_inverse=True)
        columns.append(np.eye(len(values), dtype=np.float32)[codes] * weight[name] / np.sqrt(2))
    for name, found in (("severity", severities(traits)), ("duration", durations(traits))):  # type: ignore[arg-type]
        columns.append((np.nan_to_num(found) / span[name] * weight[name])[:, None].astype(np.float32))
    return np.hstack(columns).astype(np.float32)


def _k_means(vectors: FloatArray, weights: DoubleArray, k: int) -> IntArray:
    """Return the events nearest to the centres."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(vectors, axis=0))
    fitted = KMeans(min(k, distinct), n_init=3, random_state=SEED).fit(vectors, sample_weight=weights)
    nearest = fitted.transform(vectors).argmin(axis=0)
    return np.unique(nearest).astype(np.int64)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    names = TUNED if options.quick else (*TUNED, *OTHERS)
    every = {name: events_of(name, quick=options.quick) for name in names}
    results: list[Result] = []
    for name, events in every.items():
        codebook, found = quality(name, events, quick=options.quick)
        results += found
        results += strangers(name, codebook, every, quick=options.quick)
        results += speed(name, codebook, events, quick=options.quick)
        if name in TUNED:
            results += ticks(name, codebook, events, quick=options.quick)
        results += peers(name, codebook, events)
    report("codebook", results, as_json=options.json)


if __name__ == "__main__":
    main()

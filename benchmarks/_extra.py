"""scikit-learn-extra's KMedoids on a matrix in a file, in the environment it needs; prints seconds and medoids."""

from __future__ import annotations

import json
import sys

import numpy as np
from sklearn_extra.cluster import KMedoids

from _timing import timed


def main() -> None:
    """Run ``_extra.py MATRIX.npy K METHOD SEED``; the start is the one it draws from the seed."""
    path, k, method, seed = sys.argv[1:]
    far = np.load(path)
    model = KMedoids(int(k), metric="precomputed", method=method, init="random", random_state=int(seed))
    seconds, _ = timed(lambda: model.fit(far))
    print(json.dumps({"seconds": seconds, "medoids": model.medoid_indices_.tolist()}))


if __name__ == "__main__":
    main()

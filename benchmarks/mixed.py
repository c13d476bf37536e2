"""k-medoids of text vectors and mixed fields, against scikit-learn, gower and kmedoids together on one core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import _ours
import _peers
from _board import Board, Run
from _data import CATEGORICAL, NUMERIC, K, Records, clustered, gower_reference, records, start_of
from _report import arguments
from _timing import one_core, timed
from stormcell.types import FloatArray, IntArray

if TYPE_CHECKING:
    from stormcell.cluster.solve import Method

FIELDS = NUMERIC + CATEGORICAL


def loss(rows: Records, vectors: FloatArray, medoids: IntArray) -> float:
    """Return the loss of any medoids by one and the same definition, in double precision.

    The vector weighs as much as the fields together: (FIELDS * cosine + the sum over fields) / (2 * FIELDS).
    """
    unit = vectors / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    cosine = _ours.COSINE_SCALE * (1 - unit @ unit[medoids].T)
    fields, count = gower_reference(rows, medoids)
    far = (FIELDS * cosine + count * fields) / (FIELDS + count)
    return float(far.min(axis=1).sum())


def compare(board: Board, n: int, k: int) -> None:
    """Compare from raw columns to medoids."""
    board.title(f"vectors of 384, 6 numeric and 8 categorical fields, n = {n}")
    rows, vectors = records(n), clustered(n)

    def own(method: Method) -> Run:
        seconds, solution = _ours.mixed(rows, vectors, k, method)
        return Run(seconds, loss(rows, vectors, solution.medoids))

    exact = board.run("stormcell, exact", lambda: own("exact"))
    sampled = board.run("stormcell, from samples", lambda: own("sampled"))
    peer = board.run("scikit-learn cosine_distances, gower, kmedoids", lambda: peers(rows, vectors, k))
    board.faster(f"scikit-learn, gower and kmedoids over stormcell, exact, n = {n}", exact, peer, 20)
    board.above(f"loss above the peers', exact, n = {n}", exact, peer)
    board.faster(f"scikit-learn, gower and kmedoids over stormcell, from samples, n = {n}", sampled, peer)
    board.above(f"loss above the peers', from samples, n = {n}", sampled, peer)


def peers(rows: Records, vectors: FloatArray, k: int) -> Run:
    """Do the same with three packages, as one would put them together."""
    cosine = _peers.package("sklearn.metrics.pairwise").cosine_distances
    for name in ("gower", "kmedoids"):  # before much time goes by
        _peers.package(name)

    def together(fields: FloatArray) -> FloatArray:
        far: FloatArray = cosine(vectors)
        far *= _ours.COSINE_SCALE
        far += fields
        far /= 2
        return far

    by_gower, fields = _peers.gower_codes(rows)
    by_cosine, far = timed(lambda: together(fields))
    by_kmedoids, medoids = _peers.fasterpam(far, start_of(len(rows), 0, k))
    return Run(by_gower + by_cosine + by_kmedoids, loss(rows, vectors, medoids))


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    if options.quick:
        compare(board, 600, 10)
    else:
        compare(board, 10_000, K)
    board.end("mixed", as_json=options.json)


if __name__ == "__main__":
    main()

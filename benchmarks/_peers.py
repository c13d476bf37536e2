"""The peers, each called as its documentation says; one that is not there raises NotMeasuredError."""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from _data import CATEGORICAL, NUMERIC, Records
from _timing import NotMeasuredError, child, timed
from stormcell.types import DoubleArray, FloatArray, IntArray

_HERE = Path(__file__).resolve().parent
_EXTRA = _HERE.parent / ".venvs" / "scikit-learn-extra" / "bin" / "python"
_PASSES = 100

Found = TypeVar("Found")


def _timed(function: Callable[[], Found]) -> tuple[float, Found]:
    try:
        return timed(function)
    except Exception as error:  # whatever a peer does wrong, the others are measured
        raise NotMeasuredError(f"it fails: {type(error).__name__}: {error}") from error


def package(name: str) -> Any:
    """Return a package by its import name."""
    path = sys.path.copy()
    sys.path[:] = [
        folder for folder in path if Path(folder).resolve() != _HERE
    ]  # a benchmark is named like a peer
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NotMeasuredError(f"no {name}: {error}") from error
    finally:
        sys.path[:] = path


def fasterpam(D: FloatArray, start: IntArray) -> tuple[float, IntArray]:
    """Return seconds and medoids of kmedoids' FasterPAM from given medoids, in one thread."""
    solve = package("kmedoids").fasterpam
    seconds, found = _timed(lambda: solve(D, start.copy(), max_iter=_PASSES, n_cpu=1))
    return seconds, np.asarray(found.medoids, dtype=np.int64)


def onebatch(X: FloatArray, k: int, seed: int) -> tuple[float, IntArray]:
    """Return seconds and medoids of OneBatchPAM, distances included."""
    model = package("onebatch").OneBatchPAM
    seconds, found = _timed(lambda: model(n_medoids=k, random_state=seed).fit(X))
    return seconds, np.asarray(found.medoid_indices_, dtype=np.int64)


def sklearn_distances(X: FloatArray) -> FloatArray:
    """Return all Euclidean distances by scikit-learn."""
    far: FloatArray = package("sklearn.metrics").pairwise_distances(X)
    return far


def sklearn_extra(D: FloatArray, k: int, method: str, seed: int) -> tuple[float, IntArray]:
    """Return seconds and medoids of scikit-learn-extra's KMedoids, from the start that it draws from the seed."""
    if not _EXTRA.exists():
        raise NotMeasuredError("no Python 3.11" if shutil.which("python3.11") is None else "no scikit-learn-extra")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "far.npy"
        np.save(path, D)
        program = str(_HERE / "_extra.py")
        found = child([str(_EXTRA), program, str(path), str(k), method, str(seed)], "scikit-learn-extra")
    return found["seconds"], np.array(found["medoids"], dtype=np.int64)


def r_pam(D: FloatArray, start: IntArray) -> tuple[float, IntArray]:
    """Return seconds and medoids of R's ``cluster::pam(pamonce = 6)`` from given medoids."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        D.astype(np.float64).tofile(folder / "far")
        start.astype(np.float64).tofile(folder / "start")
        seconds = _r("pam", folder / "far", len(start), folder / "start", folder / "out")
        return seconds, np.fromfile(folder / "out").astype(np.int64)


def daisy(rows: Records, *, matrix: bool) -> tuple[float, DoubleArray | None]:
    """Return seconds of R's ``cluster::daisy(metric = "gower")`` and, where asked for, what it found, square."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.numeric.T.tofile(folder / "numeric")  # R has columns one after another
        rows.codes.T.astype(np.float64).tofile(folder / "codes")
        out = folder / "out" if matrix else "-"
        seconds = _r("daisy", folder / "numeric", folder / "codes", out)
        if not matrix:
            return seconds, None
        n = len(rows)
        far = np.zeros((n, n))
        # The lower triangle by columns is the upper one by rows.
        far[np.triu_indices(n, 1)] = np.fromfile(folder / "out")
        return seconds, far + far.T


def _r(*arguments: str | Path | int) -> float:
    if shutil.which("Rscript") is None:
        raise NotMeasuredError("no R")
    command = ["Rscript", "--vanilla", str(_HERE / "_peers.R"), *map(str, arguments)]
    return float(child(command, "R with its package cluster")["seconds"])


def gower_codes(rows: Records) -> tuple[float, FloatArray]:
    """Return seconds and matrix of the gower package, from an array of floats: the fastest way to call it."""
    solve = package("gower").gower_matrix
    codes = np.where(rows.codes < 0, np.nan, rows.codes)
    array = np.concatenate([rows.numeric, codes], axis=1).astype(np.float32)
    categorical = [False] * NUMERIC + [True] * CATEGORICAL
    return _timed(lambda: solve(array, cat_features=categorical))


def gower_frame(rows: Records) -> tuple[float, FloatArray]:
    """Return seconds and matrix of the gower package, from a data frame: the way its documentation calls it."""
    solve, frames = package("gower").gower_matrix, package("pandas")
    words = np.array([*"abcdefgh", None], dtype=object)[rows.codes]  # -1 is the last
    columns = {f"n{at}": rows.numeric[:, at] for at in range(NUMERIC)}
    # As objects: the package does not know what pandas 3 makes of strings.
    columns |= {f"c{at}": frames.Series(words[:, at], dtype=object) for at in range(CATEGORICAL)}
    frame = frames.DataFrame(columns)
    return _timed(lambda: solve(frame))

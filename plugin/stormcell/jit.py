"""Compiles numeric kernels with numba, once for a machine: the result is kept in the user's cache folder.

numba costs some .4 s and 60 MB to import, so only the modules that hold kernels import this one, and they are
imported where there is enough to compute.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

_settings: Any = numba.config


def cache_folder() -> Path:
    """Return where compiled kernels are kept: ``NUMBA_CACHE_DIR``, else in the user's cache folder."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    # numba tells its own versions apart, but not those of numpy.
    return (Path(base) if base else Path.home() / ".cache") / "stormcell" / f"numba-numpy-{np.__version__}"


def compiled(function: Function, *, any_order: bool = False) -> Function:
    """Compile ``function`` when it is first called, or load what an earlier process compiled.

    Where the cache folder cannot be written, every process compiles anew.

    Parameters
    ----------
    function : callable
    any_order : bool
        Whether its terms may be taken in any order, several at once; none of them is NaN.
    """
    relaxed = {"reassoc", "nsz", "nnan", "contract"} if any_order else False
    kernel = numba.njit(function, nogil=True, error_model="numpy", fastmath=relaxed)
    if _writable():
        # numba chooses the folder when caching is switched on; its own setting is left as it was.
        before = _settings.CACHE_DIR
        _settings.CACHE_DIR = str(cache_folder())
        try:
            kernel.enable_caching()
        finally:
            _settings.CACHE_DIR = before
    return cast(Function, kernel)


def _writable() -> bool:
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return True
        problem = f"{folder} cannot be written"
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder is known
        problem = str(error)
    _warn_once(f"{problem}: kernels are compiled anew by every process (name a folder in NUMBA_CACHE_DIR)")
    return False


@functools.cache
def _warn_once(message: str) -> None:
    warnings.warn(message, stacklevel=4)

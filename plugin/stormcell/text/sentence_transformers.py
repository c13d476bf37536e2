"""Embeds by any sentence-transformers model that lies on this machine; nothing is ever downloaded.

An extra, as torch brings gigabytes. It is imported when the first embedder is made, not with this module.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from stormcell.errors import SettingsError
from stormcell.text.model_folder import find_model
from stormcell.types import FloatArray

DEFAULT_MODEL: Final = "sentence-transformers/all-MiniLM-L6-v2"
_CACHED_TEXTS: Final = 20_000
# As many words in each: a model whose tokenizer knows no words sees no difference.
_DIFFERENT: Final = ("disk full", "payment refused")
_LOGGERS: Final = ("sentence_transformers", "transformers", "huggingface_hub", "torch")


class SentenceTransformersEmbedder:
    """Embeds texts by a sentence-transformers model.

    It runs on the device that torch makes tensors on, which is the CPU unless a program has changed that. The last
    model loaded stays in memory, with the vectors of the texts that it has seen.

    Parameters
    ----------
    model : str
        A folder, or the name of a model in the cache of Hugging Face; all-MiniLM-L6-v2 by default.

    Raises
    ------
    SettingsError
        If sentence-transformers is not installed, or the model is not on this machine or cannot be used.
    """

    def __init__(self, model: str = "") -> None:
        try:
            folder = find_model(model or DEFAULT_MODEL)
            with _quiet():
                import torch
        except ImportError as error:
            raise SettingsError(
                "the embedder 'sentence-transformers' needs the package of that name: "
                f"pip install 'stormcell[sentence-transformers]' ({error})"
            ) from error
        self._model = _loaded(folder, str(torch.get_default_device()))

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return len(self._model.nothing)

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors, shape (n, dimensions); a text in which the model sees nothing gives zeros."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        with self._model.lock, _quiet(), _one_thread():
            for row, text in enumerate(texts):
                vectors[row] = self._model[text]
        return vectors


class _Model(dict[str, FloatArray]):
    """The vector of each text seen, made when first asked for; bounded."""

    def __init__(self, folder: Path, device: str) -> None:
        from sentence_transformers import SentenceTransformer

        # Models kept in half precision are slow on a CPU.
        self._model: Any = SentenceTransformer(str(folder), device=device, local_files_only=True).float()
        self.lock = Lock()
        self.nothing = self._encode("")
        one, other = map(self._encode, _DIFFERENT)
        if not (np.isfinite(one).all() and one.any()):
            raise ValueError(f"its vector of {_DIFFERENT[0]!r} is zero, or not finite")
        if np.array_equal(one, other):
            raise ValueError(
                f"{_DIFFERENT[0]!r} and {_DIFFERENT[1]!r} are one to it: the tokenizer's files are missing"
            )

    def __missing__(self, text: str) -> FloatArray:
        if len(self) >= _CACHED_TEXTS:
            self.clear()
        # A half of a surrogate pair is no character, and no tokenizer takes it.
        vector = self._encode(text.encode("utf-8", "ignore").decode())
        length = np.linalg.norm(vector.astype(np.float64))
        # A text of nothing but what the tokenizer drops has the tokens, and so the vector, of the empty one.
        seen = np.isfinite(length) and length > 0 and not np.array_equal(vector, self.nothing)
        self[text] = unit = (vector / length).astype(np.float32) if seen else np.zeros_like(vector)
        return unit

    def _encode(self, text: str) -> FloatArray:
        """Return the model's vector of one text.

        Of one alone: among others it would be padded, and the shape of a product of matrices moves its last bits.
        """
        [vector] = self._model.encode([text], batch_size=1, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)


@lru_cache(maxsize=1)
def _loaded(folder: Path, device: str) -> _Model:
    try:
        with _quiet(), _offline(), _one_thread():
            return _Model(folder, device)
    # Whatever broken files lead to: OSError, ValueError, KeyError, errors of torch and safetensors ...
    except Exception as error:
        reason = next(filter(None, map(str.strip, str(error).splitlines())), "")
        raise SettingsError(
            f"text.model: {folder} cannot be used as a sentence-transformers model: "
            f"{type(error).__name__}: {reason}"
        ) from error


@contextmanager
def _offline() -> Iterator[None]:
    """Have the hub's client refuse every request, whatever HF_HUB_OFFLINE says: a model can name others."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have torch compute in one thread: the last bits of a sum depend on how many share it.

    Nor would more help: the products for one short text are small, and threads wait for each other.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Import the library, and keep its warnings, logs and progress bars off standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sentence_transformers  # noqa: F401  # before the levels are noted, as it sets some
        from transformers.utils import logging as progress

        loggers = [logging.getLogger(name) for name in _LOGGERS]
        levels = [logger.level for logger in loggers]
        shown = progress.is_progress_bar_enabled()
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        progress.disable_progress_bar()
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if shown:
                progress.enable_progress_bar()

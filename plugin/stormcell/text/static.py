"""The static embedder: a text's vector is the sum of the rows that a table holds for its word pieces.

The shipped table is made by ``scripts/train-embedder``, which explains how; docs/text.md tells how good it is.
"""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stormcell.errors import SettingsError
from stormcell.text.wordpiece import UNKNOWN, WordPiece, words

if TYPE_CHECKING:
    # Not at run time: a process that only embeds starts a fifth sooner without.
    from stormcell.types import FloatArray, IntArray

SHIPPED: Final = Path(__file__).with_name("model")
FORMAT: Final = "stormcell.static/1"
_FILES: Final = ("model.json", "table.npy", "scales.npy", "rows.npy", "vocab.txt")
_BATCH: Final = 1024
_LAYERS: Final = 64
"""Pieces of a text that are added a layer at a time over a batch; longer texts are added up by themselves."""
_CACHED_WORDS: Final = 50_000
_SIGNS: Final = string.punctuation
_LOWER: Final = bytes.maketrans(
    (string.ascii_uppercase + string.punctuation).encode(),
    (string.ascii_lowercase + " " * len(string.punctuation)).encode(),
)
_REMOVED: Final = bytes(code for code in range(128) if (code < 32 and chr(code) not in "\t\n\r") or code == 127)


class StaticEmbedder:
    """Embeds texts by a table of word pieces; needs numpy alone.

    Parameters
    ----------
    model : str
        A folder with ``model.json``, ``table.npy`` (int8, a row a piece), ``scales.npy`` (float32, what a row is
        multiplied by), ``rows.npy`` (the row of each id, the number of rows where it has none) and ``vocab.txt``.
        The shipped one by default.

    Raises
    ------
    SettingsError
        If the folder lacks a file, or its files do not fit together.
    """

    def __init__(self, model: str = "") -> None:
        folder = Path(model) if model else SHIPPED
        for name in _FILES:
            if not (folder / name).is_file():
                raise SettingsError(
                    f"text.model: {folder} is not the folder of a static embedder: it has no file {name}"
                )
        try:
            self.description: dict[str, Any] = json.loads((folder / "model.json").read_text("utf-8"))
            self._table = np.load(folder / "table.npy", mmap_mode="r", allow_pickle=False)
            self._scales = np.load(folder / "scales.npy", allow_pickle=False)
            self._rows = np.load(folder / "rows.npy", allow_pickle=False)
            vocabulary = (folder / "vocab.txt").read_text("utf-8").removesuffix("\n").split("\n")
        except (OSError, ValueError, EOFError) as error:
            raise SettingsError(f"text.model: {folder} cannot be read: {error}") from error
        self._check(folder, vocabulary)
        self._table = self._table.view(np.ndarray)
        self._pieces = WordPiece(vocabulary)
        self._known = _Rows(self._pieces, self._rows, count=len(self._scales))
        # Where no sign has a row, as in the shipped table, signs need not be looked up.
        self._plain = not any(self._known[sign.encode()] for sign in _SIGNS)

    def _check(self, folder: Path, vocabulary: Sequence[str]) -> None:
        description = self.description if isinstance(self.description, dict) else {}
        expected = description.get("dimensions")
        count = len(self._scales) if self._scales.ndim == 1 else -1
        problem = ""
        if description.get("format") != FORMAT:
            problem = f"model.json: expected the format {FORMAT}, found {description.get('format')!r}"
        elif self._table.dtype != np.int8 or self._table.ndim != 2 or self._table.shape != (count, expected):
            problem = (
                f"table.npy: expected int8 of shape ({count}, {expected}) by scales.npy and model.json, found "
                f"{self._table.dtype} of shape {self._table.shape}"
            )
        elif UNKNOWN not in vocabulary:
            problem = f"vocab.txt: expected a line {UNKNOWN}"
        elif self._rows.shape != (len(vocabulary),) or self._rows.dtype.kind != "u" or self._rows.max() > count:
            problem = (
                f"rows.npy: expected a row number (0 to {count}) for each of the {len(vocabulary)} lines of "
                f"vocab.txt, found {self._rows.dtype} of shape {self._rows.shape}"
            )
        elif self._scales.dtype.kind != "f" or not np.isfinite(self._scales).all():
            problem = "scales.npy: expected finite numbers"
        if problem:
            raise SettingsError(f"text.model: {folder} is not a usable model. {problem}")

    @property
    def vocabulary(self) -> list[str]:
        """The word pieces by their ids."""
        return self._pieces.vocabulary

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._table.shape[1])

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors, shape (n, dimensions); a text without any piece in the table gives zeros."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            self._add(texts[start : start + _BATCH], vectors[start : start + _BATCH])
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

    def table(self) -> FloatArray:
        """Return the row of every id of the vocabulary as it is used, shape (vocabulary, dimensions)."""
        rows = np.concatenate([self._table * self._scales[:, None], np.zeros((1, self.dimensions))])
        used: FloatArray = rows.astype(np.float32)[self._rows]
        return used

    def _add(self, texts: Sequence[str], out: FloatArray) -> None:
        """Add up the rows of each text into ``out``, in the order of its pieces."""
        rows = [list(chain.from_iterable(map(self._known.__getitem__, self._split(text)))) for text in texts]
        if len(rows) == 1:  # soonest done by itself
            self._add_one(rows[0], out[0])
            return
        counts = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        for long in np.flatnonzero(counts > _LAYERS).tolist():
            self._add_one(rows[long], out[long])
        # The k-th pieces of all texts are added together, the longest texts first: those that have a k-th piece
        # are then the first ones.
        layered = np.flatnonzero(counts <= _LAYERS)
        order = layered[np.argsort(-counts[layered], kind="stable")]
        lengths = counts[order]
        if not len(order) or not lengths[0]:
            return
        sums = np.zeros((len(order), self.dimensions), dtype=np.float32)
        flat = np.fromiter(chain.from_iterable(rows[at] for at in order.tolist()), dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        for layer in range(int(lengths[0])):
            have = int(np.searchsorted(-lengths, -layer, side="left"))
            sums[:have] += self._take(flat[starts[:have] + layer])
        out[order] = sums

    def _add_one(self, rows: Sequence[int], out: FloatArray) -> None:
        for start in range(0, len(rows), _BATCH):
            out += self._take(np.array(rows[start : start + _BATCH])).sum(axis=0)

    def _split(self, text: str) -> list[bytes]:
        """Return the words of a text; faster than ``words``, and the same, where it is ASCII."""
        if self._plain and text.isascii():
            return text.encode().translate(_LOWER, _REMOVED).split()
        return [word.encode("utf-8", "replace") for word in words(text)]

    def _take(self, rows: IntArray) -> FloatArray:
        taken: FloatArray = self._table[rows] * self._scales[rows, None]
        return taken


class _Rows(dict[bytes, tuple[int, ...]]):
    """The rows of each word seen, looked up when first asked for; bounded."""

    def __init__(self, pieces: WordPiece, rows: IntArray, count: int) -> None:
        self._pieces = pieces
        self._rows = rows
        self._count = count

    def __missing__(self, word: bytes) -> tuple[int, ...]:
        if len(self) >= _CACHED_WORDS:
            self.clear()
        rows = (int(self._rows[piece]) for piece in self._pieces.word(word.decode()))
        self[word] = known = tuple(row for row in rows if row < self._count)
        return known

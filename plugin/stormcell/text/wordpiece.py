"""WordPiece: texts into the token ids of an uncased BERT vocabulary, as its reference tokenizer gives them.

Source: Devlin et al. 2019, "BERT" (doi:10.18653/v1/N19-1423), and the greedy longest match of Wu et al. 2016
(arXiv:1609.08144).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

LONGEST_WORD: Final = 100
"""Characters of a word; a longer one is unknown."""
UNKNOWN: Final = "[UNK]"
_PLACES: Final = 1 << 16
# In text that is ASCII and lower-case; what is neither a letter, a digit nor a blank stands alone.
_ASCII_TOKEN: Final = re.compile(r"[a-z0-9]+|[!-~]")
# Control characters vanish, those too at which Python would split; only \t, \n and \r are blanks.
_ASCII_REMOVED: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
_REMOVED: Final = ("Cc", "Cf", "Co", "Cs")
# CJK ideographs stand alone, each a word; Japanese kana and Korean hangul do not.
_IDEOGRAPHS: Final = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPiece:
    """Splits texts into the pieces of a vocabulary.

    Parameters
    ----------
    vocabulary : sequence of str
        A piece each, its id its position; pieces that continue a word start with ``##``. Holds ``[UNK]``.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = _Ids(vocabulary)
        unknown = self._ids.get(UNKNOWN)
        assert unknown is not None, "it is in every vocabulary"
        self._unknown = unknown

    @property
    def vocabulary(self) -> list[str]:
        """The pieces by their ids."""
        return list(self._ids)

    def __call__(self, text: str) -> list[int]:
        """Return the ids of a text, without those that mark its start and end."""
        ids: list[int] = []
        for word in words(text):
            ids += self.word(word)
        return ids

    def word(self, word: str) -> tuple[int, ...]:
        """Return the ids of one word as ``words`` gives it."""
        if len(word) > LONGEST_WORD:
            return (self._unknown,)
        pieces, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self._ids.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if piece is not None:
                    break
            else:
                return (self._unknown,)
            pieces.append(piece)
            start = end
        return tuple(pieces)


class _Ids:
    """The ids of pieces in 0.7 MB for the 30,522 of BERT, of which a dict takes 4.

    Pieces of one hash stand side by side.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        pieces = [piece.encode("utf-8", "surrogatepass") for piece in vocabulary]
        place = (np.fromiter(map(hash, pieces), dtype=np.int64, count=len(pieces)) % _PLACES).astype(np.uint16)
        order = np.argsort(place, kind="stable").astype(np.int32)
        starts = np.cumsum(np.append(0, np.bincount(place, minlength=_PLACES)), dtype=np.int32)
        self._order, self._starts = array("i", order.tobytes()), array("i", starts.tobytes())
        self._ends = array("i", accumulate(map(len, pieces), initial=0))
        self._data = b"".join(pieces)

    def __iter__(self) -> Iterator[str]:
        return (self._data[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(self._ends))

    def get(self, piece: str) -> int | None:
        """Return the id of a piece; the last, if it has several."""
        data = piece.encode("utf-8", "surrogatepass")
        at = hash(data) % _PLACES
        for place in range(self._starts[at + 1] - 1, self._starts[at] - 1, -1):
            id = self._order[place]
            if self._data[self._ends[id] : self._ends[id + 1]] == data:
                return id
        return None


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, and every sign between them as one of its own."""
    if text.isascii():
        if not text.isprintable():
            text = text.translate(_ASCII_REMOVED)
        return _ASCII_TOKEN.findall(text.lower())
    plain = "".join(_plain(character) for character in text)
    # The reference takes accents off before it lower-cases: some letters get one by that.
    plain = "".join(c for c in unicodedata.normalize("NFD", plain) if unicodedata.category(c) != "Mn")
    # One by one: at the end of a word Python would write another sigma.
    plain = "".join(map(str.lower, plain))
    return "".join(f" {c} " if _is_sign(c) else c for c in plain).split()


@lru_cache(4096)
def _plain(character: str) -> str:
    """Return what is left of a character: nothing of control characters, blanks around an ideograph."""
    code = ord(character)
    if character in "\t\n\r":
        return " "
    if code == 0xFFFD or unicodedata.category(character) in _REMOVED:
        return ""
    if character.isspace():
        return " "
    return f" {character} " if any(low <= code <= high for low, high in _IDEOGRAPHS) else character


@lru_cache(4096)
def _is_sign(character: str) -> bool:
    """Whether a character stands alone: ASCII ones that are no letter or digit, and Unicode's punctuation."""
    if character.isascii():
        return not character.isalnum() and not character.isspace()
    return unicodedata.category(character).startswith("P")

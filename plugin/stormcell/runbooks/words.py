"""The words that runbooks are compared by: joined names taken apart, without endings, a few short forms told."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from stormcell.text.words import words_of

_FEW_LETTERS: Final = 4
"""Letters that a word keeps at least when its ending is taken off."""
_ENDINGS: Final = sorted(
    (
        *("ures", "ure", "ations", "ation", "ating", "ated", "ates", "ate", "ings", "ing", "ions", "ion", "ed"),
        *("es", "s", "ers", "er", "ors", "or", "ments", "ment", "ies", "ied", "y", "e", "ly", "al"),
        *("able", "ible", "ance", "ence"),
    ),
    key=lambda ending: (-len(ending), ending),
)
_SHORT: Final = {
    **dict.fromkeys(("config", "configs"), "configuration"),
    **dict.fromkeys(("cert", "certs"), "certificate"),
    **dict.fromkeys(("inode", "inodes"), "files"),
    **dict.fromkeys(("kube", "k8s"), "kubernetes"),
    **dict.fromkeys(("err", "errs"), "errors"),
    **{"conn": "connection", "db": "database", "fs": "filesystem", "hpa": "autoscaler", "mem": "memory"},
    **{"rx": "receive", "tx": "transmit"},
}
_NO_CONTENT: Final = frozenset(
    (
        *("the", "of", "is", "are", "was", "be", "been", "in", "on", "to", "for", "and", "or", "an", "not", "no"),
        *("has", "have", "had", "with", "by", "at", "from", "than", "more", "that", "this", "it", "its", "as"),
        *("will", "within", "which"),
    )
)
_DIGITS: Final = re.compile(r"\d+")
_OTHER: Final = re.compile(r"[\W_]+")


def spelled(text: str) -> list[str]:
    """Return the words of a text in lower case that may tell something, in its order; masks and numbers do not."""
    clean = _DIGITS.sub(" ", text).replace("_", " ")
    return [word for word in words_of(clean) if len(word) > 1 and word not in _NO_CONTENT]


@lru_cache(20_000)
def stem(word: str) -> str:
    """Return what a word has in common with its other forms: ``failed`` and ``failure`` give ``fail``."""
    word = _SHORT.get(word, word)
    for ending in _ENDINGS:
        if len(word) - len(ending) >= _FEW_LETTERS and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _FEW_LETTERS and word[-1] == word[-2] else word


def squeezed(name: str) -> str:
    """Return a name by its letters and digits alone: ``kube-pod_crash`` and ``KubePodCrash`` are one."""
    return _OTHER.sub("", name).casefold()

"""How two revisions differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal, TypeAlias

from stormcell.errors import NotFoundError
from stormcell.types import Review, Revision

MOST: Final = 4000
"""Lines of both texts, from the first that differs to the last, that are matched with each other."""

_Tag: TypeAlias = Literal["delete", "equal", "insert", "replace"]
_Codes: TypeAlias = list[tuple[_Tag, int, int, int, int]]


def revision_of(review: Review, number: int) -> Revision:
    """Return a revision by its number.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if not 1 <= number <= len(review.revisions):
        raise NotFoundError(
            f"draft {review.id} has no revision {number}; there are 1 to {len(review.revisions)}"
            if len(review.revisions) > 1
            else f"draft {review.id} has no revision {number}; there is 1 only"
        )
    return review.revisions[number - 1]


def difference(review: Review, old: int, new: int) -> str:
    """Return the unified diff of two revisions, lines ending in a line feed; "" where they are the same.

    Raises
    ------
    NotFoundError
        If there is no such revision.
    """
    before, after = revision_of(review, old), revision_of(review, new)
    found = hunks(_lines(before), _lines(after))
    if not found:
        return ""
    named = (f"--- revision {old}\t{_who(before)}", f"+++ revision {new}\t{_who(after)}")
    return "".join(f"{line}\n" for line in (*named, *found))


def hunks(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the unified diff of two texts by their lines, without their names; [] where they are the same.

    Where more than ``MOST`` lines are to be matched, all of them are told as others: the time that matching takes
    grows with the square of them.
    """
    return [line for group in _Known(_codes(old, new)).get_grouped_opcodes() for line in _hunk(group, old, new)]


class _Known(SequenceMatcher[str]):
    """Groups what is known already."""

    def __init__(self, codes: _Codes) -> None:
        super().__init__()
        self._codes = codes

    def get_opcodes(self) -> _Codes:
        return self._codes


def _codes(old: Sequence[str], new: Sequence[str]) -> _Codes:
    """Return how one text becomes the other, as ``SequenceMatcher`` tells it."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if a and b and len(a) + len(b) <= MOST:
        codes = SequenceMatcher(None, a, b).get_opcodes()
    else:
        tag: _Tag = "replace" if a and b else "delete" if a else "insert"
        codes = [(tag, 0, len(a), 0, len(b))] if a or b else []
    middle = [(tag, i1 + start, i2 + start, j1 + start, j2 + start) for tag, i1, i2, j1, j2 in codes]
    before: _Codes = [("equal", 0, start, 0, start)] if start else []
    after: _Codes = [("equal", len(old) - end, len(old), len(new) - end, len(new))] if end else []
    return [*before, *middle, *after]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines at the start are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _hunk(
    group: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterable[str]:
    (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
    yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@"
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (f" {line}" for line in old[i1:i2])
            continue
        yield from (f"-{line}" for line in old[i1:i2])
        yield from (f"+{line}" for line in new[j1:j2])


def _range(start: int, end: int) -> str:
    """Return lines as a unified diff numbers them: from 1, of none those before."""
    if end - start == 1:
        return f"{end}"
    return f"{start + 1 if end > start else start},{end - start}"


def _lines(revision: Revision) -> list[str]:
    # As an editor counts lines: other characters that break lines stay in theirs.
    return revision.markdown.removesuffix("\n").split("\n")


def _who(revision: Revision) -> str:
    return revision.author.replace("\n", " ") or "unknown"

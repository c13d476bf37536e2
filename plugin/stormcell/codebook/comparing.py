"""What differs between two codebooks, and which was live when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stormcell.types import Codebook, CodebookField, Codeword, ModelNote, NoteKind


@dataclass(frozen=True, slots=True)
class Pair:
    """A codeword in two codebooks, by one id.

    Attributes
    ----------
    before, after : Codeword
    share_before, share_after : float
        Of the events that each codebook was trained on, so many are of it.
    """

    before: Codeword
    after: Codeword
    share_before: float
    share_after: float

    @property
    def moved(self) -> bool:
        """Whether another kind of event speaks for it; one that says the same is no other."""
        return _told(self.before) != _told(self.after)


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two codebooks.

    Attributes
    ----------
    pairs : tuple of Pair
        Codewords of both, ascending by id.
    new, gone : tuple of Codeword
        Of the later and of the earlier alone, those that stand for most first.
    new_share, gone_share : float
        Of the events that each codebook was trained on, so many are of those.
    fields : tuple of (CodebookField or None, CodebookField or None)
        Fields that differ, before and after; None where it has none of that name.
    text : tuple of (str, str, str)
        What differs of how texts become vectors: name, before, after.
    stability : float
        Share of the earlier codewords that are there in the later, spoken for by an event that says the same;
        1 without any.
    """

    pairs: tuple[Pair, ...]
    new: tuple[Codeword, ...]
    gone: tuple[Codeword, ...]
    new_share: float
    gone_share: float
    fields: tuple[tuple[CodebookField | None, CodebookField | None], ...]
    text: tuple[tuple[str, str, str], ...]
    stability: float

    @property
    def moved(self) -> tuple[Pair, ...]:
        """Codewords for which another kind of event speaks."""
        return tuple(pair for pair in self.pairs if pair.moved)


def compare(before: Codebook, after: Codebook) -> Differences:
    """Return what differs between two codebooks; codewords are known by their ids."""
    olds, news = ({word.id: word for word in codebook.codewords} for codebook in (before, after))
    whole_before, whole_after = before.weight, after.weight
    pairs = tuple(
        Pair(old, news[id], old.weight / whole_before, news[id].weight / whole_after)
        for id, old in sorted(olds.items())
        if id in news
    )
    new = _heaviest(word for id, word in news.items() if id not in olds)
    gone = _heaviest(word for id, word in olds.items() if id not in news)
    return Differences(
        pairs=pairs,
        new=new,
        gone=gone,
        new_share=sum(word.weight for word in new) / whole_after,
        gone_share=sum(word.weight for word in gone) / whole_before,
        fields=_fields(before, after),
        text=_text(before, after),
        stability=sum(not pair.moved for pair in pairs) / len(olds) if olds else 1.0,
    )


def succession(notes: Iterable[ModelNote]) -> list[str]:
    """Return the codebooks that led to the one that is live, oldest first, each by its version.

    A promotion adds one. Rolling back takes out what it left, up to the one that it went back to.

    Parameters
    ----------
    notes : iterable of ModelNote
        Oldest first; of other kinds than promotions and rollbacks they say nothing.
    """
    found: list[str] = []
    for note in notes:
        if note.kind is NoteKind.ROLLED_BACK:
            found = found[: found.index(note.version)] if note.version in found else found[:-1]
        elif note.kind is not NoteKind.PROMOTED:
            continue
        found.append(note.version)
    return found


def _told(word: Codeword) -> tuple[str, str, int, str]:
    return word.medoid.signal.value, word.medoid.service, word.medoid.severity, word.template


def _heaviest(words: Iterable[Codeword]) -> tuple[Codeword, ...]:
    return tuple(sorted(words, key=lambda word: (-word.weight, word.id)))


def _fields(before: Codebook, after: Codebook) -> tuple[tuple[CodebookField | None, CodebookField | None], ...]:
    olds, news = ({field.name: field for field in codebook.fields} for codebook in (before, after))
    pairs = ((olds.get(name), news.get(name)) for name in dict.fromkeys((*olds, *news)))
    return tuple(pair for pair in pairs if pair[0] != pair[1])


def _text(before: Codebook, after: Codebook) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, str(getattr(before.text, name)), str(getattr(after.text, name)))
        for name in ("embedder", "model", "dimensions")
        if getattr(before.text, name) != getattr(after.text, name)
    )

"""One codebook: where it comes from, by what it compares, and its codewords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.operate.codebooks import opened
from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.text.shorten import shorten
from stormcell.types import Codebook, CodebookState, StoredCodebook, WindowSummary
from stormcell.web.model.listing import Row, row, share

PAGE: Final = 100
"""Codewords on a page."""
_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Word:
    """A codeword, as its row shows it.

    Attributes
    ----------
    id, text, service, signal, severity, uid : str
        Of its exemplar.
    weight : int
        Events that it stood for in training.
    part, now : str
        Its share of them, and of the events of the last window; "" where none was seen through it.
    radius : str
    """

    id: str
    text: str
    service: str
    signal: str
    severity: str
    uid: str
    weight: int
    part: str
    now: str
    radius: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a codebook.

    Attributes
    ----------
    row : Row
    seed, rows, sampled : int
    software : str
    sites : sequence of str
    metrics, fields : sequence of tuple
        Names and numbers; names, kinds, weights and spans.
    embedder : str
    words : sequence of Word
        The heaviest first.
    first, next : int
        Of which codeword on, and where the next page begins; 0 at the end.
    """

    row: Row
    seed: int
    rows: int
    sampled: int
    software: str
    sites: Sequence[str]
    metrics: Sequence[tuple[str, str]]
    fields: Sequence[tuple[str, str, str, str]]
    embedder: str
    words: Sequence[Word]
    first: int
    next: int


def shown(store: SqliteStore, stored: StoredCodebook, first: int = 0) -> Shown:
    """Return a page of a codebook, from one of its codewords on.

    Raises
    ------
    CodebookError
        If its file is missing or damaged.
    """
    codebook = opened(store, stored.version)
    [*last] = store.windows(stored.version, limit=1) if stored.state is CodebookState.LIVE else []
    provenance, text = codebook.provenance, codebook.text
    count = len(codebook.codewords)
    return Shown(
        row=row(stored),
        seed=provenance.seed,
        rows=provenance.rows,
        sampled=provenance.sampled,
        software=provenance.software,
        sites=provenance.sites,
        metrics=[
            (name, share(value) if name == "new" else f"{value:.3f}")
            for name, value in sorted(provenance.metrics.items())
        ],
        fields=[
            (one.name, one.kind, f"{one.weight:g}", f"{one.span:.4g}" if one.span else "")
            for one in codebook.fields
        ],
        embedder=" ".join(part for part in (text.embedder, text.model) if part),
        words=_words(codebook, first, last[0] if last else None),
        first=first,
        next=first + PAGE if first + PAGE < count else 0,
    )


def _words(codebook: Codebook, first: int, window: WindowSummary | None) -> list[Word]:
    total = codebook.weight
    found = sorted(codebook.codewords, key=lambda word: (-word.weight, word.id))
    return [
        Word(
            id=word.id,
            text=shorten(word.medoid.text, _TEXT) or "(no text)",
            service=word.medoid.service,
            signal=word.medoid.signal.value,
            severity=severity_name(word.medoid.severity) or "none",
            uid=word.medoid.uid,
            weight=round(word.weight),
            part=share(word.weight / total),
            now=share(window.codewords.get(word.id, 0.0) / window.events) if window and window.events else "",
            radius=f"{word.radius:.3f}",
        )
        for word in found[first : first + PAGE]
    ]

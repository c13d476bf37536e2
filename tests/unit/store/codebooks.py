"""Codebooks for tests of the store, to which it is all one what they say."""

from __future__ import annotations

from hypothesis import strategies as st

from stormcell.codebook import document
from stormcell.types import (
    Codebook,
    CodebookField,
    Codeword,
    Event,
    Histogram,
    ModelNote,
    NoteKind,
    Provenance,
    Signal,
    TextTable,
    WindowSummary,
)
from tests.unit.store.strategies import attributes, floats, texts, times

histograms = st.builds(
    Histogram,
    counts=st.dictionaries(texts, floats, max_size=3),
    examples=st.dictionaries(texts, texts, max_size=3),
)
windows = st.builds(
    WindowSummary,
    codebook=texts,
    start=times,
    end=times,
    events=floats,
    new=floats,
    distance=floats,
    codewords=st.dictionaries(texts, floats, max_size=3),
    fields=st.dictionaries(texts, histograms, max_size=3),
    silhouette=st.none() | floats,
)
notes = st.builds(ModelNote, time=times, kind=st.sampled_from(NoteKind), version=texts, detail=attributes)
provenances = st.builds(
    Provenance,
    *(times, times, st.integers(0), st.integers(0), st.integers(0), st.integers(), texts, texts),
    sites=st.lists(texts, max_size=2).map(tuple),
    metrics=st.dictionaries(texts, floats, max_size=2),
)


def codebook_of(*texts: str, parent: str = "") -> tuple[Codebook, bytes]:
    """Return a codebook of events with these texts, and its document."""
    codewords = tuple(
        Codeword(f"k-{number}", Event(f"u{number}", Signal.LOG, 0, "cart", 9, text), text, 1.0, 0.5)
        for number, text in enumerate(texts)
    )
    codebook = document.seal(
        Codebook(
            version="",
            fields=(CodebookField("text", "cosine", 1.0),),
            codewords=codewords,
            text=TextTable("static", "", 2, {}, {signal.value: 0.5 for signal in Signal}),
            reference=WindowSummary("", 0, 1, 1.0, 0.0, 0.1, {}, {}),
            provenance=Provenance(0, 1, len(texts), len(texts), len(texts), 0, "1.0", parent),
        )
    )
    return codebook, document.dump(codebook)

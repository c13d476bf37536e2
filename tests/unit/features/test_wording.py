from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import BackgroundSettings, TextSettings
from stormcell.features.surprise import Background
from stormcell.features.wording import wording
from stormcell.text.static import StaticEmbedder
from stormcell.types import FloatArray, Signal, Template
from tests.unit.features.build import log, rows_of

TEXTS = [
    "disk is full",
    "volume has no space",
    "payment was declined",
    "disk",
    "OrderNotFound for <id>",
    "<*>",
    "!!",
]
MEANINGS = {"disk": [1, 0, 0], "volume": [0.8, 0.6, 0], "payment": [0, 0, 1], "Order": [0, 1, 0]}
SETTINGS = TextSettings(lexical_alert=0.2, lexical_log=0.7, lexical_span=1.0)
SHARES = {Signal.ALERT: 0.2, Signal.LOG: 0.7, Signal.SPAN: 1.0}


class Meaning:
    """Knows what some words mean: a direction each, and one that lies between two others."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> FloatArray:
        self.asked += texts
        return np.array([MEANINGS.get(text.partition(" ")[0], [0, 0, 0]) for text in texts], np.float32).reshape(
            -1, 3
        )


def background(*texts: str) -> Background:
    made = Background(BackgroundSettings())
    made.learn(rows_of([log(at, text=text) for at, text in enumerate(texts)]))
    return made


def templates(signal: Signal, *texts: str) -> list[Template]:
    return [Template(signal, "shop", text) for text in texts]


def cosines(vectors: FloatArray) -> FloatArray:
    """Return the cosine of every two rows, 0 for a row of zeros."""
    wide = vectors.astype(float)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    found: FloatArray = unit @ unit.T
    return found


@pytest.mark.parametrize("signal", SHARES)
def test_the_cosine_is_the_mix_of_meaning_and_letters(signal: Signal) -> None:
    said = templates(
        signal, "disk is full", "volume has no space", "payment was declined", "disk", "OrderNotFound"
    )
    usual = background()
    found = wording(said, Meaning(), usual, SETTINGS)
    share = SHARES[signal]
    meaning = cosines(Meaning().embed([*(t.text for t in said[:-1]), "Order Not Found"]))
    letters = cosines(wording(said, None, usual, SETTINGS))
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(cosines(found), (1 - share) * meaning + share * letters, atol=1e-6)


def test_each_signal_has_a_share_of_its_own() -> None:
    def likeness(signal: Signal) -> float:
        one, other = wording(templates(signal, "disk", "volume"), Meaning(), background(), SETTINGS).astype(float)
        return float(one @ other)

    # The two have no letters in common.
    assert likeness(Signal.ALERT) == pytest.approx(0.8 * 0.8, abs=1e-6)
    assert likeness(Signal.LOG) == pytest.approx(0.3 * 0.8, abs=1e-6)
    assert likeness(Signal.SPAN) == pytest.approx(0, abs=1e-6)


def test_a_text_whose_meaning_is_unknown_is_told_by_its_letters_alone() -> None:
    found = wording(templates(Signal.LOG, "tape gone", "tape gone now"), Meaning(), background(), SETTINGS)
    letters = wording(templates(Signal.LOG, "tape gone", "tape gone now"), None, background(), SETTINGS)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(cosines(found), cosines(letters), atol=1e-6)


def test_a_text_without_letters_is_told_by_its_meaning_alone() -> None:
    class Signs:
        def embed(self, texts: Sequence[str]) -> FloatArray:
            return np.array([[0.6, 0.8] if text == "!!" else [1.0, 0.0] for text in texts], np.float32).reshape(
                -1, 2
            )

    found = wording(templates(Signal.LOG, "!!", "??"), Signs(), background(), SETTINGS)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(cosines(found), [[1, 0.6], [0.6, 1]], atol=1e-6)


def test_where_nothing_is_said_the_vector_is_zero() -> None:
    found = wording(templates(Signal.LOG, "<*>", "", "<ip> <num>", "disk"), Meaning(), background(), SETTINGS)
    assert found.any(axis=1).tolist() == [False, False, False, True]
    assert np.isfinite(found).all()


def test_without_an_embedder_letters_speak_alone() -> None:
    usual = background("disk is full")
    said = templates(Signal.ALERT, *TEXTS)
    found = wording(said, None, usual, SETTINGS)
    assert np.array_equal(
        found, usual.lexicon.embed(["disk is full", *TEXTS[1:4], "Order Not Found for", "", "!!"])
    )
    # Whatever the settings say.
    assert np.array_equal(found, wording(said, None, usual, TextSettings()))


def test_masks_are_no_language_and_joined_names_are_words() -> None:
    embedder = Meaning()
    wording(templates(Signal.LOG, "OrderNotFound <*> in <path>"), embedder, background(), SETTINGS)
    assert embedder.asked[-1] == "Order Not Found in"
    one, other = wording(
        templates(Signal.LOG, "disk <*> full", "disk <num> full"), Meaning(), background(), SETTINGS
    )
    assert np.array_equal(one, other)


def test_what_all_usual_alerts_have_in_common_is_taken_from_the_meaning_of_alerts() -> None:
    usual = background("payment refused")
    usual.read(templates(Signal.ALERT, *(f"disk {word}" for word in ("amber", "beige", "coral", "denim"))))
    settings = TextSettings(lexical_alert=0.0, lexical_log=0.0)
    said = ("disk", "volume", "payment", "tape")
    logs = wording(templates(Signal.LOG, *said), Meaning(), usual, settings)
    assert np.array_equal(logs[:3, :3], Meaning().embed(said)[:3])
    found = wording(templates(Signal.ALERT, *said), Meaning(), usual, settings)
    common = np.array([4 / 24, 0, 0])  # four alerts, and twenty that say nothing
    known = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]]) - common
    wanted = known / np.linalg.norm(known, axis=1, keepdims=True)
    np.testing.assert_allclose(found[:3, :3], wanted, atol=1e-6)
    # What has no meaning has none less what is common either.
    assert not found[3, :3].any()


def test_no_template_gives_no_row() -> None:
    shape = wording(templates(Signal.LOG, "disk"), Meaning(), background("disk"), SETTINGS).shape
    assert wording([], Meaning(), background("disk"), SETTINGS).shape == (0, shape[1])


@given(said=st.lists(st.tuples(st.sampled_from(Signal), st.one_of(st.text(), st.sampled_from(TEXTS))), max_size=8))
def test_vectors_are_unit_or_zero_and_those_of_their_texts_alone(said: list[tuple[Signal, str]]) -> None:
    made = [Template(signal, "shop", text) for signal, text in said]
    usual, embedder = background(*TEXTS), StaticEmbedder()
    found = wording(made, embedder, usual, TextSettings())
    lengths = np.linalg.norm(found.astype(float), axis=1)
    assert ((np.abs(lengths - 1) < 1e-5) | (lengths == 0)).all()
    for template, vector in zip(made, found, strict=True):
        assert np.array_equal(wording([template], embedder, usual, TextSettings())[0], vector)

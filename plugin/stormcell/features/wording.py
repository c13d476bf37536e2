"""What texts say, as vectors: their meaning by an embedder and their letters by the lexicon, mixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from stormcell.config import TextSettings
from stormcell.features.surprise import Background
from stormcell.features.table import unit
from stormcell.protocols import Embedder
from stormcell.text.words import spoken
from stormcell.types import FloatArray, Signal, Template

_FEW: Final = 20
"""Usual alerts at which half of what they have in common is taken away: of a few, it says nothing."""


def wording(
    templates: Sequence[Template],
    embedder: Embedder | None,
    background: Background,
    settings: TextSettings,
) -> FloatArray:
    """Return a vector a template, of length 1 or zero, shape (n, d).

    The cosine of two templates of one signal is ``(1 - s) meaning + s letters``, each a cosine of its own and s
    the signal's share in ``settings``; where a text has only one of the two, that one counts whole. From the
    meaning of alerts, what all alerts of the background have in common is taken away: they share so many words
    that it hides what they differ in (Mu & Viswanath 2018, arXiv:1702.01417).

    Parameters
    ----------
    templates : sequence of Template
    embedder : Embedder or None
        None leaves the letters alone to speak.
    background : Background
        Has learned the usual texts.
    settings : TextSettings
    """
    texts = [spoken(template.text) for template in templates]
    letters = background.lexicon.embed(texts)
    if embedder is None:
        return letters
    usual = embedder.embed(background.alerts)
    common = usual.sum(axis=0) / (len(usual) + _FEW)
    meaning = embedder.embed(texts)
    alerts = np.array([template.signal is Signal.ALERT for template in templates], dtype=bool)
    meaning = unit(np.where((alerts & meaning.any(axis=1))[:, None], meaning - common, meaning))
    shares = {
        Signal.ALERT: settings.lexical_alert,
        Signal.LOG: settings.lexical_log,
        Signal.SPAN: settings.lexical_span,
    }
    share = np.array([shares[template.signal] for template in templates], dtype=np.float32)[:, None]
    # Cosines are averaged where vectors stand side by side, each as long as the root of its share.
    return unit(np.hstack([np.sqrt(1.0 - share) * meaning, np.sqrt(share) * letters]))

"""Texts with known relatives: wordings of one fault, alert rules of one group; and how well vectors find them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import yaml

from stormcell.types import FloatArray

_DATA = Path(__file__).parent / "data"
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")


def paraphrases(half: str | None = None) -> tuple[list[str], list[str]]:
    """Return texts and the fault that each tells of; of the half "tune" or "test", or both."""
    texts, faults = [], []
    for line in (_DATA / "paraphrases.jsonl").read_text().splitlines():
        concept = json.loads(line)
        if half in (None, concept["half"]):
            texts += concept["texts"]
            faults += [concept["concept"]] * len(concept["texts"])
    return texts, faults


def alert_rules() -> tuple[list[str], list[str]]:
    """Return name, summary and description of every alert rule as one text, and the rule's group."""
    texts, groups = [], []
    for file in sorted((_DATA / "alert-rules").glob("*.yaml")):
        for group in yaml.safe_load(file.read_text())["spec"]["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    told = rule.get("annotations", {})
                    words = f"{rule['alert']}: {told.get('summary', '')} {told.get('description', '')}"
                    texts.append(" ".join(_PLACEHOLDER.sub(" ", words).split()))
                    groups.append(group["name"])
    return texts, groups


def retrieval(vectors: FloatArray, labels: list[str]) -> tuple[float, float]:
    """Return how well each text finds its relatives among all others, by cosine.

    Returns
    -------
    nearest : float
        Share of texts whose nearest other text is a relative.
    precision : float
        Mean average precision.
    """
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    related = np.array(labels)[:, None] == np.array(labels)[None, :]
    np.fill_diagonal(related, val=False)
    judged = np.flatnonzero(related.any(axis=1))
    # Relatives last among equals: a constant vector finds nothing.
    order = np.lexsort((related, -likeness), axis=1)[:, : len(labels) - 1]
    hits = np.take_along_axis(related, order, axis=1)[judged]
    ranks = np.arange(1, hits.shape[1] + 1)
    precision = (np.cumsum(hits, axis=1) / ranks * hits).sum(axis=1) / hits.sum(axis=1)
    return float(hits[:, 0].mean()), float(precision.mean())

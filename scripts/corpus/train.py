"""Trains the static embedder: a row for each word piece, so that a text's rows add up to what its teacher says.

The teacher's vectors are turned so that the first dimensions hold most of them (singular value decomposition), and
cut. Each row starts as the teacher's vector of the piece alone, as in Model2Vec (Tulkens & van Dongen 2024); then
rows are fitted by Adam to the texts of the corpus, by the cosine to the teacher's vector and by the likeness of
texts to each other in a batch (Tung & Mori 2019, doi:10.1109/ICCV.2019.00145).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_RARE = 1e-3
"""Smooth inverse frequency (Arora et al. 2017): a piece of this share of all counts half."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fitted, and for how long."""

    dimensions: int = 128
    epochs: int = 10
    batch: int = 1024
    rate: float = 1e-2
    dropped: float = 0.15
    """Share of the pieces of a text left out at random: each must tell what it can by itself."""
    likeness: float = 4.0
    """Weight of the likeness between texts beside the likeness to the teacher."""
    seed: int = 0


def turned(vectors: Floats, dimensions: int) -> Floats:
    """Return the directions (384, dimensions) in which the teacher's vectors differ most from zero."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, ::-1][:, :dimensions])


def start(alone: Floats, counts: NDArray[np.int64]) -> Floats:
    """Return the rows to start with: the teacher's word on each piece alone, the frequent ones made short."""
    share = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    rows = alone / np.maximum(np.linalg.norm(alone, axis=1, keepdims=True), 1e-9)
    return (rows * (_RARE / (_RARE + share))[:, None]).astype(np.float32)


def fit(rows: Floats, pieces: Sequence[Sequence[int]], targets: Floats, plan: Plan) -> Floats:
    """Return rows that add up to the targets.

    Parameters
    ----------
    rows : Floats, shape (vocabulary, d)
        To start with.
    pieces : sequence of sequences of int
        The ids of each text.
    targets : Floats, shape (n, d)
    plan : Plan
    """
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    lengths = np.array([len(ids) for ids in pieces])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    flat = np.concatenate([np.asarray(ids, dtype=np.int64) for ids in pieces])
    wanted = torch.nn.functional.normalize(torch.from_numpy(targets), dim=1)
    table = torch.nn.EmbeddingBag(len(rows), rows.shape[1], mode="sum", _weight=torch.from_numpy(rows.copy()))
    steps = plan.epochs * (len(pieces) // plan.batch)
    optimiser = torch.optim.Adam(table.parameters(), lr=plan.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=0.1)
    for epoch in range(plan.epochs):
        order, total = random.permutation(len(pieces)), 0.0
        batches = order[: len(order) // plan.batch * plan.batch].reshape(-1, plan.batch)
        for batch in batches:
            at = np.concatenate([np.arange(starts[text], starts[text + 1]) for text in batch])
            kept = random.random(len(at)) >= plan.dropped
            counts = np.add.reduceat(kept, np.cumsum([0, *lengths[batch][:-1]]))
            offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
            made = table(torch.from_numpy(flat[at[kept]]), torch.from_numpy(offsets))
            made = torch.nn.functional.normalize(made, dim=1)
            target = wanted[torch.from_numpy(batch)]
            loss = 1.0 - (made * target).sum(dim=1).mean()
            apart = made @ made.T - target @ target.T
            loss = loss + plan.likeness * (apart * apart).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(batches):.4f}", file=sys.stderr, flush=True)
    return table.weight.detach().numpy()

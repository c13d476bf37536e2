"""Codebooks and their parts, made up for tests."""

from __future__ import annotations

from collections.abc import Sequence

from stormcell.types import Codebook, Codeword, Event, Provenance, Signal, TextTable, WindowSummary


def event(uid: str, text: str = "it is", service: str = "cart") -> Event:
    return Event(uid=uid, signal=Signal.LOG, time=1, service=service, severity=9, text=text)


def codeword(id: str, text: str = "", radius: float = 0.1, weight: float = 1.0) -> Codeword:
    return Codeword(id, event(f"e-{id}", text or id), text or id, weight, radius)


def summary(
    codebook: str = "",
    *,
    start: int = 0,
    events: float = 100.0,
    new: float = 0.0,
    distance: float = 5.0,
    silhouette: float | None = None,
) -> WindowSummary:
    return WindowSummary(codebook, start, start + 3600, events, new, distance, {}, {}, silhouette)


def codebook(codewords: Sequence[Codeword], version: str = "cb-000000000000") -> Codebook:
    return Codebook(
        version,
        (),
        tuple(codewords),
        TextTable("lexical", "", 8),
        summary(),
        Provenance(0, 1, 100, 10, 10, 0, "1"),
    )

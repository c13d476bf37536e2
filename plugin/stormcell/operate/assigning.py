"""Assigning the events of files: in blocks, one line each, and added up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from stormcell.codebook.assigning import AssignedRows, Assigning
from stormcell.config import Settings
from stormcell.privacy import Concealer
from stormcell.types import Codebook, Event

_BLOCK: Final = 4096
EXAMPLES: Final = 5

Block = tuple[list[Event], AssignedRows]


@dataclass(slots=True)
class Tally:
    """What was assigned.

    Attributes
    ----------
    events : int
    codewords : dict of str to int
        Events, by the codeword that they are of.
    new : int
    examples : list of (Event, str, float)
        Of what is new, one a text: the event, the nearest codeword and how far it is.
    """

    events: int = 0
    codewords: dict[str, int] = field(default_factory=dict)
    new: int = 0
    examples: list[tuple[Event, str, float]] = field(default_factory=list)


def assigned(assigning: Assigning, events: Iterable[Event]) -> Iterator[Block]:
    """Yield events in blocks, with where they belong."""
    left = iter(events)
    while block := list(islice(left, _BLOCK)):
        yield block, assigning.assign_traits(assigning.read(block))


def tallied(codebook: Codebook, blocks: Iterable[Block], settings: Settings) -> Tally:
    """Return how many events are of each codeword, and what is new, masked as the settings say."""
    ids, tally, said = [word.id for word in codebook.codewords], Tally(), set()
    for events, found in blocks:
        tally.events += len(events)
        for event, at, far, new in zip(
            events, found.nearest.tolist(), found.dissimilarity.tolist(), found.new.tolist(), strict=True
        ):
            if not new:
                tally.codewords[ids[at]] = tally.codewords.get(ids[at], 0) + 1
                continue
            tally.new += 1
            kind = event.signal, event.service, event.text
            if len(tally.examples) < EXAMPLES and kind not in said:
                said.add(kind)
                tally.examples.append((shown(event, settings), ids[at], far))
    return tally


def shown(event: Event, settings: Settings) -> Event:
    """Return an event as it may be shown."""
    return Concealer().event(event) if settings.privacy.mask else event


def line(codebook: Codebook, event: Event, found: AssignedRows, at: int) -> bytes:
    """Return where an event belongs as a line of JSON, the ``at``-th of its block."""
    words, nearest, second = codebook.codewords, int(found.nearest[at]), int(found.runner_up[at])
    told = {
        "uid": event.uid,
        "codeword": None if found.new[at] else words[nearest].id,
        "nearest": words[nearest].id,
        "dissimilarity": float(found.dissimilarity[at]),
        "radius": words[nearest].radius,
        "runner_up": None if second < 0 else words[second].id,
        "runner_up_dissimilarity": None if second < 0 else float(found.runner_up_dissimilarity[at]),
    }
    return json.dumps(told).encode("ascii") + b"\n"

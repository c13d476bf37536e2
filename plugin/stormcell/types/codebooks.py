"""Codebooks: what telemetry looks like, spoken for by real events; and what becomes of them in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stormcell.types.events import Event, Value
from stormcell.types.results import Share


@dataclass(frozen=True, slots=True)
class CodebookField:
    """A field by which events are compared, as it was when the codebook was trained.

    Attributes
    ----------
    name : str
    kind : str
        "cosine" (texts), "categorical", "numeric" or "sets".
    weight : float
        In the mixed dissimilarity.
    span : float
        The range of a numeric field; 0 of others.
    """

    name: str
    kind: str
    weight: float
    span: float = 0.0


@dataclass(frozen=True, slots=True)
class Codeword:
    """A kind of events, spoken for by one of them.

    Attributes
    ----------
    id : str
        "k-..."; kept from one codebook to the next where it is the same kind (see codebook.matching).
    medoid : Event
        The real event.
    template : str
        Of its text.
    weight : float
        How many events it stood for in training.
    radius : float
        Dissimilarity within which an event is of this kind; farther than that it is new.
    """

    id: str
    medoid: Event
    template: str
    weight: float
    radius: float


@dataclass(frozen=True, slots=True)
class TextTable:
    """How texts become vectors, fixed for the life of a codebook.

    Attributes
    ----------
    embedder, model : str
        See the settings of the same names.
    dimensions : int
    rarity : mapping of str to float
        In how many texts the words and letters of each bucket of the lexicon were, by the bucket's number in
        hexadecimal, and under "" how many texts there were; can be added up. What is not in it was in one text.
    letters : mapping of str to float
        Share of the letters beside the meaning, by signal.
    """

    embedder: str
    model: str
    dimensions: int
    rarity: Mapping[str, float] = field(default_factory=dict)
    letters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a codebook comes from; nothing in it depends on when or where it was trained.

    Attributes
    ----------
    first_seen, last_seen : int
        Event times of the earliest and the latest event, ns.
    events, rows, sampled : int
        Events and rows that were seen; rows among which medoids were looked for.
    seed : int
    software : str
        The version of Stormcell.
    parent : str
        The codebook whose ids are kept; "" for none.
    sites : tuple of str
        Of what was merged from several sites, their names.
    metrics : mapping of str to float
        "loss" (mean dissimilarity to the medoid), "silhouette", "new" (share beyond the radius), ...
    """

    first_seen: int
    last_seen: int
    events: int
    rows: int
    sampled: int
    seed: int
    software: str
    parent: str = ""
    sites: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the events of a window are spread over the values of one field; can be added up.

    Attributes
    ----------
    counts : mapping of str to float
        Events, by value or by bin, "" where the field is missing; those beyond the most frequent under ``OTHER``.
    examples : mapping of str to str
        The uid of an event, by value or bin.
    """

    counts: Mapping[str, float]
    examples: Mapping[str, str] = field(default_factory=dict)


OTHER = "(other)"
"""What values beyond the most frequent are counted as."""


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """What the events of a stretch of time look like through a codebook; of one codebook, they can be added up.

    Attributes
    ----------
    codebook : str
        Its version.
    start, end : int
        Event time, ns.
    events : float
    new : float
        Events beyond the radius of the nearest codeword.
    distance : float
        Sum of the dissimilarities to the nearest codeword.
    codewords : mapping of str to float
        Events, by the nearest codeword that they are of.
    fields : mapping of str to Histogram
        By field: "service", "signal", "severity", "template", "label:NAME", "duration", "distance", ...
    silhouette : float or None
        Mean medoid silhouette of a sample; weighted by events when windows are added up.
    """

    codebook: str
    start: int
    end: int
    events: float
    new: float
    distance: float
    codewords: Mapping[str, float]
    fields: Mapping[str, Histogram]
    silhouette: float | None = None


@dataclass(frozen=True, slots=True)
class Codebook:
    """An immutable, versioned set of medoids with all that it takes to assign an event to one.

    Attributes
    ----------
    version : str
        "cb-" and twelve digits of the SHA-256 of its document.
    fields : tuple of CodebookField
    codewords : tuple of Codeword
        Ascending by id.
    text : TextTable
    reference : WindowSummary
        What the training data look like through it, with which windows are compared; its ``codebook`` is "".
    provenance : Provenance
    """

    version: str
    fields: tuple[CodebookField, ...]
    codewords: tuple[Codeword, ...]
    text: TextTable
    reference: WindowSummary
    provenance: Provenance

    @property
    def weight(self) -> float:
        """Events that its codewords stand for together, for shares of it; 1 where they stand for none."""
        return sum(word.weight for word in self.codewords) or 1.0


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where an event belongs in a codebook, and why.

    Attributes
    ----------
    codeword : str
        "" where the event is new: beyond the radius of the nearest.
    nearest, runner_up : str
        Ids of the nearest codewords; the second is "" where there is only one.
    dissimilarity, runner_up_dissimilarity : float
        To both; 1 where there is none.
    radius : float
        Of the nearest.
    shares : tuple of Share
        The exact parts of ``dissimilarity``.
    """

    codeword: str
    nearest: str
    dissimilarity: float
    runner_up: str
    runner_up_dissimilarity: float
    radius: float
    shares: tuple[Share, ...] = ()

    @property
    def margin(self) -> float:
        """By how much the runner-up is farther."""
        return self.runner_up_dissimilarity - self.dissimilarity


class CodebookState(StrEnum):
    """What a stored codebook is: at most one is live, at most one a canary."""

    CANDIDATE = "candidate"
    CANARY = "canary"
    LIVE = "live"
    RETIRED = "retired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class StoredCodebook:
    """A codebook as the store lists it.

    Attributes
    ----------
    version : str
    state : CodebookState
    made : int
        When it was stored, ns of the wall clock.
    codewords : int
        How many it has.
    provenance : Provenance
    """

    version: str
    state: CodebookState
    made: int
    codewords: int
    provenance: Provenance


class NoteKind(StrEnum):
    """What happened to the model."""

    TRAINED = "trained"
    IMPORTED = "imported"
    CANARY_STARTED = "canary-started"
    CANARY_ENDED = "canary-ended"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled-back"
    REJECTED = "rejected"
    DRIFT_BEGAN = "drift-began"
    DRIFT_ENDED = "drift-ended"
    JOB = "job"


MADE_LIVE: Final = (NoteKind.PROMOTED, NoteKind.ROLLED_BACK)
"""How a codebook becomes live."""


@dataclass(frozen=True, slots=True)
class ModelNote:
    """Something that happened to the model.

    Attributes
    ----------
    time : int
        ns: of the wall clock, for drift of the events.
    kind : NoteKind
    version : str
        Of the codebook that it is about; "" for none.
    detail : mapping of str to Value
    number : int
        Counts all notes of a store from 1; 0 before it is stored.
    """

    time: int
    kind: NoteKind
    version: str
    detail: Mapping[str, Value] = field(default_factory=dict)
    number: int = 0

"""What is answered of codebooks, as the OpenAPI document says it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import RootModel

from stormcell.sidecar.api.models import Model, SignalName

CodebookStateName = Literal["candidate", "canary", "live", "retired", "rejected"]


class Provenance(Model):
    """Where a codebook comes from."""

    first_seen: str
    last_seen: str
    events: int
    rows: int
    sampled: int
    seed: int
    software: str
    parent: str
    sites: list[str]
    metrics: dict[str, float]


class CodebookBrief(Model):
    """A codebook without what is in it."""

    version: str
    state: CodebookStateName
    made: str
    codewords: int
    provenance: Provenance


class CodebookList(Model):
    """All codebooks, those stored last first."""

    codebooks: list[CodebookBrief]


class CodebookText(Model):
    """By what texts are compared."""

    embedder: str
    model: str
    dimensions: int


class CodebookFieldShown(Model):
    """A field by which events are compared."""

    name: str
    kind: str
    weight: float
    span: float


class Medoid(Model):
    """The event that speaks for a codeword."""

    uid: str
    signal: SignalName
    time: str
    service: str
    severity: int
    text: str


class CodewordShown(Model):
    """A kind of events."""

    id: str
    weight: float
    share: float
    radius: float
    template: str
    medoid: Medoid


class CodebookShown(Model):
    """A codebook: what people ask of it, and not all that its document holds."""

    version: str
    state: CodebookStateName
    made: str
    provenance: Provenance
    text: CodebookText
    fields: list[CodebookFieldShown]
    codewords: list[CodewordShown]


class CodebookDocument(RootModel[dict[str, Any]]):
    """The document of a codebook, as it is imported."""


class CodebookSample(Model):
    """A sample of the events that came last, masked as all that is stored is."""

    events: float
    """How many it stands for."""
    training: dict[str, Any] | None
    """The state of a training that was shown them; null where there are none."""


class CodebookChanged(Model):
    """What became of a change."""

    version: str
    state: CodebookStateName
    live_before: str
    """The version that was live before; empty for none."""
    changed: bool
    """False where it was so already."""


class RetrainAsked(Model):
    """A request to train, that the engine hears at its next tick."""

    changed: bool
    request: int


class JobReported(Model):
    """What was reported is kept."""

    changed: bool


class CodebookWindow(Model):
    """What the live codebook saw in a stretch of time."""

    start: str
    end: str
    events: float
    new: float
    """Share of the events."""
    distance: float
    """Mean dissimilarity to the nearest codeword."""
    silhouette: float | None


class SideShown(Model):
    """What events look like through a codebook: means over the events."""

    new: float
    distance: float
    radius: float
    silhouette: float


class CanaryWatched(Model):
    """What is known of the canary by now, on the same events as the live codebook."""

    since: str
    windows: int
    events: float
    agreement: float
    churn: float
    live: SideShown
    other: SideShown
    verdict: Literal["wait", "promote", "reject"]
    reasons: list[str]


class CanaryShown(CodebookBrief):
    """The canary."""

    watched: CanaryWatched | None
    """Null before the engine has seen it."""


class ProbationShown(Model):
    """That the live codebook may be rolled back by itself, and to which."""

    former: str
    since: str


class DriftScores(Model):
    """How far a field is from what the codebook was trained on."""

    psi: float
    kl: float
    js: float
    ks: float | None
    level: float
    """As a multiple of the threshold."""


class DriftShown(Model):
    """How drift stands after the last window."""

    start: str
    active: list[str]
    """The fields that have drifted."""
    scores: dict[str, DriftScores]


class NoteShown(Model):
    """What happened to the model."""

    number: int
    time: str
    kind: str
    version: str
    detail: dict[str, Any]


class ModelStatus(Model):
    """How the model stands."""

    live: CodebookBrief | None
    probation: ProbationShown | None
    canary: CanaryShown | None
    drift: DriftShown | None
    retraining: bool
    """Whether a training is asked for and not done."""
    windows: list[CodebookWindow]
    """The latest first."""
    notes: list[NoteShown]
    """The latest first."""

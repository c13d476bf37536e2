"""The sections of the settings; every default is named and explained here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from stormcell.config.base import NonNegative, Seconds, SecondsOrZero, Section, Share, Weight

LEXICAL_ONLY = "none"
"""The embedder that is none: texts are compared by their letters alone."""


class RowsSettings(Section):
    """Which events are counted as one row."""

    bucket_seconds: Seconds = 1.0
    """Events of one fingerprint and one trace within this many seconds are one weighted row."""


class LinksSettings(Section):
    """Which rows certainly belong together."""

    burst_seconds: SecondsOrZero = 1.0
    """Logs without a trace, of one service, pod and logger, at most this far apart are linked."""
    alert_seconds: SecondsOrZero = 60.0
    """Notifications of the same alert at most this far apart are linked."""
    burst_life_seconds: Seconds = 60.0
    """A burst is cut after this long: a service may log without a pause."""
    key_life_seconds: Seconds = 1800.0
    """All else that links does so for this long from when it was first seen: ids are reused."""


class PrivacySettings(Section):
    """What never leaves the events."""

    mask: bool = True
    """Mask personal data and secrets before anything is stored, exported or rendered."""


class MaskSettings(Section):
    """A mask of your own."""

    name: Annotated[str, Field(pattern=r"^[a-z]{1,32}$")]
    """What stands in its place, in angle brackets: `order` gives `<order>`."""
    pattern: Annotated[str, Field(min_length=1, max_length=1000)]
    """A regular expression of Python's."""
    examples: Annotated[dict[str, str], Field(min_length=1)]
    """Texts, and what becomes of each; tried whenever the settings are read."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if compiled.match(""):
            raise ValueError("matches the empty text, and so everywhere")
        return pattern


class TextSettings(Section):
    """How texts are read and compared."""

    masks: tuple[MaskSettings, ...] = ()
    """Masks of your own, applied in order before the others: each a `name`, a `pattern` and `examples`."""
    embedder: str = "static"
    """`static` (shipped), `sentence-transformers` (an extra), `none`, or what a package registers."""
    model: str = ""
    """The embedder's model: a folder, or for sentence-transformers the name of one in its cache."""
    lexical_alert: Share = 0.5
    """Weight of the letters (character n-grams) beside the meaning, in the texts of alerts."""
    lexical_log: Share = 0.4
    """The same for logs."""
    lexical_span: Share = 0.7
    """The same for spans."""


class BackgroundSettings(Section):
    """What is usual."""

    bucket_seconds: Seconds = 900.0
    """Width of the time buckets over which templates are counted."""
    learning_buckets: Annotated[int, Field(ge=0)] = 4
    """Until this many buckets have been seen nothing is known to be usual, and nothing is set apart."""
    half_life_days: Annotated[float, Field(gt=0, le=3650)] = 7.0
    """What was seen so many days ago counts half; after four times as many it is forgotten."""
    max_templates: Annotated[int, Field(ge=100)] = 20_000
    """Of more templates than this, those seen least recently are forgotten."""
    hindsight: bool = True
    """Judge an event by what came after it, too, as files allow; without, by the past alone, as it would have been
    judged live."""


class ServiceRule(Section):
    """How a label of an alert names a service."""

    label: Annotated[str, Field(min_length=1, max_length=100)]
    """The label."""
    pattern: Annotated[str, Field(min_length=1, max_length=1000)] = "(.+)"
    """A regular expression of Python's that the whole value must match."""
    service: Annotated[str, Field(min_length=1, max_length=200)] = r"\1"
    """The service, with the groups of the pattern as `\\1`."""

    @model_validator(mode="after")
    def _works(self) -> Self:
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if max(map(int, re.findall(r"\\(\d)", self.service)), default=0) > groups:
            raise ValueError(f"`service` {self.service!r} uses a group that `pattern` {self.pattern!r} lacks")
        return self


def _rules(*rules: tuple[str, ...]) -> tuple[ServiceRule, ...]:
    return tuple(ServiceRule(**dict(zip(("label", "pattern"), rule, strict=False))) for rule in rules)


class ServicesSettings(Section):
    """Which service an alert is about."""

    rules: tuple[ServiceRule, ...] = _rules(
        ("service",),
        ("app",),
        ("app_kubernetes_io_name",),
        ("deployment",),
        ("statefulset",),
        ("daemonset",),
        ("container",),
        # The pods of a Deployment end in two hashes, of a StatefulSet in a number, of a DaemonSet in one hash.
        ("pod", r"(.+?)(?:-[0-9a-z]{6,10})?-[0-9a-z]{5}"),
        ("pod", r"(.+)-\d{1,4}"),
        ("job", r"(?:.+/)?(.+)"),
        ("job_name", r"(.+?)(?:-\d+)?"),
        ("instance", r"([A-Za-z][\w-]*)(?:\.[\w.-]+)?(?::\d+)?"),
        ("namespace",),
        ("cluster",),
        ("node",),
    )
    """The first rule counts that makes of an alert's label a service that logs or spans know; where none does, the
    alert is about what its first such label says."""


_Names = Annotated[tuple[str, ...], Field(max_length=20)]


class LabelsSettings(Section):
    """Where an event happened: for each label the attributes of resources and events that may hold it."""

    cluster: _Names = ("k8s.cluster.name", "labels.cluster", "labels.cluster_name")
    """The cluster: the first of these that an event has."""
    namespace: _Names = ("k8s.namespace.name", "labels.namespace")
    """The namespace."""
    node: _Names = ("k8s.node.name", "host.name", "labels.node", "labels.kube_node")
    """The node or host."""
    zone: _Names = ("cloud.availability_zone", "labels.zone", "cloud.region", "labels.region")
    """The zone, or where none is told the region."""
    environment: _Names = (
        "deployment.environment.name",
        "deployment.environment",
        "labels.environment",
        "labels.env",
    )
    """The environment: production, staging."""
    version: _Names = ("service.version", "labels.version")
    """The version of the service."""


class WeightsSettings(Section):
    """Weights of the fields of the mixed dissimilarity; 0 leaves a field out."""

    blame: Weight = 2.0
    """Which services are accused, 1 - cosine."""
    text: Weight = 0.5
    """What the texts say, (1 - cosine) / 2."""
    hops: Weight = 0.5
    """How far apart the most blamed services are in the call graph."""
    time: Weight = 1.0
    """The gap in time, 1 - exp(-gap / time_scale)."""
    labels: Weight = 0.25
    """Where it happened (see labels), 1 - the share of what both have in common."""
    novelty: Weight = 0.5
    """The difference in how new the texts are."""


class GroupingSettings(Section):
    """How atoms become groups."""

    silence_seconds: Seconds = 300.0
    """A silence between two atoms of more than this ends a session."""
    gate: NonNegative = 1.2
    """Atoms less surprising than this are background; 0 keeps everything."""
    opening_cost: NonNegative = 0.75
    """What one more group must save: so much times the root of the weight that is clustered, as a sum of
    dissimilarities to the exemplars. More means fewer groups."""
    stray: NonNegative = 0.6
    """What is at least so dissimilar from the exemplar is a stray, if it holds no alert and did not come in a
    storm of several services: it is set apart as background. Above 1 there are none."""
    lull_seconds: SecondsOrZero = 150.0
    """A group ends where it pauses for longer than this, and than three times its usual pause; 0 never ends it."""
    window_seconds: Seconds = 3600.0
    """A session longer than this is clustered in windows of this length."""
    overlap_seconds: SecondsOrZero = 600.0
    """What neighbouring windows share, by which their groups are recognised."""
    window_atoms: Annotated[int, Field(ge=2)] = 5000
    """A window that holds more atoms than this is halved."""
    max_groups: Annotated[int, Field(ge=1)] = 40
    """Most groups that one window can have."""
    time_scale_seconds: Seconds = 120.0
    """Scale of the gap in time."""
    merge_seconds: SecondsOrZero = 60.0
    """Atoms of one blamed service and the same templates in one stretch of the clock this long are one point."""
    max_points: Annotated[int, Field(ge=2)] = 2000
    """Exemplars of a window are chosen among at most this many of its heaviest points."""


class RecurrenceSettings(Section):
    """When a past incident is the same thing come again; a weight of 0 leaves its field out."""

    radius: Annotated[float, Field(gt=0, le=1)] = 0.45
    """What is farther than this from a family's exemplar is not of it; more means fewer, wider families."""
    blame: Weight = 0.25
    """Weight of which services are accused."""
    sayings: Weight = 2.0
    """Weight of what alerts, logs and spans say, of which service."""
    symptoms: Weight = 0.5
    """Weight of which alerts there are, whatever the service."""
    instances: Weight = 0.5
    """Weight of which pods and hosts what is unusual comes from."""


class StoreSettings(Section):
    """Where groups are kept."""

    path: Path = Path("stormcell.db")
    """The SQLite file that `stormcell groups` and `stormcell explain` read."""

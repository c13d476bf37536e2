"""Settings of the model: how codebooks are trained, watched and changed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stormcell.config.base import NonNegative, Seconds, Section, Share, Weight


class CodebookSettings(Section):
    """How a codebook is trained, and when an event is new to it."""

    sample: Annotated[int, Field(ge=2, le=10_000)] = 4000
    """Rows among which medoids are looked for: a weighted sample in which every kind has a place."""
    max_codewords: Annotated[int, Field(ge=1, le=2000)] = 400
    """At most so many."""
    price: NonNegative = 0.001
    """What another codeword costs: it is worth it where it brings the mean dissimilarity down by more."""
    radius: Annotated[float, Field(gt=0, le=1)] = 0.12
    """What is farther than this from all codewords is new, and in training gets a codeword of its own. Where
    `max_codewords` are too few for that, the radius grows until 99 in 100 events of the training are within it."""
    stretch_events: Annotated[int, Field(ge=100)] = 20_000
    """Training from files counts so many events together, and keeps what it knows by then for `--resume`."""
    text_weight: Weight = 4.0
    """Weight of the meaning and the letters of texts."""
    service_weight: Weight = 1.0
    """Weight of the service."""
    signal_weight: Weight = 1.0
    """Weight of the signal."""
    severity_weight: Weight = 1.0
    """Weight of the severity."""
    duration_weight: Weight = 0.5
    """Weight of the duration, on a scale of powers of ten."""
    labels_weight: Weight = 0.5
    """Weight of the labels by which places are named (see `labels`)."""


class DriftSettings(Section):
    """When what comes no longer looks like what the live codebook was trained on."""

    window_seconds: Seconds = 3600.0
    """Events of so much event time are looked at together."""
    min_events: Annotated[int, Field(ge=1)] = 200
    """A window of fewer events says nothing, and of a sample of fewer no codebook is trained."""
    psi: Annotated[float, Field(gt=0, le=10)] = 0.25
    """A field has drifted where its population stability index is so much more than chance explains."""
    ks: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Or where the cumulated shares of its bins differ by so much more; for durations and distances."""
    unseen: Annotated[float, Field(gt=0, le=1)] = 0.025
    """Or where so many of the events have a value, or are of a kind, that the codebook never saw."""
    enter_windows: Annotated[int, Field(ge=1, le=1000)] = 2
    """It must be so in so many windows in a row."""
    surge_windows: Annotated[int, Field(ge=1, le=1000)] = 3
    """In so many where much comes on top of all that is usual: so that a storm of an hour is no drift."""
    leave: Share = 0.5
    """It is over where all of that is below this part of the thresholds ..."""
    leave_windows: Annotated[int, Field(ge=1, le=1000)] = 3
    """... in so many windows in a row."""
    ignore: tuple[str, ...] = ("label:node", "label:version")
    """Fields that are never looked at: by default those that change with each machine and each release."""


class RolloutSettings(Section):
    """How one codebook takes over from another."""

    promote: Literal["by-hand", "auto"] = "by-hand"
    """Whether a canary that keeps to the rules is promoted at once, or waits for somebody."""
    share: Share = 0.2
    """Of the rows that come, so many are assigned by the canary as well."""
    windows: Annotated[int, Field(ge=1, le=1000)] = 6
    """Windows of `drift.window_seconds` that a canary is watched for, and what was promoted after that."""
    more_new: Share = 0.02
    """A canary is rejected, and what was promoted rolled back, where so much more of the events is new to it, as a
    share of all."""
    more_distance: NonNegative = 0.1
    """The same where events are so much farther from their codewords, as a share of the mean radius of these."""
    less_silhouette: Share = 0.1
    """A canary is rejected whose codewords tell events so much less apart, by the mean medoid silhouette."""
    churn: Share = 0.2
    """A canary is rejected where more of the events that the live codebook knows would be of another kind."""
    more_edits: NonNegative = 0.5
    """A canary waits while people mend groups so much more often than before it, as a share of that."""
    assignment_milliseconds: NonNegative = 50.0
    """What was promoted is rolled back where 1 in 100 rows takes longer to assign."""
    retrain_days: NonNegative = 0.0
    """Days of event time after which a new codebook is trained and becomes a canary; 0 for never."""
    retrain_on_drift: bool = False
    """Whether one is trained when drift begins, of what came since."""
    retrain_windows: Annotated[int, Field(ge=1, le=1000)] = 3
    """Windows of which events are collected for that."""
    sample_days: Annotated[float, Field(ge=0, le=3650, allow_inf_nan=False)] = 7.0
    """Days of event time that the sample reaches back of which one is trained; 0 to keep none."""

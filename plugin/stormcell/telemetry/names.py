"""Every metric of ours in one table: what the code counts with, what docs/metrics.md shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SIGNAL: Final = "stormcell.signal"
REASON: Final = "error.type"
CONSUMER: Final = "stormcell.consumer"
STATUS: Final = "stormcell.group.status"
ACTION: Final = "stormcell.action"
STATE: Final = "stormcell.state"
EXPORTER: Final = "stormcell.exporter"
VERSION: Final = "stormcell.codebook.version"
FIELD: Final = "stormcell.field"
MEASURE: Final = "stormcell.measure"
OUTCOME: Final = "stormcell.outcome"
JOB: Final = "stormcell.job"


class Kind(StrEnum):
    """How a metric behaves: it only grows, it can be summed over processes, it cannot, it counts values."""

    COUNTER = "counter"
    UPDOWNCOUNTER = "updowncounter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Attributes
    ----------
    name : str
        As OpenTelemetry names it.
    unit : str
        UCUM; what is counted in braces.
    kind : Kind
    meaning : str
    attributes : tuple of str
        Those that its points may have.
    """

    name: str
    unit: str
    kind: Kind
    meaning: str
    attributes: tuple[str, ...] = ()


RECEIVED: Final = Metric(
    *("stormcell.ingest.received", "{item}", Kind.COUNTER),
    *("Log records, spans and alerts in requests that were taken in", (SIGNAL,)),
)
ACCEPTED: Final = Metric(
    *("stormcell.ingest.accepted", "{item}", Kind.COUNTER),
    *("Those of them that can be used", (SIGNAL,)),
)
REFUSED: Final = Metric(
    *("stormcell.ingest.refused", "{request}", Kind.COUNTER),
    *("Requests that were not taken in; those for `overload` are to be sent again", (SIGNAL, REASON)),
)
DROPPED: Final = Metric(
    *("stormcell.ingest.dropped", "{item}", Kind.COUNTER),
    *("Log records, spans and alerts that were taken in and not grouped", (SIGNAL, REASON)),
)
JOURNAL_SIZE: Final = Metric("stormcell.journal.size", "By", Kind.UPDOWNCOUNTER, "What the journal takes on disk")
JOURNAL_SEGMENTS: Final = Metric("stormcell.journal.segments", "{segment}", Kind.UPDOWNCOUNTER, "Its files")
JOURNAL_TORN: Final = Metric(
    *("stormcell.journal.torn", "{record}", Kind.COUNTER),
    "Records at its end that a crash had left half written, and that were cut off",
)
JOURNAL_LIMIT: Final = Metric(
    "stormcell.journal.limit", "By", Kind.UPDOWNCOUNTER, "What it may take at most; then requests are refused"
)
JOURNAL_DAMAGED: Final = Metric(
    "stormcell.journal.damaged", "{stretch}", Kind.COUNTER, "Stretches of it that the disk has damaged, skipped"
)
JOURNAL_SYNC_FAILURES: Final = Metric(
    "stormcell.journal.sync_failures", "{failure}", Kind.COUNTER, "How often the disk took nothing"
)
BACKLOG: Final = Metric(
    *("stormcell.journal.backlog", "By", Kind.UPDOWNCOUNTER),
    *("What lies in the journal and has not been read yet", (CONSUMER,)),
)
LAG: Final = Metric(
    *("stormcell.journal.lag", "s", Kind.GAUGE),
    *("How long ago what is read next came in", (CONSUMER,)),
)
ASSIGNMENT_DURATION: Final = Metric(
    *("stormcell.assignment.duration", "s", Kind.HISTOGRAM),
    "From when a request came until it is known where its events belong, for now",
)
TICK_DURATION: Final = Metric(
    "stormcell.tick.duration", "s", Kind.HISTOGRAM, "How long it takes to group anew all that lives"
)
TICK_FAILURES: Final = Metric(
    "stormcell.tick.failures", "{tick}", Kind.COUNTER, "Ticks that could not be stored, and were made again"
)
READY: Final = Metric(
    "stormcell.ready", "1", Kind.UPDOWNCOUNTER, "Whether telemetry is taken in and grouped, 1 or 0"
)
GROUPS: Final = Metric("stormcell.groups", "{group}", Kind.UPDOWNCOUNTER, "Groups in the store", (STATUS,))
SILHOUETTE: Final = Metric(
    *("stormcell.group.silhouette", "1", Kind.GAUGE),
    "Mean medoid silhouette of what lives: 1 is clear-cut, 0 is arbitrary",
)
RADIUS: Final = Metric(
    *("stormcell.group.radius", "1", Kind.GAUGE),
    "Mean radius of what lives: the dissimilarity of a group's farthest member to its exemplar",
)
EXEMPLAR_CHANGES: Final = Metric(
    "stormcell.exemplar.changes", "{change}", Kind.COUNTER, "Times that a living group got another exemplar"
)
EDITS: Final = Metric(
    *("stormcell.edits", "{edit}", Kind.COUNTER),
    *("Changes of groups, drafts and codebooks by people, over the life of the store", (ACTION,)),
)
OUTBOX: Final = Metric(
    *("stormcell.outbox.entries", "{entry}", Kind.UPDOWNCOUNTER),
    *("Revisions of groups that are still to go out (pending) or were given up (dead)", (EXPORTER, STATE)),
)
FORWARD_SENT: Final = Metric(
    "stormcell.forward.sent", "{item}", Kind.COUNTER, "Log records and spans that were sent on"
)
FORWARD_DROPPED: Final = Metric(
    *("stormcell.forward.dropped", "{item}", Kind.COUNTER),
    *("Log records and spans that were not sent on", (REASON,)),
)
ALERTS_FETCHED: Final = Metric(
    *("stormcell.kibana.alerts.fetched", "{document}", Kind.COUNTER),
    *("Alert documents of Kibana's: new (`taken`), the same as before (`known`), of no use (`odd`)", (STATE,)),
)
ALERTS_FAILURES: Final = Metric(
    *("stormcell.kibana.alerts.failures", "{round}", Kind.COUNTER),
    *("Rounds of fetching them that failed", (REASON,)),
)
ALERTS_BEHIND: Final = Metric(
    "stormcell.kibana.alerts.behind", "s", Kind.GAUGE, "How long ago all that was new was fetched"
)
SDK_PROCESSED: Final = Metric(
    *("stormcell.sdk.processed", "{item}", Kind.COUNTER),
    *("Spans and log records that a processor handed over", (SIGNAL,)),
)
SDK_DROPPED: Final = Metric(
    *("stormcell.sdk.dropped", "{item}", Kind.COUNTER),
    *("Those that it did not", (SIGNAL, REASON)),
)
SDK_WAITING: Final = Metric(
    "stormcell.sdk.waiting", "{item}", Kind.UPDOWNCOUNTER, "Those that wait to be handed over", (SIGNAL,)
)
MEMORY: Final = Metric("process.memory.usage", "By", Kind.UPDOWNCOUNTER, "Physical memory that the process uses")

CODEBOOK_INFO: Final = Metric(
    *("stormcell.codebook.info", "1", Kind.UPDOWNCOUNTER),
    *("Which codebook is live, and which is the canary: 1 each", (VERSION, STATE)),
)
CODEBOOK_AGE: Final = Metric(
    "stormcell.codebook.age", "s", Kind.GAUGE, "How long ago the live codebook was stored"
)
CODEBOOK_SIZE: Final = Metric(
    "stormcell.codebook.codewords", "{codeword}", Kind.UPDOWNCOUNTER, "Codewords of the live codebook"
)
CODEBOOK_ASSIGNED: Final = Metric(
    *("stormcell.codebook.assigned", "{event}", Kind.COUNTER),
    *("Events that were assigned to a codeword (`known`) or are too far from all (`new`)", (OUTCOME,)),
)
CODEBOOK_ASSIGNMENT_DURATION: Final = Metric(
    "stormcell.codebook.assignment.duration", "s", Kind.HISTOGRAM, "How long it takes to assign a row of events"
)
CODEBOOK_NEW: Final = Metric("stormcell.codebook.new", "1", Kind.GAUGE, "Share of new events in the last window")
CODEBOOK_DISTANCE: Final = Metric(
    *("stormcell.codebook.distance", "1", Kind.GAUGE),
    "Mean dissimilarity to the nearest codeword in the last window",
)
CODEBOOK_SILHOUETTE: Final = Metric(
    "stormcell.codebook.silhouette", "1", Kind.GAUGE, "Mean medoid silhouette of a sample of the last window"
)
DRIFT_SCORE: Final = Metric(
    *("stormcell.drift.score", "1", Kind.GAUGE),
    *("How far the last window is from what the live codebook was trained on", (FIELD, MEASURE)),
)
DRIFT_ACTIVE: Final = Metric(
    *("stormcell.drift.active", "1", Kind.UPDOWNCOUNTER),
    *("Whether a field has drifted, 1 or 0", (FIELD,)),
)
DRIFT_EVENTS: Final = Metric(
    "stormcell.drift.events", "{event}", Kind.COUNTER, "Times that drift began, over the life of the store"
)
CANARY_AGREEMENT: Final = Metric(
    *("stormcell.canary.agreement", "1", Kind.GAUGE),
    "Share of events that the canary and the live codebook put in the same kind",
)
MODEL_CHANGES: Final = Metric(
    *("stormcell.model.changes", "{change}", Kind.COUNTER),
    *("Codebooks that were promoted or rolled back, over the life of the store", (ACTION,)),
)
JOB_RUNS: Final = Metric(
    *("stormcell.job.runs", "{run}", Kind.COUNTER),
    *("Runs of jobs (`train`) that are done, failed or had nothing to do", (JOB, OUTCOME)),
)
JOB_LAST_SUCCESS: Final = Metric(
    *("stormcell.job.last_success", "s", Kind.GAUGE),
    *("How long ago a job was done last", (JOB,)),
)
JOB_DURATION: Final = Metric(
    *("stormcell.job.duration", "s", Kind.GAUGE),
    *("How long its last run took", (JOB,)),
)
FRESHNESS: Final = Metric(
    *("stormcell.group.freshness", "s", Kind.GAUGE),
    "How long ago, while events come, the groups were last brought up to date",
)

METRICS: Final = (
    *(RECEIVED, ACCEPTED, REFUSED, DROPPED),
    *(JOURNAL_SIZE, JOURNAL_LIMIT, JOURNAL_SEGMENTS, JOURNAL_TORN, JOURNAL_DAMAGED, JOURNAL_SYNC_FAILURES),
    *(BACKLOG, LAG, ASSIGNMENT_DURATION, TICK_DURATION, TICK_FAILURES, READY),
    *(GROUPS, SILHOUETTE, RADIUS, EXEMPLAR_CHANGES, EDITS),
    *(OUTBOX, FORWARD_SENT, FORWARD_DROPPED),
    *(ALERTS_FETCHED, ALERTS_FAILURES, ALERTS_BEHIND),
    *(CODEBOOK_INFO, CODEBOOK_AGE, CODEBOOK_SIZE, CODEBOOK_ASSIGNED, CODEBOOK_ASSIGNMENT_DURATION),
    *(CODEBOOK_NEW, CODEBOOK_DISTANCE, CODEBOOK_SILHOUETTE, DRIFT_SCORE, DRIFT_ACTIVE, DRIFT_EVENTS),
    *(CANARY_AGREEMENT, MODEL_CHANGES, JOB_RUNS, JOB_LAST_SUCCESS, JOB_DURATION, FRESHNESS, MEMORY),
)

SDK_METRICS: Final = (SDK_PROCESSED, SDK_DROPPED, SDK_WAITING)

_UNITS: Final = {"By": "bytes", "s": "seconds"}


def prometheus_name(metric: Metric) -> str:
    """Return what a metric is called in Prometheus, by OpenTelemetry's rules."""
    words = [metric.name.replace(".", "_")]
    if metric.unit in _UNITS:
        words.append(_UNITS[metric.unit])
    elif metric.unit == "1" and metric.kind is Kind.GAUGE:
        words.append("ratio")
    if metric.kind is Kind.COUNTER:
        words.append("total")
    return "_".join(words)


def reference() -> str:
    """Return the table of metrics as Markdown."""
    lines = [
        "# Metrics",
        "",
        "What the sidecar tells of itself: `GET /metrics` in Prometheus' text format, and over OTLP where",
        "`telemetry.otlp_endpoint` is set. From this machine `/metrics` takes no token; from elsewhere, and",
        "through a proxy that says so, one that may `read`. This page is what `stormcell config metrics` prints.",
        "",
        *_table(METRICS),
        "",
        "Attributes lose their dots in Prometheus, too: `stormcell.signal` is `stormcell_signal`, one of `log`,",
        "`span` and `alert`. Histograms have bounds from 1 ms to 1 s (assignment; by a codebook from",
        "20 µs) and to 60 s (tick).",
        "",
        "All of it, and the spans of ticks and trainings, bears the resource attribute `service.name=stormcell`.",
        "Telemetry that comes in with it is dropped, so that no sidecar hears itself or another.",
        "",
        "## In a service",
        "",
        "What [processors and exporters](sdk.md) tell, through the service's own provider of metrics:",
        "",
        *_table(SDK_METRICS),
    ]
    return "\n".join(lines) + "\n"


def _table(metrics: Iterable[Metric]) -> list[str]:
    lines = [
        "| metric | in Prometheus | unit | kind | attributes | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for metric in metrics:
        attributes = ", ".join(f"`{name}`" for name in metric.attributes)
        cells = (
            *(f"`{metric.name}`", f"`{prometheus_name(metric)}`", f"`{metric.unit}`", metric.kind.value),
            *(attributes or "-", metric.meaning),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines

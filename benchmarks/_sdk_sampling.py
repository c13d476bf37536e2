"""What a service ships with sampling, on traces of known incidents, and what it keeps of them.

The spans are replayed in event time: ended, exported in batches of five seconds, grouped tick by tick, and
sampled, all as it would have been live. Once each service is a process of its own, with an engine of its own that
knows of no other; once all are one process. No logs and no alerts: the groups are those of the spans.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from _report import Result
from stormcell.config import Settings
from stormcell.engine.assigner import LiveAssigner, Verdicts
from stormcell.engine.live import Live, Memory
from stormcell.engine.tick import Tick
from stormcell.evaluation.truth import read_truth
from stormcell.features.knowledge import Knowledge
from stormcell.sdk import Hub, SamplingSpanExporter
from stormcell.sdk.spans import SpanReader
from stormcell.types import Assignment, Group, Record

DATA: Final = Path(__file__).parent / "data"
SETS: Final = ("trainticket", "trainticket-overlap")
OTHER: Final = "onlineboutique-overlap"
STEP: Final = 5 * 10**9
"""ns between two exports, as of the SDK's batch processor, and between two ticks."""
LEAST: Final = 60.0
"""Percent fewer bytes."""


@dataclass(slots=True)
class Outcome:
    """What came of the traces of one process or several.

    Attributes
    ----------
    before, after : int
        Bytes of all export requests.
    ended, passed : set of str
        Spans, by uid.
    groups : dict of str to Group
        As they were told last.
    shown : dict of str to bool
        Whether the trace of the exemplar was passed on, by group.
    """

    before: int = 0
    after: int = 0
    ended: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    groups: dict[str, Group] = field(default_factory=dict)
    shown: dict[str, bool] = field(default_factory=dict)


def sampling_rows(*, quick: bool = False) -> list[Result]:
    """Return what sampling saves and keeps, for each set and each way to deploy it; of one if quick."""
    if quick:
        return list(_rows(f"{SETS[0]}, one process", SETS[0], apart=False, target=False))
    made: list[Result] = []
    for name in SETS:
        made += _rows(f"{name}, a process a service", name, apart=True, target=True)
        made += _rows(f"{name}, one process", name, apart=False, target=False)
    # There nothing fails, and much is slow.
    made += _rows(f"{OTHER}, a process a service", OTHER, apart=True, target=True)
    return made


def _rows(title: str, name: str, *, apart: bool, target: bool) -> Iterator[Result]:
    spans = read_spans(DATA / name / "traces.otlp.jsonl.gz")
    found = replayed(spans, apart=apart)
    errors = {span_id(one) for one in spans if one.status.status_code is StatusCode.ERROR}
    traces = defaultdict(set)
    for one in spans:
        traces[trace_id(one)].add(span_id(one))
    failed = [uids for uids in traces.values() if uids & errors]
    incidents = _incidents(found, DATA / name / "truth.csv.gz")

    def percent(part: float, whole: float) -> float:
        return 100 * part / whole

    def whole(what: str, count: int, of: int) -> Result:
        return Result.at_least(f"{title}: {what}", percent(count, of), "%", 100.0)

    fewer = percent(found.before - found.after, found.before)
    yield Result.at_least(f"{title}: fewer bytes", fewer, "%", LEAST if target else None)
    telling = _must(spans, errors, apart)
    must = shipped([one for one in spans if span_id(one) in telling], apart=apart)
    fewer = percent(found.before - must, found.before)
    yield Result(f"{title}: fewer bytes at most, with the traces with errors alone", fewer, "%")
    fewer = percent(len(spans) - len(found.passed), len(spans))
    yield Result(f"{title}: fewer spans", fewer, "%")
    yield whole("groups whose exemplar's trace is kept", sum(found.shown.values()), len(found.shown))
    yield whole("known incidents whose exemplar's trace is kept", sum(incidents.values()), len(incidents))
    if not failed:
        return
    kept = sum((uids & errors) <= found.passed for uids in failed)
    yield whole("traces with errors of which each error is kept", kept, len(failed))
    kept = sum(uids <= found.passed for uids in failed)
    yield Result(f"{title}: traces with errors kept whole", percent(kept, len(failed)), "%")


def replayed(spans: Sequence[ReadableSpan], *, apart: bool, settings: Settings | None = None) -> Outcome:
    """Group and sample spans as they would have been live.

    Parameters
    ----------
    spans : sequence of ReadableSpan
    apart : bool
        Whether each service is a process of its own.
    settings : Settings, optional
    """
    outcome, settings = Outcome(), settings or Settings()
    processes: dict[str, list[ReadableSpan]] = defaultdict(list)
    for one in spans:
        processes[service(one) if apart else ""].append(one)
    for own in processes.values():
        _process(_rooted(own), settings, outcome)
    outcome.before = shipped(spans, apart=apart)
    return outcome


def _process(spans: list[ReadableSpan], settings: Settings, outcome: Outcome) -> None:
    """Let one process live: in each step it exports what has ended, and makes the ticks that are due."""
    hub = _Hub(settings)
    live, reader = Live(settings, Memory(Knowledge(settings))), SpanReader()
    target = _Target()
    exporter = _Untended(target, hub, clock=lambda: hub.now)
    spans = sorted(spans, key=lambda one: one.end_time or 0)
    groups: dict[str, Group] = {}
    lateness = round(settings.live.lateness_seconds * 1e9)
    at, hub.now = 0, (spans[0].end_time or 0) // STEP * STEP
    while at < len(spans) or live.is_due():
        if not exporter.waiting and at < len(spans):
            hub.now = max(hub.now, (spans[at].end_time or 0) // STEP * STEP)
        hub.now += STEP
        start = at
        while at < len(spans) and (spans[at].end_time or 0) <= hub.now:
            at += 1
        batch = spans[start:at]
        live.extend(record for own in reader.read(batch).values() for record in own)
        for now in live.due(hub.now - lateness):
            _tick(live, now, hub, groups)
        exporter.export(batch)
    _tick(live, live.end(), hub, groups)
    exporter.shutdown()
    outcome.after += target.bytes
    outcome.ended |= {span_id(one) for one in spans}
    outcome.passed |= target.uids
    outcome.groups |= groups
    outcome.shown |= {id: group.medoid.uid in target.uids for id, group in groups.items()}


def _tick(live: Live, now: int, hub: _Hub, groups: dict[str, Group]) -> Tick:
    found = live.tick(now)
    live.commit(found, live.settled_knowledge(found))
    hub.assigner.verdicts = Verdicts(hub.settings, found)
    groups |= {group.id: group for group in found.told}
    for change in found.changes:
        # What was merged into another, or was none after all, is no incident.
        if change.transition is not None and change.transition.why in ("merged", "gone"):
            groups.pop(change.group, None)
    return found


class _Hub(Hub):
    """A hub whose engine is ticked by who replays."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.assigner = LiveAssigner(settings)
        self.now = 0

    def assign(self, record: Record) -> Assignment:
        return self.assigner.assign(record)


class _Untended(SamplingSpanExporter):
    """Looks at what it holds only when something is exported: time is that of events."""

    def _start(self) -> None:
        pass


class _Target(SpanExporter):
    """Counts the bytes that it would send."""

    def __init__(self) -> None:
        self.bytes = 0
        self.uids: set[str] = set()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.bytes += encoded(spans)
        self.uids |= {span_id(one) for one in spans}
        return SpanExportResult.SUCCESS


def shipped(spans: Sequence[ReadableSpan], *, apart: bool) -> int:
    """Return the bytes of all requests that spans go in without sampling."""
    steps: dict[tuple[str, int], list[ReadableSpan]] = defaultdict(list)
    for one in spans:
        steps[service(one) if apart else "", -(-(one.end_time or 0) // STEP)].append(one)
    return sum(map(encoded, steps.values()))


def _incidents(found: Outcome, truth: Path) -> dict[str, bool]:
    """Return for each known incident whether the exemplar's trace of the group with most of its spans is kept."""
    labels = read_truth(truth)
    members: dict[str, dict[str, int]] = defaultdict(dict)
    for id, group in found.groups.items():
        for uid in group.members:
            label = labels.get(uid)
            if label is not None and not label.is_noise:
                members[label.incident][id] = members[label.incident].get(id, 0) + 1
    return {incident: found.shown[max(counts, key=lambda id: counts[id])] for incident, counts in members.items()}


def _must(spans: Sequence[ReadableSpan], errors: set[str], apart: bool) -> set[str]:
    """Return the spans of all traces with an error, as far as one process sees them."""
    parts = defaultdict(set)
    for one in spans:
        parts[trace_id(one), service(one) if apart else ""].add(span_id(one))
    return {uid for uids in parts.values() if uids & errors for uid in uids}


def read_spans(path: Path) -> list[ReadableSpan]:
    """Return the spans of a file of OTLP/JSON as the SDKs of the services would have ended them."""
    spans = []
    for line in gzip.decompress(path.read_bytes()).splitlines():
        for holder in json.loads(line)["resourceSpans"]:
            resource = Resource(
                {one["key"]: one["value"]["stringValue"] for one in holder["resource"]["attributes"]}
            )
            spans += [_span(one, resource) for scope in holder["scopeSpans"] for one in scope["spans"]]
    return spans


def _span(said: dict[str, Any], resource: Resource) -> ReadableSpan:
    trace, parent = int(said["traceId"], 16), said.get("parentSpanId")
    flags = TraceFlags(TraceFlags.SAMPLED)
    return ReadableSpan(
        name=said["name"],
        context=SpanContext(trace, int(said["spanId"], 16), is_remote=False, trace_flags=flags),
        parent=SpanContext(trace, int(parent, 16), is_remote=False, trace_flags=flags) if parent else None,
        resource=resource,
        kind=SpanKind(said.get("kind", 1) - 1),
        status=Status(StatusCode(said.get("status", {}).get("code", 0))),
        start_time=int(said["startTimeUnixNano"]),
        end_time=int(said["endTimeUnixNano"]),
    )


def _rooted(spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
    """Return the spans of one process, with the parents that it does not have as those of another."""
    here = {span_id(one) for one in spans}
    for one in spans:
        parent = one.parent
        if parent is not None and f"{parent.span_id:016x}" not in here:
            one._parent = SpanContext(parent.trace_id, parent.span_id, True, parent.trace_flags)
    return list(spans)


def encoded(spans: Sequence[ReadableSpan]) -> int:
    """Return the bytes of an export request."""
    return len(encode_spans(spans).SerializeToString()) if spans else 0


def span_id(span: ReadableSpan) -> str:
    """Return the uid of a span."""
    return f"{_context(span).span_id:016x}"


def trace_id(span: ReadableSpan) -> str:
    """Return the id of its trace."""
    return f"{_context(span).trace_id:032x}"


def service(span: ReadableSpan) -> str:
    """Return who ended it."""
    return str(span.resource.attributes["service.name"])


def _context(span: ReadableSpan) -> SpanContext:
    context: SpanContext | None = span.context
    assert context is not None, "each has one"
    return context

"""What the meters read of the sidecar's parts, each when it is told."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.sidecar.counts import Signal
from stormcell.sidecar.observing_model import observe_model
from stormcell.store import SqliteStore
from stormcell.telemetry import names
from stormcell.telemetry.meters import Meters, Readings
from stormcell.telemetry.names import CONSUMER, REASON, SIGNAL, Metric
from stormcell.types import EXEMPLAR, SIDECAR

if TYPE_CHECKING:
    from stormcell.engine.late import LateEngine
    from stormcell.journal import Journal
    from stormcell.sidecar.app import Sidecar
    from stormcell.sidecar.counts import ReceiverCounts

_SIGNALS = {Signal.LOGS: "log", Signal.TRACES: "span", Signal.ALERTS: "alert", Signal.METRICS: "metric"}
_VERDICTS = ("ack", "resolve", "merge", "split", "move")
"""Told from the start: of a counter that is 1 when it is first told, nobody sees that it grew."""


def observe(meters: Meters, sidecar: Sidecar) -> None:
    """Let the meters read all parts of a sidecar."""
    observe_store(meters, sidecar.runtime.path)
    observe_model(meters, sidecar.runtime.path, sidecar.runtime.engine)
    _observe_intake(meters, sidecar.intake.counts)
    _observe_journal(meters, sidecar.runtime.journal, sidecar.settings.journal.max_bytes)
    meters.observe(names.READY, lambda: [(int(sidecar.is_ready), {})])
    _observe_engine(meters, sidecar.runtime.engine, sidecar.runtime.journal)
    meters.observe(names.FORWARD_SENT, lambda: _sent(sidecar))
    meters.observe(names.FORWARD_DROPPED, lambda: _unsent(sidecar))
    meters.observe(names.BACKLOG, lambda: _forward_backlog(sidecar))
    meters.observe(names.ALERTS_FETCHED, lambda: _fetched(sidecar))
    meters.observe(names.ALERTS_FAILURES, lambda: _fetching_failures(sidecar))
    meters.observe(names.ALERTS_BEHIND, lambda: _fetching_behind(sidecar))


def observe_store(meters: Meters, path: Path) -> None:
    """Let the meters read what the store holds, whichever process changes it."""
    meters.observe(names.GROUPS, lambda: _groups(path))
    meters.observe(names.EDITS, lambda: _edits(path))
    meters.observe(names.EXEMPLAR_CHANGES, lambda: _exemplar_changes(path))
    meters.observe(names.OUTBOX, lambda: _outbox(path))


def _groups(path: Path) -> Readings:
    with SqliteStore(path, create=True) as store:
        counts = Counter(store.statuses().values())
    return [(counts[status], {names.STATUS: status}) for status in ("open", "acknowledged", "resolved")]


def _edits(path: Path) -> Readings:
    with SqliteStore(path, create=True) as store:
        counts = store.audit_counts()
    made = [(count, {names.ACTION: action}) for (who, action), count in counts.items() if who != SIDECAR]
    return [*((0, {names.ACTION: action}) for action in _VERDICTS), *made]


def _exemplar_changes(path: Path) -> Readings:
    with SqliteStore(path, create=True) as store:
        return [(store.audit_counts().get((SIDECAR, EXEMPLAR), 0), {})]


def _outbox(path: Path) -> Readings:
    with SqliteStore(path, create=True) as store:
        counts = store.outbox_counts()
    return [
        (number, {names.EXPORTER: exporter, names.STATE: state})
        for exporter, count in counts.items()
        for state, number in (("pending", count.pending), ("dead", count.dead))
    ]


def _observe_intake(meters: Meters, counts: ReceiverCounts) -> None:
    def received() -> Readings:
        return [*accepted(), *rejected()]

    def accepted() -> Readings:
        return [(number, {SIGNAL: _SIGNALS[signal]}) for signal, number in list(counts.items.items())]

    def rejected() -> Readings:
        return [(number, {SIGNAL: _SIGNALS[signal]}) for signal, number in list(counts.rejected_items.items())]

    def unusable() -> Readings:
        return [(number, {**attributes, REASON: "unusable"}) for number, attributes in rejected()]

    def refused() -> Readings:
        both = (*list(counts.rejected.items()), *list(counts.refused.items()))
        return [(number, {SIGNAL: _SIGNALS[signal], REASON: reason.value}) for (signal, reason), number in both]

    meters.observe(names.RECEIVED, received)
    meters.observe(names.ACCEPTED, accepted)
    meters.observe(names.DROPPED, unusable)
    meters.observe(names.REFUSED, refused)


def _observe_journal(meters: Meters, journal: Journal, limit: int) -> None:
    meters.observe(names.JOURNAL_LIMIT, lambda: [(limit, {})])
    meters.observe(names.JOURNAL_DAMAGED, lambda: [(journal.stats().damaged, {})])
    meters.observe(names.JOURNAL_SYNC_FAILURES, lambda: [(journal.stats().sync_failures, {})])
    meters.observe(names.JOURNAL_SIZE, lambda: [(journal.stats().bytes, {})])
    meters.observe(names.JOURNAL_SEGMENTS, lambda: [(journal.stats().segments, {})])
    meters.observe(names.JOURNAL_TORN, lambda: [(journal.stats().torn, {})])


def _observe_engine(meters: Meters, engine: LateEngine, journal: Journal) -> None:
    here = {CONSUMER: "engine"}

    def dropped() -> Readings:
        found = dict.fromkeys(("own", "broken", "too_late", "future"), 0)
        if engine.loaded is not None:
            stats, counts = engine.loaded.stats, engine.loaded.live.counts
            found |= {"own": stats.own, "broken": stats.broken, "too_late": counts.too_late}
            found["future"] = counts.future
        return [(number, {REASON: reason}) for reason, number in found.items()]

    def failures() -> Readings:
        return [(0 if engine.loaded is None else engine.loaded.failed_ticks, {})]

    def lag() -> Readings:
        following = next(journal.read(engine.position), None)
        waited = 0.0 if following is None else (time.time_ns() - following.request.received) / 1e9
        return [(max(waited, 0.0), here)]

    def record() -> None:
        if engine.loaded is None:
            return
        stats = engine.loaded.stats
        # The engine may append to a list just as it is taken: a value in a million is lost.
        latencies, stats.latencies = stats.latencies, []
        ticks, stats.tick_seconds = stats.tick_seconds, []
        _record(meters, names.ASSIGNMENT_DURATION, latencies)
        _record(meters, names.TICK_DURATION, ticks)

    meters.observe(names.DROPPED, dropped)
    meters.observe(names.BACKLOG, lambda: [(journal.behind(engine.position), here)])
    meters.observe(names.LAG, lag)
    meters.observe(names.TICK_FAILURES, failures)
    meters.observe(names.RADIUS, lambda: _radius(engine))
    meters.observe(names.SILHOUETTE, lambda: _silhouette(engine))
    meters.before_telling(record)


def _record(meters: Meters, metric: Metric, values: list[float]) -> None:
    if values:
        import numpy as np  # which is loaded once there is something to measure

        meters.record_many(metric, np.array(values, dtype=np.float64))


def _radius(engine: LateEngine) -> Readings:
    if engine.loaded is None:
        return []
    radii = [one.group.radius for one in engine.loaded.live.memory.living.values()]
    return [(sum(radii) / len(radii), {})] if radii else []


def _silhouette(engine: LateEngine) -> Readings:
    found = None if engine.loaded is None else engine.loaded.silhouette
    return [] if found is None else [(found, {})]


def _sent(sidecar: Sidecar) -> Readings:
    return [] if sidecar.forwarder is None else [(sidecar.forwarder.stats.records, {})]


def _unsent(sidecar: Sidecar) -> Readings:
    if sidecar.forwarder is None:
        return []
    stats = sidecar.forwarder.stats
    found = {"sampled": stats.sampled, "rejected": stats.rejected, "refused": stats.refused_records}
    return [(number, {REASON: reason}) for reason, number in found.items()]


def _forward_backlog(sidecar: Sidecar) -> Readings:
    return [] if sidecar.forwarder is None else [(sidecar.forwarder.behind, {CONSUMER: "forward"})]


def _fetched(sidecar: Sidecar) -> Readings:
    if sidecar.poller is None:
        return []
    stats = sidecar.poller.stats
    found = {"taken": stats.taken, "known": stats.known, "odd": stats.odd}
    return [(number, {names.STATE: state}) for state, number in found.items()]


def _fetching_failures(sidecar: Sidecar) -> Readings:
    if sidecar.poller is None:
        return []
    return [(number, {REASON: why}) for why, number in list(sidecar.poller.stats.failures.items())]


def _fetching_behind(sidecar: Sidecar) -> Readings:
    return [] if sidecar.poller is None else [(sidecar.poller.behind, {})]

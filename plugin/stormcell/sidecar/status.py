"""What the sidecar says of itself."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from stormcell.sidecar.api.context import Readiness
from stormcell.sidecar.counts import Signal

if TYPE_CHECKING:
    from stormcell.engine.engine import Engine
    from stormcell.sidecar.app import Sidecar

_NAMES = {Signal.LOGS: "logs", Signal.TRACES: "spans", Signal.ALERTS: "alerts"}
_COUNTS = (
    *("events", "late", "too_late", "future", "own", "broken", "held_events", "held_rows"),
    *("ticks", "failed_ticks", "watermark", "settled"),
)


def readiness(sidecar: Sidecar) -> Readiness:
    """Return whether requests are taken in and grouped."""
    engine = sidecar.runtime.engine
    checks = {"receivers": "ok" if sidecar.listens else "not listening"}
    if engine.loaded is not None:
        checks |= engine.loaded.checks()
    ready = sidecar.started and all(check == "ok" for check in checks.values())
    # What follows keeps nobody from sending.
    checks["engine"] = str(engine.stage)
    if sidecar.poller is not None:
        checks["kibana_alerts"] = sidecar.poller.stats.problem or "ok"
    return Readiness(ready, checks)


def status(sidecar: Sidecar) -> dict[str, Any]:
    """Return how everything stands, as JSON types."""
    counts, journal, engine = sidecar.intake.counts, sidecar.runtime.journal.stats(), sidecar.runtime.engine
    living = engine.loaded.live.memory.living.values() if engine.loaded is not None else ()
    result: dict[str, Any] = {
        "received": {name: counts.items[signal] for signal, name in _NAMES.items()},
        "rejected_items": sum(counts.rejected_items.values()),
        "rejected": {f"{signal}/{reason}": n for (signal, reason), n in sorted(counts.rejected.items())},
        "refused": {f"{signal}/{reason}": n for (signal, reason), n in sorted(counts.refused.items())},
        "journal": {
            "bytes": journal.bytes,
            "segments": journal.segments,
            "behind_bytes": sidecar.runtime.journal.behind(engine.position),
            "oldest_seconds": round(journal.oldest_seconds, 3),
            "torn": journal.torn,
            "damaged": journal.damaged,
        },
        "engine": _engine(engine.loaded),
        "model": _model(engine.loaded),
        "groups": dict(sorted(Counter(str(one.life.status) for one in living).items())),
    }
    if sidecar.forwarder is not None:
        sent = sidecar.forwarder.stats
        result["forward"] = {
            "behind_bytes": sidecar.forwarder.behind,
            "records": sent.records,
            "sampled": sent.sampled,
            "rejected": sent.rejected,
            "refused_records": sent.refused_records,
            "problem": sent.problem,
        }
    if sidecar.poller is not None:
        fetched = sidecar.poller.stats
        result["kibana_alerts"] = {
            "rounds": fetched.rounds,
            "taken": fetched.taken,
            "known": fetched.known,
            "odd": fetched.odd,
            "failures": dict(sorted(fetched.failures.items())),
            "behind_seconds": round(sidecar.poller.behind, 3),
            "problem": fetched.problem,
        }
    if sidecar.runtime.delivery is not None:
        result["delivery"] = {
            name: {
                "pending": one.pending,
                "dead": one.dead,
                "oldest_seconds": round(one.oldest_seconds, 3),
                "delivered": one.progress.delivered,
                "problem": one.progress.problem,
            }
            for name, one in sidecar.runtime.delivery.stats().items()
        }
    return result


def _model(loaded: Engine | None) -> dict[str, Any]:
    """Return how it stands with watching over the model."""
    if loaded is None:
        return {"known": 0, "new": 0, "failures": 0, "problem": "", "unusable": {}}
    stats = loaded.model.stats
    return {
        "known": round(stats.known),
        "new": round(stats.new),
        "failures": stats.failures,
        "problem": stats.problem,
        "unusable": loaded.model.problems,
    }


def _engine(loaded: Engine | None) -> dict[str, Any]:
    """Return how the engine stands; of one that has not had anything to do nothing but zeros."""
    if loaded is None:
        return {**dict.fromkeys(_COUNTS, 0), "problem": "", "provisional": {}}
    stats, live = loaded.stats, loaded.live
    counts = (
        live.counts.events,
        live.counts.late,
        live.counts.too_late,
        live.counts.future,
        stats.own,
        stats.broken,
        live.builder.events,
        len(live.builder),
        stats.ticks,
        loaded.failed_ticks,
        live.watermark,
        live.memory.released,
    )
    provisional = dict(sorted(stats.provisional.items()))
    return {**dict(zip(_COUNTS, counts, strict=True)), "problem": loaded.problem, "provisional": provisional}

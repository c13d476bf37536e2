"""What the sidecar says of itself."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from stormcell.sidecar.api.context import Readiness
from stormcell.sidecar.counts import Signal

if TYPE_CHECKING:
    from stormcell.sidecar.app import Sidecar

_NAMES = {Signal.LOGS: "logs", Signal.TRACES: "spans", Signal.ALERTS: "alerts"}


def readiness(sidecar: Sidecar) -> Readiness:
    """Return whether requests are taken in and grouped."""
    checks = {"receivers": "ok" if sidecar.started else "not listening", **sidecar.engine.checks()}
    return Readiness(all(check == "ok" for check in checks.values()), checks)


def status(sidecar: Sidecar) -> dict[str, Any]:
    """Return how everything stands, as JSON types."""
    engine, live = sidecar.engine.stats, sidecar.engine.live
    counts, journal = sidecar.intake.counts, sidecar.journal.stats()
    living = live.memory.living
    result: dict[str, Any] = {
        "received": {name: counts.items[signal] for signal, name in _NAMES.items()},
        "rejected_items": sum(counts.rejected_items.values()),
        "rejected": {f"{signal}/{reason}": n for (signal, reason), n in sorted(counts.rejected.items())},
        "refused": {f"{signal}/{reason}": n for (signal, reason), n in sorted(counts.refused.items())},
        "journal": {
            "bytes": journal.bytes,
            "segments": journal.segments,
            "behind_bytes": sidecar.journal.behind(engine.position),
            "oldest_seconds": round(journal.oldest_seconds, 3),
            "torn": journal.torn,
            "damaged": journal.damaged,
        },
        "engine": {
            "events": live.counts.events,
            "late": live.counts.late,
            "too_late": live.counts.too_late,
            "future": live.counts.future,
            "own": engine.own,
            "broken": engine.broken,
            "held_events": live.builder.events,
            "held_rows": len(live.builder),
            "ticks": engine.ticks,
            "failed_ticks": sidecar.engine.failed_ticks,
            "problem": sidecar.engine.problem,
            "watermark": live.watermark,
            "settled": live.memory.released,
            "provisional": dict(sorted(engine.provisional.items())),
        },
        "groups": dict(sorted(Counter(str(one.life.status) for one in living.values()).items())),
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
    if sidecar.delivery is not None:
        result["delivery"] = {
            name: {
                "pending": one.pending,
                "dead": one.dead,
                "oldest_seconds": round(one.oldest_seconds, 3),
                "delivered": one.progress.delivered,
                "problem": one.progress.problem,
            }
            for name, one in sidecar.delivery.stats().items()
        }
    return result

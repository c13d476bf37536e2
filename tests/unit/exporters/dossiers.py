"""A group with all that can be kept of one."""

from __future__ import annotations

from dataclasses import replace

from stormcell.types import (
    AuditEntry,
    Dossier,
    Draft,
    Event,
    Group,
    Membership,
    Profile,
    Saying,
    Share,
    Signal,
    Totals,
    Value,
)
from tests.unit.render.samples import event, latency, row, s

WORKER = "ts-order-service-5b67c48447-mv5hb"


def entry(time: int, who: str, action: str, target: str, *groups: str, **detail: Value) -> AuditEntry:
    return AuditEntry(time, who, action, target, groups or (target,), detail)


def full() -> Dossier:
    """Return a resolved group of three atoms, seen by people, with everything that is ever known of one."""
    group, atom = latency()
    alert, food, log = sorted(atom.rows, key=lambda one: one.event.uid, reverse=True)
    span = event(
        "51fb7bcc8d29d2a1",
        "GET /api/v1/orders",
        signal=Signal.SPAN,
        time=s(30),
        service="ts-order-service",
        duration=1_534_000_000,
        trace_id="56515ddcdb03891053c87c36f847099d",
        span_id="51fb7bcc8d29d2a1",
        resource={"host.name": "worker-3"},
    )
    rows = [
        replace(one, fingerprint=f"f{at}", template=one.event.text) for at, one in enumerate((alert, food, log))
    ]
    shares = (Share("blame", 0.5, 2.0, 0.25), Share("text", 0.25, 0.5, 0.0625))
    other = replace(
        Membership((*rows[1:], row(span)), (), 1.5, group.id, 0.3125),
        shares=shares,
        runner_up="g-other",
        runner_up_dissimilarity=0.625,
    )
    exemplar = replace(
        Membership((rows[0],), (), 3.0, group.id), runner_up="g-other", runner_up_dissimilarity=0.75
    )
    saying = Saying("log", "ts-order-service", "Left ticket info is empty", 3)
    made = replace(
        group,
        status="resolved",
        latest=span,
        last_seen=span.time,
        count=group.count + 1,
        signals={**group.signals, "span": 1},
        members=tuple(sorted((*group.members, span.uid))),
        trace=span.trace_id,
        profile=Profile({"ts-order-service": 0.75, "ts-food-service": 0.25}, (saying,), {WORKER: 1.0}),
        revision=7,
    )
    return Dossier(
        made,
        (exemplar, other),
        (Draft(made.id, "runbook", "latency", "# Latency\n", ()),),
        _history(made),
        (0.6, 0.8),
    )


def _history(group: Group) -> tuple[AuditEntry, ...]:
    pinned = group.medoid.uid
    return (
        entry(s(60), "sidecar", "exemplar", group.id, exemplar=pinned, before="31a96168b7201e04@1700000026216"),
        entry(s(90), "cli", "ack", group.id, by="Ada", before="open"),
        entry(s(95), "ops", "pin", pinned, group.id),
        entry(s(100), "sidecar", "resolve", group.id, why="silence"),
        entry(s(200), "sidecar", "reopen", group.id, why="new events"),
        entry(s(300), "cli", "merge", group.id, group.id, "g-gone", groups=["g-gone"], kept=True),
        entry(s(400.5), "cli", "resolve", group.id, before="open"),
    )


TOTALS = Totals(s(500), events=1000, background=850, open=2, acknowledged=1, resolved=3)


def lone(first: Event, *uids: str) -> Dossier:
    """Return a group of one row."""
    from tests.unit.render.samples import group

    made, atom = group([row(first, *uids)], first)
    return Dossier(made, (atom,))

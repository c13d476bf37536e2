"""Three small groups made by hand: a latency alert, an error log without service, a failed span."""

from __future__ import annotations

from collections.abc import Iterable

from stormcell.types import Blame, Event, Fact, Group, Grouping, Membership, Row, Share, Signal

START = 1_700_000_000_000_000_000
"""2023-11-14T22:13:20Z."""


def s(seconds: float) -> int:
    return START + round(seconds * 1_000_000_000)


def event(uid: str, text: str = "it broke", **other: object) -> Event:
    """Return a log event, with whatever is different."""
    values: dict[str, object] = {"signal": Signal.LOG, "time": s(0), "service": "", "severity": 17} | other
    return Event(uid=uid, text=text, **values)  # type: ignore[arg-type]  # the caller names real fields


def row(first: Event, *others: str) -> Row:
    return Row(first, (first.uid, *others))


def group(rows: Iterable[Row], medoid: Event, **other: object) -> tuple[Group, Membership]:
    """Return the group of ``rows`` and its one atom."""
    rows = tuple(sorted(rows, key=lambda one: (one.event.time, one.event.uid)))
    members = sorted(uid for one in rows for uid in one.members)
    signals: dict[str, int] = {}
    for one in rows:
        signals[one.event.signal] = signals.get(one.event.signal, 0) + len(one.members)
    events = [one.event for one in rows]
    values: dict[str, object] = {
        "id": "g-" + medoid.uid[:8],
        "title": medoid.text,
        "status": "open",
        "medoid": medoid,
        "earliest": events[0],
        "latest": events[-1],
        "most_severe": max(events, key=lambda one: one.severity),
        "count": len(members),
        "signals": signals,
        "services": (),
        "first_seen": events[0].time,
        "last_seen": events[-1].time,
        "radius": 0.25,
        "margin": None,
        "fields": (),
        "members": tuple(members),
        "template": medoid.text,
    } | other
    made = Group(**values)  # type: ignore[arg-type]  # the caller names real fields
    return made, Membership(rows, (), 3.0, made.id, 0.0)


def alert(uid: str, name: str, service: str, time: int, **labels: str) -> Event:
    attributes = {"labels.alertname": name, "labels.service": service}
    attributes |= {f"labels.{label}": value for label, value in labels.items()}
    attributes["annotations.summary"] = f"{name}: p90 of {labels.get('pod', service)} is 39s (threshold 0.105s)"
    return event(
        uid,
        name,
        signal=Signal.ALERT,
        time=time,
        service=service,
        severity=21,
        status="firing",
        attributes=attributes,
    )


def latency() -> tuple[Group, Membership]:
    medoid = alert(
        "a974a38eb249d165@1700000024639",
        "PodClientLatencyP90High",
        "ts-admin-basic-info-service",
        s(24.639),
        namespace="train-ticket",
        pod="ts-admin-basic-info-service-5f55b6cf68-77cfw",
        severity="critical",
    )
    food = alert(
        "31a96168b7201e04@1700000026216",
        "PodClientLatencyP90High",
        "ts-food-service",
        s(26.216),
        pod="ts-food-service-f5756978c-k8vqf",
    )
    log = event(
        "7f0936607286c3ec",
        "[getSoldTickets][Seat][Left ticket info is empty][seat from date: 2023-01-29 15:38:06]",
        time=s(4.898999808),
        service="ts-order-service",
        severity=13,
        resource={
            "service.name": "ts-order-service",
            "k8s.pod.name": "ts-order-service-5b67c48447-mv5hb",
            "k8s.node.name": "node-76",
        },
        trace_id="56515ddcdb03891053c87c36f847099d",
    )
    return group(
        [row(medoid), row(food), row(log, "9a4a1892fb74f2d7", "31797e2e64029fa0")],
        medoid,
        title="PodClientLatencyP90High on ts-admin-basic-info-service",
        services=(
            Blame("ts-order-service", 0.6171875),
            Blame("ts-admin-basic-info-service", 0.375),
            Blame("ts-food-service", 0.0078125),
        ),
        radius=0.4375001,
        margin=0.1875,
        fields=(
            Share("blame", 0.5, 2.0, 0.25),
            Share("text", 0.25, 0.5, 0.0625),
            Share("time", 0.0, 0.5, 0.0),
        ),
    )


def error_log() -> tuple[Group, Membership]:
    text = 'Error from server (BadRequest): container "exporter" not found'
    medoid = event("b4bf65ff2620a51e", text, time=s(100))
    return group([row(medoid)], medoid, radius=0.0)


def span() -> tuple[Group, Membership]:
    medoid = event(
        "51fb7bcc8d29d2a1",
        "POST /api/v1/orders",
        signal=Signal.SPAN,
        time=s(200.000000001),
        service="checkout",
        severity=0,
        duration=1_534_000_000,
        status="error",
        trace_id="d737bf5e3d2cac3fbb36a13c050241bb",
        span_id="51fb7bcc8d29d2a1",
        resource={
            "service.name": "checkout",
            "k8s.namespace.name": "shop",
            "k8s.pod.name": "checkout-7d9-x2x",
        },
        attributes={
            "http.response.status_code": 500,
            "http.route": "/api/v1/orders",
            "exception.message": "payment: connection reset by peer",
        },
    )
    child = event(
        "0123456789abcdef",
        "payment.Charge",
        signal=Signal.SPAN,
        time=s(200.25),
        service="payment",
        severity=0,
        status="error",
        trace_id="d737bf5e3d2cac3fbb36a13c050241bb",
        resource={"service.name": "payment", "k8s.namespace.name": "shop", "host.name": "worker-3"},
    )
    return group(
        [row(medoid), row(child, "0123456789abcdf0")],
        medoid,
        services=(Blame("payment", 0.75), Blame("checkout", 0.25)),
        margin=float("inf"),
        fields=(Share("text", 0.5, 1.0, 0.125),),
    )


SAMPLES = {"latency": latency, "error-log": error_log, "span": span}


def grouping() -> Grouping:
    """Return all three groups and one event of background."""
    made = [sample() for sample in SAMPLES.values()]
    background = Membership((row(event("ffff000000000000", "health check ok", severity=9)),), (), 0.1)
    groups = tuple(sorted((one for one, _ in made), key=lambda one: (one.first_seen, one.id)))
    return Grouping(
        events=sum(one.count for one in groups) + 1,
        duplicates=0,
        groups=groups,
        memberships=(*(atom for _, atom in made), background),
    )


def events(memberships: Iterable[Membership]) -> dict[str, Event]:
    """Return the events that rows hold, by uid."""
    return {one.event.uid: one.event for atom in memberships for one in atom.rows}


def resolves(fact: Fact, known: dict[str, Event]) -> bool:
    """Whether a fact's event and field exist, and hold its value unless it says how it was derived."""
    value = known[fact.uid].field(fact.field)
    return bool(fact.how) or str(value) == fact.value

"""A small incident with all that a draft can tell of: calls, alerts, people, groups of before."""

from __future__ import annotations

from dataclasses import replace

from stormcell.types import (
    AuditEntry,
    Blame,
    Event,
    GroupTemplate,
    Material,
    Membership,
    Related,
    Share,
    Signal,
)
from tests.unit.render.samples import alert, event, group, latency, row, s

TRACE = "56515ddcdb03891053c87c36f847099d"


def span(uid: str, service: str, parent: str, seconds: float, **other: object) -> Event:
    values: dict[str, object] = {
        "signal": Signal.SPAN,
        "time": s(seconds),
        "service": service,
        "severity": 0,
        "status": "error",
        "trace_id": TRACE,
        "span_id": uid,
        "parent_id": parent,
        "duration": 1_500_000_000,
        "resource": {"service.name": service, "k8s.pod.name": f"{service}-1", "zone": "a"},
        "attributes": {"http.route": "/orders", "tenant": uid[-1]},
    }
    return event(uid, f"GET /{service}", **(values | other))


def history() -> list[AuditEntry]:
    """Return what people and the sidecar did: acknowledged, resolved, reopened, resolved, and wrote a draft."""

    def entry(number: int, seconds: float, who: str, action: str, **detail: str) -> AuditEntry:
        return AuditEntry(s(seconds), who, action, "g-aaaa", ("g-aaaa",), detail, number)

    return [
        entry(3, 130, "sidecar", "exemplar", exemplar="aaaa0001", before="aaaa0002"),
        entry(4, 150, "ops", "ack", by="ann"),
        entry(6, 200, "ops", "resolve"),
        entry(7, 210, "sidecar", "reopen", why="new events"),
        entry(8, 300, "ops", "resolve", by="bob"),
        entry(9, 400, "ops", "draft"),
    ]


def incident() -> Material:
    """Return an incident: a shop calls a cart, the cart a database, which fails; then an alert."""
    front = span("aaaa0001", "front", "", 10)
    cart = span("aaaa0002", "cart", "aaaa0001", 10.1)
    again = span("aaaa0003", "cart", "aaaa0001", 70, status="ok")
    db = span("aaaa0004", "db", "aaaa0002", 10.2)
    log = event("bbbb0001", "connection refused by db-0", time=s(12), service="cart", severity=17)
    high = replace(
        alert("cccc0001@1", "ErrorsHigh", "front", s(100), pod="front-1"),
        attributes={
            "labels.alertname": "ErrorsHigh",
            "annotations.dashboard_url": "https://grafana.example/d/1?from=1&to=2",
            "generatorURL": "https://prometheus.example/graph?g0.expr=a%3Eb",
        },
    )
    rows = [row(front), row(cart), row(again), row(db), row(log, "bbbb0002", "bbbb0003"), row(high)]
    made, atom = group(
        rows,
        front,
        id="g-aaaa",
        title="GET /front on front",
        status="resolved",
        services=(Blame("db", 0.75), Blame("cart", 0.25)),
        fields=(Share("text", 0.5, 1.0, 0.25),),
        trace=TRACE,
        exemplars=(high, log, front),
        margin=0.125,
        templates=(
            GroupTemplate("GET /front", "span", "front", 1, "aaaa0001", ()),
            GroupTemplate("connection refused by <*>", "log", "cart", 3, "bbbb0001", ()),
        ),
    )
    atoms = [
        Membership(atom.rows[:2], (), 4.0, made.id, 0.0),
        Membership(atom.rows[2:], (), 7.5, made.id, 0.25),
    ]
    before, _ = latency()
    return Material(made, atoms, history(), [Related(before, 0.25, True)])

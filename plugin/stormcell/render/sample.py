"""Groups made by hand, one for each kind of exemplar: what templates are tried on where there is no store."""

from __future__ import annotations

from collections.abc import Mapping

from stormcell.semconv import K8S_NAMESPACE, K8S_NODE, K8S_POD
from stormcell.types import Blame, Event, Group, Material, Membership, Row, Share, Signal

_START = 1_700_000_000_000_000_000
_SECOND = 1_000_000_000
_PLACE = {K8S_NAMESPACE: "shop", K8S_POD: "checkout-7d9f8-x2x4z", K8S_NODE: "node-7"}


def samples() -> Mapping[str, Material]:
    """Return a group by the signal of its exemplar, and one of a log that tells next to nothing."""
    alert = alert_event("HighErrorRate", "checkout")
    log = log_event("payment of order 4711 failed: connection reset by peer", "checkout")
    span = span_event("POST /api/orders", "checkout")
    child = Event(
        "5b1d5b1d5b1d5b1d", Signal.SPAN, _START + 2 * _SECOND, "payment", 0, "Charge", _SECOND, "error", "ab" * 16
    )
    others = (Row(child, (child.uid,)),)
    return {
        "alert": material_of(alert, others),
        "log": material_of(log, others),
        "span": material_of(span, others),
        "bare log": material_of(Event("0000000000000001", Signal.LOG, _START, "", 0, "?")),
    }


def alert_event(name: str, service: str) -> Event:
    """Return an alert that fires."""
    labels = {"labels.alertname": name, "labels.service": service, "labels.severity": "critical"}
    notes = {
        "annotations.summary": f"{name} on {service}",
        "annotations.runbook_url": "https://runbooks.example/x",
    }
    attributes = labels | notes
    return Event(
        f"a1a1a1a1a1a1a1a1@{_START}",
        Signal.ALERT,
        _START,
        service,
        21,
        name,
        status="firing",
        resource=_PLACE,
        attributes=attributes,
    )


def log_event(text: str, service: str) -> Event:
    """Return an error log."""
    return Event("b2b2b2b2b2b2b2b2", Signal.LOG, _START, service, 17, text, resource=_PLACE, trace_id="ab" * 16)


def span_event(operation: str, service: str, status: str = "error") -> Event:
    """Return a span."""
    return Event(
        "c3c3c3c3c3c3c3c3",
        Signal.SPAN,
        _START,
        service,
        0,
        operation,
        3 * _SECOND,
        status,
        trace_id="ab" * 16,
        span_id="c3c3c3c3c3c3c3c3",
        resource=_PLACE,
    )


def material_of(exemplar: Event, others: tuple[Row, ...] = (), template: str = "") -> Material:
    """Return a group that ``exemplar`` speaks for, with its one atom.

    Parameters
    ----------
    exemplar : Event
    others : tuple of Row
        What else is in it, later than the exemplar.
    template : str
        The masked text of the exemplar; "" for its text.
    """
    rows = (Row(exemplar, (exemplar.uid,)), *others)
    events = [row.event for row in rows]
    services = list(dict.fromkeys(event.service for event in events if event.service))
    group = Group(
        id="g-5a5a5a5a5a5a",
        title=f"{exemplar.text} on {exemplar.service}" if exemplar.service else exemplar.text,
        status="open",
        medoid=exemplar,
        earliest=events[0],
        latest=events[-1],
        most_severe=max(events, key=lambda event: event.severity),
        count=len(events),
        signals={signal: sum(event.signal == signal for event in events) for signal in {e.signal for e in events}},
        services=tuple(Blame(name, 1 / len(services)) for name in services),
        first_seen=events[0].time,
        last_seen=events[-1].time,
        radius=0.25,
        margin=None,
        fields=(Share("text", 0.5, 1.0, 0.5),) if others else (),
        members=tuple(sorted(event.uid for event in events)),
        template=template or exemplar.text,
    )
    return Material(group, [Membership(rows, (), 1.0, group.id)])

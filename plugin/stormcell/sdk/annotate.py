"""What is known of a log record at once, as attributes of it."""

from __future__ import annotations

import logging
from typing import Any, Final

from opentelemetry.sdk._logs import ReadWriteLogRecord

from stormcell.decode.events import log_severity, service_of
from stormcell.sdk.encode import encode
from stormcell.sdk.hub import Hub
from stormcell.semconv import EXEMPLAR, GROUP_ID, SURPRISE, TEMPLATE
from stormcell.types import NOTHING_KNOWN, Assignment, Event, Packed, Record, RequestKind, Signal

log: Final = logging.getLogger("stormcell.sdk")


def annotate(record: ReadWriteLogRecord, hub: Hub) -> None:
    """Add to a log record what is known of it at once; never waits and never raises.

    None of its own attributes gives way: where there is no room, nothing is added.
    """
    try:
        _annotate(record, hub)
    except Exception:  # whatever a service puts into a record, it goes on
        log.debug("a log record is not annotated", exc_info=True)


def attributes_of(known: Assignment) -> dict[str, str | float]:
    """Return what is known of an event as attributes; none where that is nothing."""
    if known is NOTHING_KNOWN:
        return {}
    found: dict[str, str | float] = {SURPRISE: known.surprise}
    if known.template:
        found[TEMPLATE] = known.template
    if known.group is not None:
        found[GROUP_ID], found[EXEMPLAR] = known.group, known.exemplar
    return found


def _annotate(record: ReadWriteLogRecord, hub: Hub) -> None:
    said = record.log_record
    if not isinstance(said.body, str) or not said.body:
        return
    resource: Any = {} if record.resource is None else record.resource.attributes
    attributes: Any = said.attributes
    number = said.severity_number
    known = hub.known(
        Record(
            uid="",
            signal=Signal.LOG,
            time=0,
            service=service_of(resource),
            severity=log_severity(0 if number is None else number.value, said.severity_text or ""),
            text=said.body,
            duration=0,
            trace_id=f"{said.trace_id:032x}" if said.trace_id else "",
            span_id="",
            parent_id="",
            resource=resource,
            attributes=attributes or {},
            whole=Packed(_Origin(record), b""),
        )
    )
    if attributes is None:
        return
    found = attributes_of(known)
    room = getattr(attributes, "maxlen", None)
    if room is not None and len(attributes) + len(found) > room:
        return
    for name, value in found.items():
        attributes[name] = value


class _Origin:
    """Reads a log record as an event, where a rule asks for more than there is at a glance."""

    def __init__(self, record: ReadWriteLogRecord) -> None:
        self._record = record

    def event(self, _packed: bytes) -> Event:
        from stormcell.decode.otlp_proto import events
        from stormcell.decode.report import Report, Scribe

        body, _ = encode(RequestKind.LOGS, [self._record])
        [event] = events(body, Scribe(Report(), strict=False), {})
        return event

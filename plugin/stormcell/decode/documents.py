"""JSON documents to events, told by content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from stormcell.decode import alertmanager, kibana, otlp_json
from stormcell.decode.json_values import Object
from stormcell.decode.report import JsonPath, Scribe, show, show_path
from stormcell.types import Event

EXPECTED = "OTLP logs or traces or alerts of Alertmanager, Grafana or Kibana"


def is_document(value: object) -> bool:
    """Whether a JSON value may be telemetry: an object, or a list that starts with one."""
    return isinstance(value[0] if isinstance(value, list) and value else value, dict) and bool(value)


def events_of(value: object, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of a document, or of each in a list."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from _document(item, (i,), scribe)
    else:
        yield from _document(value, (), scribe)


def _document(value: object, path: JsonPath, scribe: Scribe) -> Iterator[Event]:
    if not isinstance(value, dict):
        scribe.problem(unknown(value, path))
        return
    document = cast(Object, value)
    known = not document  # an empty request is how JSON writes "nothing to export"
    if "resourceLogs" in document:
        known = True
        yield from otlp_json.logs(document, path, scribe)
    if "resourceSpans" in document:
        known = True
        yield from otlp_json.traces(document, path, scribe)
    if "alerts" in document:
        known = True
        yield from alertmanager.alerts(document, path, scribe)
    if "resourceMetrics" in document:
        at = show_path((*path, "resourceMetrics"))
        scribe.problem(f"{at}: expected logs or traces, found metrics, which are not grouped; leave them out")
    elif not known and kibana.is_kibana(document):
        yield from kibana.alerts(document, path, scribe)
    elif not known:
        scribe.problem(unknown(value, path))


def unknown(value: object, path: JsonPath = ()) -> str:
    """Say that a JSON value is no telemetry."""
    at = f"{show_path(path)}: " if path else ""
    return f"{at}expected {EXPECTED}, found {show(value)}"

"""What the sidecar passes around: requests as they came, and what is thought of an event at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RequestKind(StrEnum):
    """What a request holds, and how it is written."""

    LOGS = "logs"
    TRACES = "traces"
    LOGS_JSON = "logs-json"
    TRACES_JSON = "traces-json"
    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    KIBANA = "kibana"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, decompressed.

    Attributes
    ----------
    kind : RequestKind
    body : bytes
        An OTLP export request, as protobuf or JSON, or the JSON of a webhook.
    received : int
        Wall clock, ns.
    """

    kind: RequestKind
    body: bytes
    received: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where an event belongs as far as is known before the next tick.

    Attributes
    ----------
    group : str or None
        The id of a living group; None for what is background, or so far of no group.
    exemplar : str
        The uid of the group's exemplar; "" without a group.
    dissimilarity : float
        To the exemplar's atom, over the fields that one event has by itself; 0 without a group.
    surprise : float
        How unusual its template is against the background.
    why : str
        "key" (shares a link key with the group), "nearest", "background" or "new" (like nothing that lives).
    template : str
        The template of its text as far as it was mined by then; "" before the first tick.
    traces : tuple of str
        The ids of the traces that show the group: those of its exemplar, and of who speaks beside it; none
        without a group.
    """

    group: str | None
    exemplar: str
    dissimilarity: float
    surprise: float
    why: str
    template: str = ""
    traces: tuple[str, ...] = ()


NOTHING_KNOWN: Final = Assignment(None, "", 0.0, 0.0, "new")

"""Names of attributes: OpenTelemetry, ECS and our own, each spelled in one place."""

from __future__ import annotations

from typing import Final

# OpenTelemetry
SERVICE_NAME: Final = "service.name"
SERVICE_INSTANCE: Final = "service.instance.id"
LOG_RECORD_UID: Final = "log.record.uid"
K8S_NAMESPACE: Final = "k8s.namespace.name"
K8S_POD: Final = "k8s.pod.name"
K8S_NODE: Final = "k8s.node.name"
HOST_NAME: Final = "host.name"

# Elastic Common Schema
ECS_VERSION: Final = "9.4.0"

# Our own
OWN_SERVICE: Final = "stormcell"
"""The ``service.name`` of our own telemetry and of groups sent as such: never grouped, or it feeds itself. Alerts
on us are somebody else's."""
LABELS: Final = "labels."
ANNOTATIONS: Final = "annotations."
SCHEMA_GROUPS: Final = "stormcell.groups/1"

# On telemetry that is forwarded
EXEMPLAR: Final = "stormcell.exemplar"
SURPRISE: Final = "stormcell.surprise"
TEMPLATE: Final = "stormcell.template"
ADJUSTED_COUNT: Final = "stormcell.sampling.adjusted_count"

# On groups that are sent out as log records
EVENT_GROUP: Final = "stormcell.group"
GROUP_ID: Final = "stormcell.group.id"
GROUP_REVISION: Final = "stormcell.group.revision"
GROUP_STATUS: Final = "stormcell.group.status"
GROUP_TITLE: Final = "stormcell.group.title"
GROUP_COUNT: Final = "stormcell.group.count"
GROUP_SIGNALS: Final = "stormcell.group.signals."
"""Followed by the signal."""
GROUP_FIRST_SEEN: Final = "stormcell.group.first_seen"
GROUP_LAST_SEEN: Final = "stormcell.group.last_seen"
GROUP_EXEMPLAR_UID: Final = "stormcell.group.exemplar.uid"
GROUP_EXEMPLAR_SIGNAL: Final = "stormcell.group.exemplar.signal"
GROUP_EXEMPLAR_SERVICE: Final = "stormcell.group.exemplar.service"
GROUP_EXEMPLAR_TEXT: Final = "stormcell.group.exemplar.text"
GROUP_EXEMPLAR_PREVIOUS: Final = "stormcell.group.exemplar.previous_uid"
GROUP_EARLIEST: Final = "stormcell.group.earliest.uid"
GROUP_MOST_SEVERE: Final = "stormcell.group.most_severe.uid"
GROUP_SERVICES: Final = "stormcell.group.services"
GROUP_BLAME: Final = "stormcell.group.blame"
GROUP_RADIUS: Final = "stormcell.group.radius"
GROUP_MARGIN: Final = "stormcell.group.margin"

# What links events
REQUEST_IDS: Final = frozenset(
    (
        "request_id",
        "req_id",
        "requestid",
        "correlation_id",
        "correlationid",
        "x_request_id",
        "http_request_id",
    )
)
"""Names of attributes whose value names one request; dots and dashes taken as underscores, in lower case."""

# How severe events are
SEVERITIES: Final = {"fatal": 21, "error": 17, "warn": 13, "info": 9, "debug": 5, "trace": 1}
"""The least severity number of each name of OpenTelemetry, the most severe first."""

LOGGERS: Final = ("logger", "logger.name", "code.namespace", "source")


def severity_name(number: int) -> str:
    """Return the name of an OpenTelemetry severity number; "" for 0, which says nothing."""
    return next((name for name, least in SEVERITIES.items() if number >= least), "")


def is_request_id(name: str) -> bool:
    """Whether the value of an attribute names one request."""
    return name.lower().replace(".", "_").replace("-", "_") in REQUEST_IDS


def links(name: str) -> bool:
    """Whether an attribute may link an event to others."""
    return name in LOGGERS or is_request_id(name)

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
"""The service that our own telemetry, and groups sent out as telemetry, are of: never grouped."""
LABELS: Final = "labels."
ANNOTATIONS: Final = "annotations."
SCHEMA_GROUPS: Final = "stormcell.groups/1"

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

LOGGERS: Final = ("logger", "logger.name", "code.namespace", "source")


def is_request_id(name: str) -> bool:
    """Whether the value of an attribute names one request."""
    return name.lower().replace(".", "_").replace("-", "_") in REQUEST_IDS


def links(name: str) -> bool:
    """Whether an attribute may link an event to others."""
    return name in LOGGERS or is_request_id(name)

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
LABELS: Final = "labels."
ANNOTATIONS: Final = "annotations."
SCHEMA_GROUPS: Final = "stormcell.groups/1"

"""Hubs that keep what they are sent, or hang."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from stormcell.sdk import Hub
from stormcell.types import RequestKind
from tests.integration.sdk.service import settings


class FakeHub(Hub):
    """Keeps what it is sent; waits before that until it may go on.

    Parameters
    ----------
    sdk : dict
        Settings.
    """

    def __init__(self, **sdk: Any) -> None:
        super().__init__(settings(Path("/nowhere"), sdk=sdk))
        self.go_on, self.entered = threading.Event(), threading.Event()
        self.go_on.set()
        self.sent: list[bytes] = []

    def send(self, kind: RequestKind, body: bytes) -> None:
        """Keep a request."""
        self.entered.set()
        self.go_on.wait()
        self.sent.append(body)

    @property
    def uids(self) -> list[str]:
        """Of all log records that were sent."""
        return [uid for body in self.sent for uid in uids_of(body)]


def records_of(body: bytes) -> list[Any]:
    """Return the log records in an export request."""
    found = ExportLogsServiceRequest.FromString(body).resource_logs
    return [one for resource in found for scope in resource.scope_logs for one in scope.log_records]


def uids_of(body: bytes) -> list[str]:
    """Return the uids in an export request."""
    return [
        attribute.value.string_value
        for record in records_of(body)
        for attribute in record.attributes
        if attribute.key == "log.record.uid"
    ]

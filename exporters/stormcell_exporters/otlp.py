"""Groups as OpenTelemetry log records, sent to whatever takes OTLP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from stormcell.errors import DeliveryError
from stormcell.types import Group
from stormcell.wire.endpoint import endpoint
from stormcell.wire.headers import parse, secret
from stormcell.wire.otlp import OtlpClient, connect
from stormcell_exporters.otlp_document import record, request

VARIABLE: Final = "STORMCELL_OTLP_HEADERS"
"""Environment variable with headers, ``name=value,name=value``; with ``_FILE`` behind it, the name of a file."""

_REMEMBERED: Final = 10_000


class OtlpExporter:
    """Sends each revision of a group as a log record (see ``otlp_document``).

    Parameters
    ----------
    now : callable
        The wall clock, ns.
    """

    def __init__(self, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._open: dict[str, OtlpClient] = {}
        self._exemplars: dict[tuple[str, str], str] = {}

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Send the groups in one request to a URL: ``http(s)://`` or, for gRPC, ``grpc(s)://``.

        Where the exemplar is another than in the revision that this exporter sent last, the record names both.

        Raises
        ------
        DeliveryError
            If they were not taken, or not all of them.
        SettingsError
            If ``target`` is no such URL.
        """
        to, now = str(target), self._now()
        records = [record(group, now, self._exemplars.get((to, group.id), "")) for group in groups]
        rejected = self._connected(to).send("logs", request(records))
        if rejected.records:
            raise DeliveryError(
                f"{rejected.records} of {len(records)} groups rejected: {rejected.message or 'no reason given'}",
                retryable=False,
            )
        for group in groups:
            self._remember((to, group.id), group.medoid.uid)

    def close(self) -> None:
        """Close the connections."""
        for client in self._open.values():
            client.close()
        self._open.clear()

    def _remember(self, key: tuple[str, str], exemplar: str) -> None:
        self._exemplars.pop(key, None)
        if len(self._exemplars) >= _REMEMBERED:
            del self._exemplars[next(iter(self._exemplars))]
        self._exemplars[key] = exemplar

    def _connected(self, target: str) -> OtlpClient:
        if target not in self._open:
            self._open[target] = connect(endpoint(target), _headers)
        return self._open[target]


def _headers() -> Mapping[str, str]:
    return parse(secret(VARIABLE), VARIABLE)

"""Our own metrics and spans over OTLP/HTTP, where somebody asked for that.

The OTLP exporters of OpenTelemetry bring requests along; urllib3 is here already.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from typing import Any, Final

import urllib3
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData

_HEADERS: Final = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "User-Agent": "stormcell"}
_AGAIN: Final = frozenset((429, 502, 503, 504))
_HURRIED: Final = 2.0
_LOG = logging.getLogger(__name__)


class Sender:
    """Posts to one address.

    Parameters
    ----------
    url : str
    timeout_seconds : float
        Of each of at most three tries.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = timeout_seconds
        self._retries: urllib3.Retry | bool = urllib3.Retry(
            *(2,),
            status_forcelist=_AGAIN,
            allowed_methods=None,
            backoff_factor=0.5,
            respect_retry_after_header=False,
            raise_on_status=False,
            redirect=False,
        )
        self._pool = urllib3.PoolManager(1)

    def hurry(self) -> None:
        """Try once and for a short time only, from now on: the process is to end."""
        self._retries, self._timeout = False, min(self._timeout, _HURRIED)

    def send(self, body: bytes) -> bool:
        """Return whether it was taken."""
        packed = gzip.compress(body, 1)
        try:
            response = self._pool.request(
                "POST", self._url, body=packed, headers=_HEADERS, timeout=self._timeout, retries=self._retries
            )
        except urllib3.exceptions.HTTPError as error:
            _LOG.warning("own telemetry cannot be sent to %s: %s", self._url, error)
            return False
        if response.status >= 300:
            _LOG.warning("%s refuses own telemetry with HTTP %d", self._url, response.status)
        return response.status < 300

    def close(self) -> None:
        """Let go of the connection."""
        self._pool.clear()


class OtlpMetrics(MetricExporter):
    """Sends metrics.

    Parameters
    ----------
    sender : Sender
    completed : callable
        Adds what the SDK does not collect.
    """

    def __init__(self, sender: Sender, completed: Callable[[MetricsData], MetricsData]) -> None:
        super().__init__()
        self._sender = sender
        self._completed = completed

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:
        """Send what was collected; what cannot be sent is told by the next, as all sums are from the start."""
        sent = self._sender.send(encode_metrics(self._completed(metrics_data)).SerializeToString())
        return MetricExportResult.SUCCESS if sent else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is held back."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Stop."""
        self._sender.close()
